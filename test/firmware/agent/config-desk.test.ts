/**
 * An agent that is restarted, or is told, in the very moments in which a configuration text moves on: what the
 * pulse lives by ends up on disk, and nobody forgets the lease. Facts are written by hand, the folder is real.
 * Source: protocol.md 1.9, 1.4.8, V3; reliability.md 2.5 (L5).
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ConfigDesk } from "../../../firmware/agent/config-desk.ts";
import type { ServerContext } from "../../../firmware/local.ts";
import { hostIncarnation } from "../../../hal/base/ids.ts";
import { loadConfiguration } from "../../../services/configuration/load.ts";
import { hashOf } from "../../../services/configuration/rollout.ts";
import {
  encodeRollout,
  PIECE_BYTES_MAX,
  type UnderWay,
} from "../../../services/configuration/rollout-words.ts";
import type { Facts, PeerFact } from "../../../services/facts.ts";
import { encodeWords } from "../../../services/failover/words.ts";
import { until } from "../../deadline.ts";
import { sample, write } from "../../services/configuration/sample.ts";

/** What is said goes out before a process ends (firmware/agent/config-desk.ts). */
const FLUSH_MS = 100;
const OLD = write(sample());
const NEW = `// new\n${OLD}`;
const HOST = hostIncarnation("00000000000000aa");
const hash = (text: string): string => hashOf(Buffer.from(text, "utf8"));
const short = (text: string): string => hash(text).slice(0, 8);

/** The other server offers the new text from `at` on; null = it offers nothing. */
function otherServer(at: number | null): PeerFact {
  const bytes = Buffer.from(NEW, "utf8");
  const piece = bytes.subarray(at ?? 0, (at ?? 0) + PIECE_BYTES_MAX);
  const shown = { rev: 2, hash: hash(NEW), part: "offers", ready: true } as const;
  const underWay: UnderWay = { ...shown, length: bytes.length, at: at ?? 0, piece };
  const current = { rev: 1, hash: hash(OLD) };
  const rollout = encodeRollout({
    current,
    byHand: false,
    underWay: at === null ? null : underWay,
  });
  const groups = [{ state: "stopped", desired: null, order: 0 } as const];
  const quiet = { marked: false, offAfterLeave: false, request: null, reply: null };
  const blob = encodeWords({ shutdown: 0, ...quiet, groups, rollout });
  const told = { state: "member", sinceHeardMs: 10, host: HOST, mayOwn: true } as const;
  const seen = { sameView: true, epochCounter: 3, presence: false, configDiffers: false } as const;
  return { index: 0, ...told, ...seen, blob, live: true, heard: true };
}

/** `runs`, `prepared`: what the own pulse says. `at`: what the other server offers. */
function factsOf(atMs: number, runs: string, prepared: string | null, at: number | null): Facts {
  const view = { epoch: { counter: 3, coordinator: 0, host: HOST }, members: [0, 1] };
  const none = { proposal: null, promise: null, gaveUp: null, refused: null, waitUntilMs: null };
  const times = { sinceMs: 0, leaseUntilMs: atMs + 900, ackedMs: atMs, lostAfterMs: null };
  const state = { floor: 3, sole: false, holdsLease: true, conflict: false, claim: "none" };
  const revision = { hash: runs, prepared };
  const peers = [otherServer(at)];
  const rest = { server: "member", view, paths: [], willRevision: 1 } as const;
  return { atMs, revision, ...rest, ...none, ...times, ...state, peers };
}

interface Stage {
  readonly desk: ConfigDesk;
  readonly restarts: () => number;
  readonly end: () => void;
}

/** A server whose folder has the old text in force and the new one prepared. */
async function stage(isPrepared: boolean): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), "kage-desk-"));
  const configFile = join(folder, "cluster.jsonc");
  writeFileSync(configFile, OLD);
  const loaded = loadConfiguration(OLD, "old");
  if (loaded.kind === "refused") throw new Error("the sample is refused");
  const local = { server: "SERVER2", stateDir: folder, configFile };
  const start = { text: OLD, rev: 1, isFileOther: false };
  const context = { config: loaded.config, local, self: 1, host: HOST, start };
  let restarts = 0;
  const desk = new ConfigDesk(context as unknown as ServerContext, {
    note: () => undefined,
    send: () => undefined,
    say: () => undefined,
    busyGroups: () => [],
    restart: () => {
      restarts += 1;
    },
  });
  await desk.open();
  const entry = { rev: 2, hash: hash(NEW), at: "2026-01-01T00:00:00Z", by: "another server" };
  if (isPrepared) await desk.store?.prepare(entry, Buffer.from(NEW, "utf8"));
  return { desk, restarts: () => restarts, end: () => rmSync(folder, { recursive: true }) };
}

test("L5: what the pulse lives by is put in force on disk, although its author is still heard offering it", async () => {
  const { desk, restarts, end } = await stage(true);
  desk.hear(factsOf(1000, short(NEW), null, 0));
  // The author is lost a moment later.
  desk.hear(factsOf(1100, short(NEW), null, null));
  await until("it is in force", () => desk.store?.index?.current.hash === hash(NEW));
  await until("the next agent runs by it", () => {
    desk.hear(factsOf(1200, short(NEW), null, null));
    return restarts() > 0;
  });
  assert.is(restarts(), 1);
  end();
});

test("1.4.8: an agent does not end for a new text while its pulse is being started anew", async () => {
  const { desk, restarts, end } = await stage(true);
  const { setTimeout: real } = globalThis;
  const ends: number[] = [];
  const watched = (run: () => void, ms: number): NodeJS.Timeout => {
    if (ms >= FLUSH_MS) ends.push(ms);
    return real(run, ms);
  };
  globalThis.setTimeout = watched as typeof setTimeout;
  desk.hear(factsOf(1000, short(NEW), null, null));
  desk.miss();
  await until("it is in force", () => desk.store?.index?.current.hash === hash(NEW));
  await until("it is in the file", () => desk.store?.index?.isFileBehind === false);
  globalThis.setTimeout = real;
  assert.equal(ends, [], "no end is under way");
  desk.greet();
  await until("the next agent runs by it", () => {
    desk.hear(factsOf(1200, short(NEW), null, null));
    return restarts() > 0;
  });
  end();
});

test("L5: a text given up in the moment in which the pulse went on by it comes back to the disk", async () => {
  const { desk, end } = await stage(false);
  await until("it is ready", () => {
    if (desk.state.draft?.prepared === "yes") return true;
    desk.hear(factsOf(1000, short(OLD), null, desk.state.draft?.have ?? 0));
    return false;
  });
  desk.hear(factsOf(1500, short(OLD), short(NEW), null));
  assert.is(desk.state.draft, null, "the offer is gone");
  await until("the folder has let it go", () => desk.store?.index?.prepared === null);
  desk.hear(factsOf(1600, short(NEW), null, null));
  await until("it is in force", () => desk.store?.index?.current.hash === hash(NEW));
  end();
});

test.run();
