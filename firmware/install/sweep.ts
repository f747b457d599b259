/**
 * Ends by force what is left of every group on this server: the last will without its "off". Run when
 * agent and pulse are down, so that nothing of a group works on behind a successor.
 * Intuition: after an orderly leave it finds nothing; it exists for the leave that was not orderly.
 * Source: architecture.md 2 (last will); protocol.md P1, P4; flash/package/serving-units.ts.
 */
import { drawFullWill } from "../full-will.ts";
import { openHostPorts } from "../host-ports.ts";
import type { ServerContext } from "../local.ts";
import { executeWill, type WillOutcome } from "../will.ts";

/** A program in the hands of a dead disk does not end sooner than its disk answers. */
const SWEEP_MS = 20_000;

/** Resolves when everything is proved gone, or with what is left at the deadline. */
export async function sweepServer(
  context: ServerContext,
  report: (text: string) => void,
): Promise<WillOutcome> {
  const { addresses } = openHostPorts(context, report);
  const outcome = await executeWill(drawFullWill(context, []), { addresses }, SWEEP_MS);
  if (outcome.kind === "overdue") report(`left behind: ${JSON.stringify(outcome.left)}`);
  return outcome;
}
