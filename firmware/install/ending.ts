/**
 * The two steps around the stop of kage.target as a process: words for the journal, an exit status for
 * systemd. 0 = nothing of the cluster is left behind by this step.
 * Source: flash/package/serving-units.ts (kage-leave, kage-sweep); sd-daemon(3) for the `<n>`.
 */
import { folderFiles } from "../../flash/store/files.ts";
import { revisionsFolder } from "../../flash/store/installed.ts";
import { openRevisions } from "../../flash/store/revisions.ts";
import type { ServerContext } from "../local.ts";
import { endLife } from "./end-life.ts";
import { leaveCluster } from "./leave.ts";
import { sweepServer } from "./sweep.ts";

/** Below the unit's TimeoutStopSec of 600 s, so that the words below are still written. */
const LEAVE_WITHIN_MS = 590_000;

/** One heartbeat timeout of silence, and twice as much for two orders and the words about it. */
const OTHERS_GONE_TIMEOUTS = 3;

/** Resolves with the exit status. */
export async function runEnding(step: "leave" | "sweep", context: ServerContext): Promise<0 | 1> {
  const say = (priority: 4 | 6, text: string): void => {
    process.stdout.write(`<${priority}>${step}: ${text}\n`);
  };
  if (step === "sweep") {
    const outcome = await sweepServer(context, (text) => say(4, text));
    const revisions = await openRevisions(folderFiles(revisionsFolder(context.local.stateDir)));
    const released = await revisions.release();
    if (released.kind === "failed") say(4, `revisions: ${released.text}`);
    if (outcome.kind === "completed") {
      const ended = await endLife(context.local.stateDir);
      if (ended.kind === "failed") say(4, `record: ${ended.text}`);
    }
    // The address pipe of the port would keep the process.
    setImmediate(() => process.exit());
    return outcome.kind === "completed" ? 0 : 1;
  }
  const { server, runDir } = context.local;
  const outcome = await leaveCluster({
    server,
    runDir,
    withinMs: LEAVE_WITHIN_MS,
    othersGoneMs: OTHERS_GONE_TIMEOUTS * context.config.budget.timeoutMs,
  });
  switch (outcome.kind) {
    case "left":
      say(6, `${server} has left the cluster in order`);
      return 0;
    case "absent":
      say(6, "no agent runs; nothing to leave");
      return 0;
    case "refused":
    case "overdue":
      say(4, `${server} did not leave in order (${outcome.detail}); its groups are ended by force`);
      return 1;
  }
}
