/**
 * Two agents' desks of keys with real folders and pulses that do what they are told: a rotation by the verbs of
 * agent.sock, a full disk, an agent that dies in the middle, and that no key is ever in an answer or an event.
 */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { ConfigAnswer } from "../../../firmware/agent/config-requests.ts";
import { KeyDesk } from "../../../firmware/agent/key-desk.ts";
import { keysFolder, readKeySet } from "../../../firmware/key-files.ts";
import type { ServerContext } from "../../../firmware/local.ts";
import { drawFacts } from "../../../firmware/pulse/facts.ts";
import { peerOf } from "../../../firmware/pulse/route.ts";
import { monotonicMs } from "../../../hal/base/clock.ts";
import { hostIncarnation } from "../../../hal/base/ids.ts";
import type { Facts } from "../../../services/facts.ts";
import { createFailover, ownWords } from "../../../services/failover/core.ts";
import { encodeWords } from "../../../services/failover/words.ts";
import { parseRing, ringOf } from "../../../services/keys/key-set.ts";
import { Pair, pairConfig } from "../pulse/pair.ts";

const CONFIG = pairConfig("com-disk");
const DEADLINE_MS = 10_000;
const FIRST_KEY = "5a".repeat(32);

interface Side {
  readonly index: number;
  readonly context: ServerContext;
  desk: KeyDesk;
  /** What its pulse opens, the one that it seals with first. */
  ids: readonly string[];
}

class Stage {
  readonly #folder = mkdtempSync(join(tmpdir(), "kage-key-desk-"));
  readonly #pair = new Pair(CONFIG);
  /** Everything that was said outside: events and answers. */
  readonly said: string[] = [];
  readonly secrets = new Set([FIRST_KEY]);
  readonly sides: readonly [Side, Side];
  hasCut = false;

  constructor() {
    this.#pair.run(500);
    this.sides = [this.#side(0), this.#side(1)];
    for (const side of this.sides) this.boot(side);
  }

  #side(index: number): Side {
    const stateDir = join(this.#folder, `s${index}`);
    mkdirSync(stateDir);
    const keyFile = join(stateDir, "cluster.key");
    writeFileSync(keyFile, FIRST_KEY);
    const server = CONFIG.servers[index]?.name ?? "";
    const rest = { configFile: "", runDir: "", off: { kind: "rack" } } as const;
    const kinds = { watchdog: { kind: "none" }, addresses: { kind: "rack" } } as const;
    const local = { server, keyFile, stateDir, ...rest, ...kinds };
    const context = { local, config: CONFIG, self: index, host: hostIncarnation("0".repeat(16)) };
    const side = { index, context, ids: this.#idsOnDisk(context) };
    return { ...side, desk: this.#desk(context, side) };
  }

  #idsOnDisk({ local }: ServerContext): readonly string[] {
    return ringOf(readKeySet(local).set).map(({ id }) => id);
  }

  #desk(context: ServerContext, side: { ids: readonly string[] }): KeyDesk {
    return new KeyDesk(context, {
      note: (key, data) => this.said.push(JSON.stringify({ key, data })),
      say: () => undefined,
      send: (message) => {
        const keys = (message as { readonly keys: readonly { readonly key: string }[] }).keys;
        for (const { key } of keys) this.secrets.add(key);
        side.ids = (parseRing(keys) ?? []).map(({ id }) => id);
      },
    });
  }

  /** A new agent, from what is on disk. */
  boot(side: Side): void {
    side.desk = this.#desk(side.context, side);
    side.desk.open();
    side.desk.hear(this.#facts(side));
  }

  #facts(side: Side): Facts {
    const { state } = this.#pair.at(side.index === 0 ? 0 : 1);
    const peer = peerOf(state);
    if (peer === null) throw new Error("a pair has a peer");
    const drawn = drawFacts(state, peer, 1, null, this.#pair.nowMs, CONFIG);
    const other = this.sides?.[side.index === 0 ? 1 : 0];
    const keys = other?.desk.words(true) ?? null;
    const said = ownWords(createFailover(1 - side.index, CONFIG));
    const blob = encodeWords({ ...said, ...(keys === null ? {} : { keys }) });
    const fresh = { ackedMs: this.hasCut ? 0 : monotonicMs(), holdsLease: true };
    const held = { keys: { ids: side.ids, disk: side.ids } };
    return { ...drawn, ...fresh, ...held, peers: drawn.peers.map((one) => ({ ...one, blob })) };
  }

  async until(holds: () => boolean, what: string): Promise<void> {
    const endMs = monotonicMs() + DEADLINE_MS;
    while (!holds()) {
      assert.ok(monotonicMs() < endMs, `no ${what} in time`);
      for (const side of this.sides) side.desk.hear(this.#facts(side));
      await turn();
    }
  }

  async ask(side: Side, verb: string, args: Readonly<Record<string, unknown>> = {}) {
    let answer: ConfigAnswer | null = null;
    const asked = side.desk.answer(verb, args, false).then((got) => {
      answer = got;
    });
    await this.until(() => answer !== null, `answer to ${verb}`);
    await asked;
    this.said.push(JSON.stringify(answer));
    return answer as unknown as ConfigAnswer;
  }

  setDisk(side: Side, isFull: boolean): void {
    const draft = join(keysFolder(side.context.local.stateDir), "keys.new");
    rmSync(draft, { force: true });
    if (isFull) symlinkSync("/dev/full", draft);
  }

  close(): void {
    rmSync(this.#folder, { recursive: true });
  }
}

async function onStage(play: (stage: Stage) => Promise<void>): Promise<void> {
  const stage = new Stage();
  try {
    await play(stage);
    const all = stage.said.join("\n");
    assert.ok(stage.said.length > 0);
    for (const secret of stage.secrets) assert.not.ok(all.includes(secret), "a key was said");
  } finally {
    stage.close();
  }
}

const keyOf = (answer: ConfigAnswer): string =>
  answer.kind === "refused" ? answer.key : JSON.stringify(answer.result);

test("a rotation answers when both pulses seal with the new key and both disks have it", async () => {
  await onStage(async (stage) => {
    const [one, two] = stage.sides;
    const before = one.ids[0] ?? "";
    const done = await stage.ask(one, "key.rotate");
    assert.is(done.kind, "done", keyOf(done));
    assert.is.not(one.ids[0], before);
    assert.is(two.ids[0], one.ids[0]);
    for (const { context } of stage.sides) {
      const { set } = readKeySet(context.local);
      assert.is(set.active.id, one.ids[0]);
      assert.is(set.old?.id, before);
    }
    const status = await stage.ask(two, "key.status");
    assert.match(keyOf(status), `"seals":"${one.ids[0]}"`);
    assert.is(keyOf(await stage.ask(one, "key.rotate")), "key-old-there");
    assert.is(keyOf(await stage.ask(one, "key.retire")), "key-too-young");
  });
});

test("during a cut a rotation is refused, and so is a name that is not the other server's", async () => {
  await onStage(async (stage) => {
    const [one] = stage.sides;
    assert.is(keyOf(await stage.ask(one, "key.rotate", { without: "SERVER9" })), "unknown-server");
    stage.hasCut = true;
    one.desk.hearAlive({ atMs: 0, holdsLease: true, leaseUntilMs: null, ackedMs: 0 });
    assert.is(keyOf(await stage.ask(one, "key.rotate")), "key-trouble");
    assert.is(keyOf(await stage.ask(one, "key.spin")), "malformed-request");
  });
});

test("ENOSPC here: refused, nothing changed; with space it works", async () => {
  await onStage(async (stage) => {
    const [one] = stage.sides;
    stage.setDisk(one, true);
    assert.is(keyOf(await stage.ask(one, "key.rotate")), "key-unsaved");
    assert.match(stage.said.join("\n"), "key.store-failed");
    assert.is(readKeySet(one.context.local).set.next, null);
    stage.setDisk(one, false);
    const retried = await stage.ask(one, "key.rotate");
    assert.is(retried.kind, "done", keyOf(retried));
  });
});

test("ENOSPC there, both agents killed meanwhile: the order is late, and is carried out with space", async () => {
  await onStage(async (stage) => {
    const [one, two] = stage.sides;
    const before = one.ids[0];
    stage.setDisk(two, true);
    assert.is(keyOf(await stage.ask(one, "key.rotate", { waitMs: 200 })), "key-pending");
    assert.is(one.ids[0], before);
    for (const side of stage.sides) stage.boot(side);
    stage.setDisk(two, false);
    await stage.until(() => one.ids[0] !== before && two.ids[0] === one.ids[0], "the new key");
  });
});

test("an agent whose set on disk is damaged takes nothing from a pulse that lives by it", async () => {
  await onStage(async (stage) => {
    const [one, two] = stage.sides;
    assert.is((await stage.ask(one, "key.rotate")).kind, "done");
    const { ids } = one;
    writeFileSync(join(keysFolder(one.context.local.stateDir), "keys.json"), "{");
    stage.boot(one);
    one.desk.greet();
    let rounds = 0;
    await stage.until(() => {
      rounds += 1;
      return rounds > 20;
    }, "rounds");
    assert.equal(one.ids, ids);
    assert.equal(two.ids, ids);
    assert.match(stage.said.join("\n"), "key.set-broken");
  });
});

test("two orders at once on two servers end in one key", async () => {
  await onStage(async (stage) => {
    const [one, two] = stage.sides;
    const both = await Promise.all([stage.ask(one, "key.rotate"), stage.ask(two, "key.rotate")]);
    assert.equal(
      both.map(({ kind }) => kind),
      ["done", "done"],
      both.map(keyOf).join(),
    );
    assert.is(two.ids[0], one.ids[0]);
  });
});

test.run();
