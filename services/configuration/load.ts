/**
 * From the text of the one configuration file to the checked model, or to every reason why not.
 * Order: syntax, shape, names and references, addresses, method, timing; each stage reports all its
 * findings at once, and a later stage runs only on what the earlier ones accepted.
 * Source: architecture 6; requirements R1-R5, R57-R58, R80, R100-R104, R115, R136, R140-R144.
 */
import { createHash } from "node:crypto";
import { assert } from "../../hal/base/assert.ts";
import { groupName, pathId, type ServerIndex, serverName } from "../../hal/base/ids.ts";
import { parseEndpoint } from "./address.ts";
import {
  type BudgetFacts,
  type BudgetResult,
  computeBudget,
  type DetailedBudget,
  defaultComIntervalMs,
  smallestTimeoutMs,
} from "./budget.ts";
import type { Edition } from "./edition.ts";
import { composeFinding, FINDINGS_MAX, type Finding, type Remark } from "./finding.ts";
import { formWarnings, groupRows } from "./form.ts";
import { failureRemarks, methodRemarks, warningRemarks } from "./method-rules.ts";
import type {
  ClusterConfig,
  LanPath,
  ResourceConfig,
  ScriptResource,
  TimingInput,
} from "./model.ts";
import { networkRemarks } from "./network-rules.ts";
import { type Document, readDocument } from "./read.ts";
import { nameRemarks } from "./rules.ts";
import type { RawConfiguration } from "./schema.ts";
import { scriptWords } from "./script-rules.ts";
import { checkShape } from "./shape.ts";

/** The model with what only the edges need: the budget's assumptions and the kind of appliance. */
export interface LoadedConfig extends ClusterConfig {
  readonly budget: DetailedBudget;
  /** True on the virtual appliance: wires, array and power are the rack's. */
  readonly virtual: boolean;
  /** Profile whose limits were checked (D47); null = technical limits only. */
  readonly edition: Edition | null;
}

export type LoadResult =
  | {
      readonly kind: "ok";
      readonly config: LoadedConfig;
      /** In the order of the file's stages; the configuration is usable with them. */
      readonly warnings: readonly Finding[];
    }
  /** At least one, at most FINDINGS_MAX findings. */
  | { readonly kind: "refused"; readonly findings: readonly Finding[] };

/** `fileName` is only quoted in findings; nothing is read from disk. */
export function loadConfiguration(text: string, fileName: string): LoadResult {
  const read = readDocument(text);
  if (read.kind === "malformed") {
    const findings = read.remarks.map((remark) => composeFinding(fileName, remark.place, remark));
    return { kind: "refused", findings: findings.slice(0, FINDINGS_MAX) };
  }
  const compose = composer(read.document, fileName);
  const shape = checkShape(read.document.value);
  if (shape.kind === "misshaped") return { kind: "refused", findings: compose(shape.remarks) };
  const raw = shape.raw;
  const remarks = [...nameRemarks(raw), ...networkRemarks(raw), ...methodRemarks(raw)];
  if (remarks.length > 0) return { kind: "refused", findings: compose(remarks) };
  const timing = completeTiming(raw, raw.timing.heartbeatTimeoutMs);
  const facts = budgetFacts(raw);
  const result = computeBudget(raw.method, timing, facts);
  if (result.kind === "violated") {
    return { kind: "refused", findings: compose(timingRemarks(raw, timing, facts, result)) };
  }
  const unguarded = failureRemarks(raw, result.budget);
  if (unguarded.length > 0) return { kind: "refused", findings: compose(unguarded) };
  const config = buildConfig(
    raw,
    timing,
    result.budget,
    sha256(text).subarray(0, 4).toString("hex"),
  );
  const warnings = compose([...warningRemarks(raw, result.budget), ...formWarnings(raw)]);
  return { kind: "ok", config, warnings };
}

function composer(document: Document, fileName: string) {
  return (remarks: readonly Remark[]): Finding[] =>
    remarks
      .slice(0, FINDINGS_MAX)
      .map((remark) =>
        composeFinding(fileName, document.placeOf(remark.at, remark.onKey ?? false), remark),
      );
}

function completeTiming(raw: RawConfiguration, heartbeatTimeoutMs: number): TimingInput {
  const given = raw.timing;
  const baud = baudOf(raw);
  return {
    heartbeatTimeoutMs,
    heartbeatIntervalMs: given.heartbeatIntervalMs,
    comIntervalMs: given.comIntervalMs ?? defaultComIntervalMs(given.heartbeatIntervalMs, baud),
    diskWaitMs: given.diskWaitMs ?? heartbeatTimeoutMs,
    startSyncWaitMs: given.startSyncWaitMs,
    watchdogTimeoutMs: given.watchdogTimeoutMs,
    earlyVerdict: given.earlyVerdict,
  };
}

function budgetFacts(raw: RawConfiguration): BudgetFacts {
  const { pauseMs, giveUpMs, claimMs } = raw.timing;
  return { baud: baudOf(raw), pauseMs, giveUpMs, claimMs };
}

const baudOf = (raw: RawConfiguration): number | null => cableOf(raw)?.baud ?? null;

/** One serial cable joins two servers: where three and more decide nothing is sent over it. */
const cableOf = (raw: RawConfiguration): RawConfiguration["com"] =>
  raw.servers.length > 2 ? undefined : raw.com;

function timingRemarks(
  raw: RawConfiguration,
  timing: TimingInput,
  facts: BudgetFacts,
  result: Extract<BudgetResult, { kind: "violated" }>,
): Remark[] {
  const timingAt = (heartbeatTimeoutMs: number) => completeTiming(raw, heartbeatTimeoutMs);
  const smallest = smallestTimeoutMs(raw.method, timing.heartbeatTimeoutMs, timingAt, facts);
  return result.violations.map(({ key, rule, meaning, shortMs }) => {
    const raise = `raise ${key} by at least ${shortMs}`;
    const enough = `set heartbeatTimeoutMs to at least ${smallest}, or shorten the intervals`;
    return {
      at: ["timing", key],
      expected: `times that satisfy ${rule} (${meaning})`,
      found: `${key} ${timing[key]}: too short by ${shortMs} ms`,
      remedy: key === "heartbeatTimeoutMs" && smallest !== null ? enough : raise,
    };
  });
}

function buildConfig(
  raw: RawConfiguration,
  timing: TimingInput,
  budget: DetailedBudget,
  hash: string,
): LoadedConfig {
  const names = raw.servers.map((server) => server.name);
  const perServer = (map: Readonly<Record<string, string>>) => names.map((name) => map[name] ?? "");
  const id = raw.cluster.id;
  const cable = cableOf(raw);
  return {
    name: raw.cluster.name,
    clusterId:
      id === undefined ? sha256(raw.cluster.name).readUInt32BE(0) : Number.parseInt(id, 16),
    revision: raw.revision,
    hash,
    method: raw.method,
    internalFailure: raw.internalFailure,
    servers: raw.servers.map((server, index) => ({
      name: serverName(server.name),
      index,
      publicInterface: server.publicInterface ?? "",
    })),
    lans: raw.lans.map((lan) => buildLan(lan, names)),
    com: cable
      ? { id: pathId(cable.id), devices: perServer(cable.devices), baud: cable.baud }
      : null,
    // Where a majority decides nothing is written to a partition.
    disk: raw.disk && raw.method !== "majority" ? { paths: perServer(raw.disk.paths) } : null,
    groups: groupRows(raw.groups).map(({ name, policy, parallelOf, group }, index) => ({
      name: groupName(name),
      index,
      startAttribute: group.start,
      policy: policy.map((server): ServerIndex => names.indexOf(server)),
      resources: group.resources.map(buildResource),
      ...(parallelOf === null ? {} : { parallelOf }),
    })),
    timing,
    budget,
    virtual: raw.virtual,
    edition: raw.edition ?? null,
  };
}

function buildLan(lan: RawConfiguration["lans"][number], names: readonly string[]): LanPath {
  const addresses = names.map((name) => {
    const endpoint = parseEndpoint(lan.addresses[name] ?? "");
    assert(endpoint !== null, `LAN ${lan.id}: the address of ${name} was checked before`);
    return endpoint;
  });
  return { id: pathId(lan.id), kind: lan.kind, addresses };
}

function buildResource(
  resource: RawConfiguration["groups"][number]["resources"][number],
): ResourceConfig {
  if (resource.type === "script") return buildScript(resource);
  const { type, ...rest } = resource;
  return { kind: type, ...rest } as ResourceConfig;
}

function buildScript(
  script: Extract<RawConfiguration["groups"][number]["resources"][number], { type: "script" }>,
): ScriptResource {
  const { name, startTimeoutMs, stopTimeoutMs } = script;
  const start = scriptWords(script.start) ?? [];
  const stop = scriptWords(script.stop) ?? [];
  const recover = script.recover === undefined ? start : scriptWords(script.recover);
  return { kind: "script", name, start, stop, recover, startTimeoutMs, stopTimeoutMs };
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text, "utf8").digest();
}
