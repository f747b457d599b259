/**
 * A process with a black box: its core takes a tick every millisecond until somebody ends it. Says after each
 * how many it has taken. Arguments: run folder, state folder, role.
 */
import { join } from "node:path";
import { openBlackBox } from "../../../firmware/replay/black-box.ts";
import { createFailover, step } from "../../../services/failover/core.ts";
import { contextIn } from "./box-context.ts";

const [, , folder = ""] = process.argv;
const context = contextIn(join(folder, "run"), join(folder, "state"));
const note = (key: string, data: object): void =>
  void process.stderr.write(`${key} ${JSON.stringify(data)}\n`);
const { through } = openBlackBox("agent", context, note);
let state = createFailover(0, context.config);
let taken = 0;
setInterval(() => {
  taken += 1;
  const tick = { kind: "tick" as const, atMs: taken };
  state = through(step, state, tick, context.config).state;
  process.stdout.write(`${taken}\n`);
}, 1);
