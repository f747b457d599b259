/**
 * The mutants of a boot beside programs that run already and that no record places in a view: each leaves one
 * step between them and their end out. Source: protocol.md 1.3.6, 1.3.7, 1.4.5.
 */
import type { Mutant } from "./mutant-table.ts";

const AGENT_WATCH = "firmware/pulse/agent-watch.js";
const BOOT = "firmware/agent/boot.js";

export const AT_BOOT: readonly Mutant[] = [
  {
    name: "1.3.7: what runs in no known view is stopped as slowly as it likes",
    file: AGENT_WATCH,
    from: "isLeftOver ? [LEFT_OVER_WILL] : []",
    to: "[]",
  },
  {
    name: "1.3.7: a pulse that knows better ends what a new agent does not know",
    file: AGENT_WATCH,
    from: "watch.token === null && hasLeftOver",
    to: "hasLeftOver",
  },
  {
    name: "1.3.7: an agent does not say that it found programs and no record of them",
    file: BOOT,
    from: "leftOver ? { leftOver } : {}",
    to: "{}",
  },
  {
    name: "1.3.7: a lost record beside programs that run is a first start",
    file: BOOT,
    from: "!leftOver && (fresh || clean)",
    to: "fresh || clean",
  },
  {
    name: "1.3.7: an older record beside programs that run says that the server is starting",
    file: BOOT,
    from: "record.consumedBy === input.host && !input.runs",
    to: "record.consumedBy === input.host",
  },
  {
    name: "1.3.7: half a group under a lost record is left as it is",
    file: BOOT,
    from: "return hasRun && !(",
    to: "return false && !(",
  },
  {
    name: "1.3.7: without a record and a running group there was no agent before",
    file: BOOT,
    from: "&& !runs && !hasRun",
    to: "&& !runs",
  },
  {
    name: "1.3.6: shared disk: what may run outside every view is fed",
    file: "firmware/pulse/route.js",
    from: "if (!isMember(this.state.membership))\n                return false;",
    to: "if (!isMember(this.state.membership))\n                return true;",
  },
];
