/**
 * `kage key rotate` and `kage key accept`: a new key for a stopped cluster; where one runs, its agents do it
 * (key-live.ts). Intuition: the new key waits
 * beside the old one until every other server says that it holds it, and the same one is offered again after
 * a cut; this server changes last. While anything of the cluster runs both refuse.
 * Source: work order 3 item 4; D56 (a server with another key is presence, never a dead peer).
 */
import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { loadConfiguration } from "../../services/configuration/load.ts";
import type { ClusterConfig } from "../../services/configuration/model.ts";
import type { Gift } from "../../services/enrolment/words.ts";
import { completeSet, writeSet } from "../enrolment/file-set.ts";
import type { Local } from "../local.ts";
import { type Call, fail, isTrouble, printJson, printLines, wantsJson } from "./call.ts";
import { discover, type Place } from "./discover.ts";
import { joinBy, keyText, listenAt, noCluster, offerOnce } from "./enrol-command.ts";
import { EXIT, type ExitCode, type Trouble } from "./exit-code.ts";
import { findingsExit } from "./findings.ts";
import { runLiveRotate } from "./key-live.ts";
import {
  KEY_MODE,
  KEY_NAME,
  keyFile,
  localFileFor,
  type MemberFiles,
  memberFiles,
  readLocal,
  runningTrouble,
  setTrouble,
  textOrNull,
} from "./member-files.ts";
import { survey } from "./survey.ts";

/** The key that is being given out; the key before the last change. */
const NEXT_NAME = `${KEY_NAME}.next`;
const OLD_NAME = `${KEY_NAME}.old`;

interface Member {
  readonly files: MemberFiles;
  readonly local: Local;
  readonly text: string;
  readonly config: ClusterConfig;
}

export async function runKeyRotate(call: Call): Promise<ExitCode> {
  const place = await livePlace(call);
  if (place === null) return rotateStopped(call);
  return isTrouble(place) ? fail(call, place) : runLiveRotate(call, place);
}

/** The running cluster that is meant; null = none runs here, or the folder of a stopped one is named. */
async function livePlace(call: Call): Promise<Place | null | Trouble> {
  const { dir, local, state, without } = call.invocation.texts;
  if (dir !== undefined) return null;
  const isNamed = local !== undefined || state !== undefined || without !== undefined;
  const found = discover({ local, state }, call.io.env, call.say);
  if (found.kind === "trouble") return isNamed ? found.trouble : null;
  if (isNamed) return found.place;
  const { sightings } = await survey(call, found.place);
  const isUp = sightings.some((one) => one.kind === "answer" || one.reply.kind !== "unreachable");
  return isUp ? found.place : null;
}

async function rotateStopped(call: Call): Promise<ExitCode> {
  const member = await stoppedMember(call);
  if (typeof member === "number") return member;
  const { files, local, text, config } = member;
  const old = keyText(call, local);
  if (isTrouble(old)) return fail(call, old);
  const next = await pendingKey(call, files);
  if (isTrouble(next)) return fail(call, next);
  const own = config.servers.find(({ name }) => name === local.server)?.index ?? 0;
  const at = listenAt(call, config.lans[0]?.addresses[own]?.host ?? "");
  if (isTrouble(at)) return fail(call, at);
  for (const { name: server } of config.servers) {
    if (server === local.server) continue;
    const offer = { server, purpose: "key", config: text, key: next, at } as const;
    const trouble = await offerOnce(call, { ...offer, answer: "key accept" });
    if (trouble === null) continue;
    const pending = call.say("keyNotRotated", { file: join(files.dir, NEXT_NAME) });
    const message = `${trouble.message}\n${pending}`;
    return fail(call, { ...trouble, message, remedy: call.say("keyNotRotatedDo") });
  }
  // Somebody may have started this server while the others were waited for.
  const trouble = (await runningTrouble(call, local)) ?? (await changeKey(call, files, next, old));
  if (trouble !== null) return fail(call, trouble);
  await rm(join(files.dir, NEXT_NAME), { force: true });
  const kept = join(files.dir, OLD_NAME);
  if (wantsJson(call)) printJson(call, { ok: true, exit: EXIT.done, key: files.key, old: kept });
  else {
    const done = call.say("keyRotated", { file: files.key, old: kept });
    printLines(call, [call.paint("good", done), call.say("keyRotatedDo", { old: kept })]);
  }
  return EXIT.done;
}

export async function runKeyAccept(call: Call): Promise<ExitCode> {
  const member = await stoppedMember(call);
  if (typeof member === "number") return member;
  const { files, local, config } = member;
  const old = keyText(call, local);
  if (isTrouble(old)) return fail(call, old);
  const store = async (gift: Gift): Promise<string | null> => {
    const theirs = loadConfiguration(gift.config, files.config);
    const found = theirs.kind === "ok" ? theirs.config : null;
    if (found?.clusterId !== config.clusterId) {
      return call.say("otherCluster", { found: found?.name ?? "?", own: config.name });
    }
    // Offered once more after a cut: the key before the change is kept, not the new one twice.
    if (gift.key === old) return null;
    return (await changeKey(call, files, gift.key, old))?.message ?? null;
  };
  const kept = join(files.dir, OLD_NAME);
  return joinBy(call, "key", local.server, store, () => call.say("keyAccepted", { old: kept }));
}

/** This server's files while nothing of it runs, or the exit code after having said why not. */
async function stoppedMember(call: Call): Promise<Member | ExitCode> {
  const files = memberFiles(call);
  const local = readLocal(call, files.local);
  if (isTrouble(local)) return fail(call, local);
  const running = await runningTrouble(call, local);
  if (running !== null) return fail(call, running);
  const text = textOrNull(files.config);
  if (local === null || text === null) {
    return fail(call, noCluster(call, local === null ? files.local : files.config));
  }
  // The key must be the one of this folder.
  const place = localFileFor(call, files, local.server);
  if (isTrouble(place)) return fail(call, place);
  const rest = setTrouble(call, files.dir, await completeSet(files.dir));
  if (rest !== null) return fail(call, rest);
  const loaded = loadConfiguration(text, files.config);
  if (loaded.kind === "refused") return findingsExit(call, files.config, loaded.findings);
  return { files, local, text, config: loaded.config };
}

/** The new key: the one that waits already, else a fresh one that is kept before anybody gets it. */
async function pendingKey(call: Call, files: MemberFiles): Promise<string | Trouble> {
  const file = join(files.dir, NEXT_NAME);
  const waiting = textOrNull(file)?.trim() ?? "";
  if (/^[0-9a-f]{64}$/.test(waiting)) {
    call.io.stderr.write(`${call.say("keyPending", { file })}\n`);
    return waiting;
  }
  const key = randomBytes(32).toString("hex");
  const set = [{ name: NEXT_NAME, text: `${key}\n`, mode: KEY_MODE, replace: true }];
  return setTrouble(call, files.dir, await writeSet(files.dir, set)) ?? key;
}

async function changeKey(
  call: Call,
  files: MemberFiles,
  key: string,
  old: string,
): Promise<Trouble | null> {
  const kept = { name: OLD_NAME, text: `${old}\n`, mode: KEY_MODE, replace: true };
  return setTrouble(call, files.dir, await writeSet(files.dir, [kept, keyFile(key, true)]));
}
