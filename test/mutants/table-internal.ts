/** Mutants of the levels of an internal failure (D24): agent or pulse gone for good, and what follows. */
import type { Mutant } from "./mutant.ts";

const LEVELS = ["test/services/configuration/internal-failure.test.js"];
const AGENT_GONE = ["test/firmware/pulse/internal-failure.test.js"];
const PULSE_GONE = ["test/firmware/agent/pulse-lost.test.js"];
const WHOLE = ["test/firmware/simulator/internal-failure.test.js"];

export const INTERNAL: readonly Mutant[] = [
  {
    row: "D24",
    name: "service-stop: an agent that is gone switches the server off",
    file: "services/membership/change.js",
    from: 'config.internalFailure === "service-stop" ? "if-left" : true',
    to: "true",
    tests: AGENT_GONE,
  },
  {
    row: "D24",
    name: "service-stop: the system stays on with what outlives the will",
    file: "firmware/last-words.js",
    from: "off || (offIfLeft && !completed)",
    to: "off",
    tests: WHOLE,
  },
  {
    row: "D24",
    name: "restart: an agent that stays away ends its groups",
    file: "firmware/pulse/agent-watch.js",
    from: 'lost && config.internalFailure === "restart"',
    to: "false",
    tests: AGENT_GONE,
  },
  {
    row: "D24",
    name: "restart: a successor that hangs is never ended",
    file: "firmware/pulse/agent-watch.js",
    from: 'effects: [{ kind: "agent.kill" }], lost: false',
    to: "effects: [], lost: false",
    tests: AGENT_GONE,
  },
  {
    row: "D24 D54",
    name: "restart is accepted without a watchdog",
    file: "services/configuration/method-rules.js",
    from: 'raw.internalFailure !== "restart" || budget.protection === "reset-bounded"',
    to: "true",
    tests: LEVELS,
  },
  {
    row: "D24 R23",
    name: "service-stop: a pulse that is gone switches the server off",
    file: "firmware/agent/pulse-watch.js",
    from: 'const staysOn = internalFailure !== "emergency" && isProved;',
    to: "const staysOn = false;",
    tests: PULSE_GONE,
  },
  {
    row: "D24 R23",
    name: "service-stop: a pulse that nobody can end stays the owner",
    file: "firmware/agent/pulse-watch.js",
    from: '=== "completed" && (pulse !== null || !connected)',
    to: '=== "completed"',
    tests: PULSE_GONE,
  },
  {
    row: "D24",
    name: "service-stop: the next agent resumes the old view",
    file: "firmware/agent/keeper.js",
    from: "if (this.#onOutside !== null)",
    to: "if (false)",
    tests: PULSE_GONE,
  },
  {
    row: "D24",
    name: "service-stop with a shared disk: the server says nothing more on the LAN",
    file: "firmware/pulse/farewell.js",
    from: 'membership.server !== "detached" &&',
    to: "",
    tests: AGENT_GONE,
  },
];
