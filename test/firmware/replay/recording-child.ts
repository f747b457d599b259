/**
 * A process that records a core's ticks into the run folder of its first argument until it is killed. Says
 * the number of entries taken and their time, so that a test knows what must be there. Second argument: how it
 * ends by itself, `throw`, `exit` or `never`.
 */
import { join } from "node:path";
import { ringFolder, segmentName } from "../../../firmware/replay/boxes.ts";
import { Recorder } from "../../../firmware/replay/recorder.ts";
import { SegmentFiles } from "../../../firmware/replay/segment-files.ts";
import { createFailover, step } from "../../../services/failover/core.ts";
import { swarmConfig } from "../pulse/swarm-plan.ts";
import { IDENTITY } from "./recordings.ts";

const [, , runDir = "", end = "never"] = process.argv;
const config = swarmConfig({ method: "none", timeoutMs: 1000, watchdogMs: 0 });
const pathOf = (segment: number): string =>
  join(ringFolder(runDir), segmentName("agent", 1_795_000_000_000, process.pid, segment));
const onTrouble = (text: string): void => void process.stderr.write(`${text}\n`);
const recorder = new Recorder({
  identity: { ...IDENTITY, role: "agent", pid: process.pid },
  sink: new SegmentFiles({ pathOf, onTrouble }),
  wallMs: Date.now,
  onTrouble,
});
process.once("exit", () => recorder.flush());
/** A tick of virtual time every millisecond or so: a segment lasts 30 of them. */
const TICK_MS = 1000;
const ENTRIES_MAX = 100;
let state = createFailover(0, config);
let atMs = 0;
setInterval(() => {
  atMs += TICK_MS;
  state = recorder.through(step, state, { kind: "tick", atMs }, config).state;
  process.stdout.write(`${recorder.entries}\n`);
  if (recorder.entries < ENTRIES_MAX || end === "never") return;
  if (end === "throw") throw new Error("as asked");
  process.exit(3);
}, 1);
