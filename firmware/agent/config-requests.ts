/**
 * Answers the `config.` verbs of agent.sock (requests and answers: config-verbs.ts). Everything that can be
 * said against a text is said here, before anything is distributed.
 * Source: work order 3 item 4; ecosystem.md 4.2.
 */
import type { RevisionEntry } from "../../flash/store/revisions.ts";
import { isRefusalKey, renderRefusal } from "../../services/catalogue.ts";
import { compareConfigs } from "../../services/configuration/changes.ts";
import { judgeStep } from "../../services/configuration/judge-step.ts";
import { loadConfiguration } from "../../services/configuration/load.ts";
import type { QuorumMethod } from "../../services/configuration/model.ts";
import { applyTrouble, hashOf } from "../../services/configuration/rollout.ts";
import { CONFIG_BYTES_MAX } from "../../services/configuration/rollout-words.ts";
import { lacking } from "../../services/failover/hear.ts";
import type { ServerContext } from "../local.ts";
import type { ConfigDesk, Outcome } from "./config-desk.ts";
import type { ConfigApplied, ConfigPlan, ConfigText, RevisionLine } from "./config-verbs.ts";

type Args = Readonly<Record<string, unknown>>;
type Data = Readonly<Record<string, string>>;

export type ConfigAnswer =
  | { readonly kind: "done"; readonly result: object }
  | { readonly kind: "refused"; readonly key: string; readonly data: Data };

/** Longest name of who ordered it, characters. */
const BY_CHARACTERS_MAX = 100;
const FINDINGS_CHARACTERS_MAX = 8000;

export class ConfigRequests {
  readonly #context: ServerContext;
  readonly #desk: ConfigDesk;
  readonly #busyGroups: () => readonly string[];
  #isApplying = false;

  constructor(context: ServerContext, desk: ConfigDesk, busyGroups: () => readonly string[]) {
    this.#context = context;
    this.#desk = desk;
    this.#busyGroups = busyGroups;
  }

  async answer(verb: string, args: Args): Promise<ConfigAnswer> {
    switch (verb) {
      case "config.get":
        return this.#get(args);
      case "config.history":
        return { kind: "done", result: { revisions: this.#lines() } };
      case "config.plan":
        return this.#plan(args);
      case "config.apply":
        return this.#apply(args);
      default: {
        const known = "config.get, config.history, config.plan, config.apply";
        return refused("malformed-request", { detail: `verb; expected one of ${known}` });
      }
    }
  }

  async #get(args: Args): Promise<ConfigAnswer> {
    const { current, currentBytes, installed, draft } = this.#desk.state;
    const { rev } = args;
    // Between install and the restart of this process the new text is in force already.
    const inForce = installed && draft !== null ? draft : { ...current, bytes: currentBytes };
    if (rev === undefined || rev === inForce.rev) {
      return { kind: "done", result: textOf(inForce.rev, inForce.hash, inForce.bytes) };
    }
    const { store } = this.#desk;
    const entry = store?.index?.old.find((known) => known.rev === rev);
    const bytes = entry === undefined ? null : ((await store?.read(entry)) ?? null);
    if (entry === undefined || bytes === null) {
      const known = this.#lines().map((line) => `${line.rev}`);
      return refused("config-unknown-revision", { rev: String(rev), known: known.join(", ") });
    }
    return { kind: "done", result: textOf(entry.rev, entry.hash, bytes) };
  }

  #lines(): readonly RevisionLine[] {
    const { index } = this.#desk.store ?? {};
    if (index == null) return [];
    const line = ({ rev, hash, at, by }: RevisionEntry, state: RevisionLine["state"]) => {
      return { rev, hash: hash.slice(0, 8), at, by, state };
    };
    const prepared = index.prepared === null ? [] : [line(index.prepared, "prepared")];
    const old = index.old.map((entry) => line(entry, "old"));
    return [...prepared, line(index.current, "current"), ...old];
  }

  #plan(args: Args): ConfigAnswer {
    const bytes = bytesOf(args);
    if (bytes === null) return refused("config-too-long", { max: `${CONFIG_BYTES_MAX}` });
    // What this process would compare with is in force no longer; its successor answers in a moment.
    if (this.#desk.state.installed) return refused("config-busy", {});
    const judged = this.#judge(bytes);
    if (judged.kind === "refused" && judged.changes === null)
      return refused(judged.key, judged.data);
    const { current } = this.#desk.state;
    const against = judged.kind === "refused" ? judged : this.#against();
    const refusal =
      against === null || !isRefusalKey(against.key)
        ? null
        : { key: against.key, ...renderRefusal(against.key, against.data, "en") };
    const result: ConfigPlan = {
      rev: current.rev,
      hash: current.hash.slice(0, 8),
      newHash: hashOf(bytes).slice(0, 8),
      changes: judged.changes ?? [],
      warnings: judged.kind === "refused" ? [] : judged.warnings,
      refusal,
    };
    return { kind: "done", result };
  }

  async #apply(args: Args): Promise<ConfigAnswer> {
    const bytes = bytesOf(args);
    if (bytes === null) return refused("config-too-long", { max: `${CONFIG_BYTES_MAX}` });
    const { current, installed } = this.#desk.state;
    if (installed) return refused("config-busy", {});
    const { expectHash } = args;
    if (expectHash !== undefined && expectHash !== current.hash.slice(0, 8)) {
      return this.#conflict(String(expectHash));
    }
    const judged = this.#judge(bytes);
    if (judged.kind === "refused") return refused(judged.key, judged.data);
    if (hashOf(bytes) === current.hash) return this.#applied(current, []);
    const against = this.#isApplying ? { key: "config-busy", data: {} } : this.#against();
    if (against !== null) return refused(against.key, against.data);
    this.#isApplying = true;
    const by = String(args["by"] ?? "").slice(0, BY_CHARACTERS_MAX) || this.#context.local.server;
    const outcome = await this.#desk.apply(bytes, by);
    this.#isApplying = false;
    return this.#settle(outcome, judged.changes);
  }

  #settle(outcome: Outcome, changes: ConfigApplied["changes"]): ConfigAnswer {
    if (outcome.kind === "installed") return this.#applied(outcome.revision, changes);
    switch (outcome.reason) {
      case "outvoted":
      case "withdrawn":
        return this.#conflict(this.#desk.state.current.hash.slice(0, 8));
      case "refused":
        return refused("config-refused-there", {});
      case "unfit":
        return refused("config-unfit-here", {});
      case "trouble":
      case "slow":
        return refused("config-cut", { reason: outcome.reason });
    }
  }

  #applied(
    { rev, hash }: { readonly rev: number; readonly hash: string },
    changes: ConfigApplied["changes"],
  ): ConfigAnswer {
    const { config, self } = this.#context;
    const members = this.#desk.facts?.view?.members ?? [];
    const servers = config.servers.filter(({ index }) => index === self || members.includes(index));
    const names = servers.map(({ name }) => name);
    const result: ConfigApplied = { rev, hash: hash.slice(0, 8), servers: names, changes };
    return { kind: "done", result };
  }

  #judge(bytes: Uint8Array) {
    const { config, local } = this.#context;
    const loaded = loadConfiguration(Buffer.from(bytes).toString("utf8"), "text");
    if (loaded.kind === "refused") {
      const texts = loaded.findings.map(({ text }) => text);
      const findings = texts.join("\n").slice(0, FINDINGS_CHARACTERS_MAX);
      const data = { count: `${texts.length}`, first: texts[0] ?? "", findings };
      return { kind: "refused" as const, key: "config-invalid", data, changes: null };
    }
    const { method } = loaded.config;
    const servers = method === config.method ? [] : this.#without(method);
    if (servers.length > 0) {
      const key = "config-method-unsupported";
      const data = { method, servers: servers.join(", ") };
      return {
        kind: "refused" as const,
        key,
        data,
        changes: compareConfigs(config, loaded.config),
      };
    }
    const verdict = judgeStep(config, loaded.config, this.#busyGroups());
    const { changes } = verdict;
    if (verdict.kind === "refused") {
      const data = { what: verdict.what, server: local.server };
      return { kind: "refused" as const, key: verdict.key, data, changes };
    }
    return { kind: "fit" as const, changes, warnings: loaded.warnings.map(({ text }) => text) };
  }

  /** Servers of this cluster that do not say that their software carries out `method` (R102). */
  #without(method: QuorumMethod): readonly string[] {
    const { facts } = this.#desk;
    const { servers } = this.#context.config;
    const silent = facts === null ? [] : lacking(facts, method);
    return silent.map(({ index }) => servers[index]?.name ?? `#${index}`);
  }

  /** What stands against any text at this moment. */
  #against(): { readonly key: string; readonly data: Data } | null {
    const { sight, state } = this.#desk;
    const { server } = this.#context.local;
    if (sight === null) return { key: "view-changing", data: {} };
    const trouble = applyTrouble(state, sight);
    switch (trouble) {
      case null:
        return this.#desk.isChanging ? { key: "config-busy", data: {} } : null;
      case "busy":
        return { key: "config-busy", data: {} };
      case "conflict": {
        const { rev, hash } = state.current;
        const shown = hash.slice(0, 8);
        return { key: "config-conflict", data: { rev: `${rev}`, hash: shown, expected: shown } };
      }
      case "outside":
        return { key: "not-member", data: { server } };
      case "trouble":
        return { key: "config-trouble", data: {} };
    }
  }

  #conflict(expected: string): ConfigAnswer {
    const { rev, hash } = this.#desk.state.current;
    return refused("config-conflict", { rev: `${rev}`, hash: hash.slice(0, 8), expected });
  }
}

function textOf(rev: number, hash: string, bytes: Uint8Array): ConfigText {
  return { rev, hash: hash.slice(0, 8), text: Buffer.from(bytes).toString("utf8") };
}

/** null = none, or longer than may be distributed. */
function bytesOf(args: Args): Uint8Array | null {
  const { text } = args;
  if (typeof text !== "string" || text === "") return null;
  const bytes = Buffer.from(text, "utf8");
  return bytes.length > CONFIG_BYTES_MAX ? null : bytes;
}

const refused = (key: string, data: Data): ConfigAnswer => ({ kind: "refused", key, data });
