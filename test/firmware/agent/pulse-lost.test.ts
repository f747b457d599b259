/**
 * The pulse is gone at the end of the lease, at each level of `internalFailure` (D24), as the agent of the product
 * meets it: what of the pulse is ended, whether the off command runs, what is told, and what the next agent reads.
 * Real processes, files and socket; the off command only leaves a file. Expectations by hand from D24.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { decideBoot } from "../../../firmware/agent/boot.ts";
import { Keeper } from "../../../firmware/agent/keeper.ts";
import { PulseWatch } from "../../../firmware/agent/pulse-watch.ts";
import type { ServerContext } from "../../../firmware/local.ts";
import { type HostIncarnation, hostIncarnation } from "../../../hal/base/ids.ts";
import { readProcess } from "../../../hal/drivers/process-tree/process-tree.ts";
import type { Facts } from "../../../services/facts.ts";
import { createFailover } from "../../../services/failover/core.ts";
import type { FailoverState } from "../../../services/failover/state.ts";
import { until } from "../../deadline.ts";
import { pairConfig } from "../pulse/pair.ts";

interface Stage {
  readonly folder: string;
  readonly context: ServerContext;
  readonly watch: PulseWatch;
  readonly notes: string[];
  /** Times that the agent was told to come up anew outside. */
  outside: number;
  isOff(): boolean;
}

const HOST = hostIncarnation("00000000000000aa");
const VIEW = { epoch: { counter: 7, coordinator: 0, host: HOST }, members: [0, 1] };
const member = { server: "member", view: VIEW, leaseUntilMs: 1900, floor: 7 } as unknown as Facts;

let stage: Stage | null = null;
let pulse: ChildProcess | null = null;

test.after.each(() => {
  pulse?.kill("SIGKILL");
  if (stage !== null) rmSync(stage.folder, { recursive: true, force: true });
  stage = null;
});

/** A member whose lease ends at 1900; nobody has spoken since 1010. */
function open(internalFailure: string): Stage {
  const folder = mkdtempSync(join(tmpdir(), "kage-lost-"));
  const offFile = join(folder, "off");
  const local = {
    server: "SERVER1",
    runDir: folder,
    stateDir: folder,
    configFile: "local.json",
    addresses: { kind: "rack" },
    watchdog: { kind: "none" },
    off: { kind: "command", argv: ["touch", offFile] },
    rack: { board: "127.0.0.1:9", publicSwitch: "127.0.0.1:9", wires: {}, serviceAddress: "" },
  };
  const config = { ...pairConfig("com"), internalFailure };
  const context = { local, config, self: 0, host: HOST } as unknown as ServerContext;
  const notes: string[] = [];
  const made: Stage = {
    folder,
    context,
    notes,
    outside: 0,
    isOff: () => existsSync(offFile),
    watch: new PulseWatch(
      context,
      (key) => notes.push(key),
      () => {
        made.outside += 1;
      },
    ),
  };
  stage = made;
  pulse = spawn("/bin/sleep", ["60"]);
  made.watch.greet(pulse.pid ?? 0, 1000);
  made.watch.hear(member, 1010);
  return made;
}

test("D24 R23: emergency: a pulse that is gone at the end of the lease switches the server off", async () => {
  const { watch, notes, isOff, folder } = open("emergency");
  watch.lose();
  watch.tick(1899, false, true);
  await until("the off command ran", isOff);
  assert.equal(notes, ["emergency-shutdown"]);
  assert.is(stage?.outside, 0);
  assert.ok(existsSync(join(folder, "last-emergency.json")));
});

test("R23: a new pulse that was not taught yet speaks, but does not watch the lease in the agent's stead", async () => {
  const { watch, isOff, notes } = open("emergency");
  watch.greet(pulse?.pid ?? 0, 1880);
  watch.hear({ server: "observing", view: null } as unknown as Facts, 1895);
  watch.tick(1899, true, true);
  await until("the off command ran", isOff);
  assert.ok(notes.includes("emergency-shutdown"));
});

test("R23: a new pulse that was taught watches the lease itself", () => {
  const { watch, notes } = open("emergency");
  watch.greet(pulse?.pid ?? 0, 1880);
  watch.hear(member, 1895);
  watch.tick(1899, true, true);
  assert.not(watch.hasGivenUp);
  assert.equal(notes, ["pulse.restarted"]);
});

for (const level of ["service-stop", "restart"]) {
  test(`D24 R23: ${level}: the groups are given up, the server stays on and comes up outside`, async () => {
    const { watch, notes, isOff, folder } = open(level);
    watch.lose();
    watch.tick(1899, false, true);
    await until("the will has run", () => stage?.outside === 1);
    assert.equal(notes, ["give-up.started"]);
    assert.not(isOff());
    assert.not(existsSync(join(folder, "last-emergency.json")), "it has not ended itself");
    assert.ok(watch.hasGivenUp, "nothing starts any more in this process");
    watch.tick(5000, false, true);
    assert.is(stage?.outside, 1, "once");
  });

  test(`D24: ${level}: before the lead to the end of the lease nothing is given up`, () => {
    const { watch, notes } = open(level);
    watch.lose();
    // T 1000: it begins 60 ms before.
    watch.tick(1840, false, true);
    assert.not(watch.hasGivenUp);
    assert.equal(notes, []);
  });
}

test("D24: service-stop: a pulse that hangs is ended first, for it would wake as the owner", async () => {
  const { watch, isOff } = open("service-stop");
  pulse?.kill("SIGSTOP");
  await until("it is stopped", () => readProcess(pulse?.pid ?? 0)?.state === "T");
  const ended = pulse === null ? Promise.resolve() : once(pulse, "exit");
  // The first look doubts, the second one counts; the lease is over by then.
  watch.tick(1898, true, false);
  watch.tick(1900, true, true);
  await ended;
  assert.is(pulse?.signalCode, "SIGKILL");
  await until("the will has run", () => stage?.outside === 1);
  assert.not(isOff());
});

test("D24: service-stop: a pulse that is connected and cannot be found takes the server with it", async () => {
  const { watch, isOff, notes } = open("service-stop");
  watch.lose();
  // Connected, silent, and no process listens on its socket.
  watch.tick(1898, true, false);
  watch.tick(1900, true, true);
  await until("the off command ran", isOff);
  assert.ok(notes.includes("emergency-shutdown"));
  assert.is(stage?.outside, 0);
});

const boot = (keeper: Keeper, host: HostIncarnation) =>
  decideBoot({
    loaded: keeper.loaded,
    belongs: keeper.belongs,
    host,
    facts: { server: "observing", view: null, floor: 0 } as unknown as Facts,
    runs: false,
    atMs: 0,
    waitUntilMs: 0,
  }).wish;

test("D24: the agent after a service stop reads that it is in no view, whatever was saved before", async () => {
  const { context } = open("service-stop");
  const keeper = new Keeper(context, () => undefined);
  await keeper.open();
  await keeper.begin(true);
  const state = {
    ...createFailover(0, context.config),
    facts: member,
  } as unknown as FailoverState;
  keeper.keepTable(state);
  const before = new Keeper(context, () => undefined);
  await until("the view is on disk", () => readsMembers(before));
  assert.is(boot(before, HOST).kind, "resume");

  let done = 0;
  keeper.leave(state, () => {
    done += 1;
  });
  // Words of the last facts that come late say nothing else.
  keeper.keepTable(state);
  await until("it is on disk", () => done > 0);
  const after = new Keeper(context, () => undefined);
  await after.open();
  assert.equal(boot(after, HOST), { kind: "detached", floor: 7 });
});

async function readsMembers(keeper: Keeper): Promise<boolean> {
  await keeper.open();
  return keeper.loaded.kind === "loaded" && keeper.loaded.record.members.length === 2;
}

test.run();
