/** Mutants of what stands around the cores: resources, scripts, telemetry, rights, enrolment. */
import type { Mutant } from "./mutant.ts";

const LOADS = ["test/services/resources/monitored-load.test.js"];
const REANNOUNCE = ["test/services/resources/reannounce.test.js"];
const ENVIRONMENT = ["test/services/resources/script-environment.test.js"];
const RIGHTS = ["test/flash/broker/rights.test.js"];
const OUTBOX = ["test/services/telemetry/outbox.test.js"];
const START = ["test/requirements/start-rows.test.js"];

export const EDGES: readonly Mutant[] = [
  {
    row: "R155",
    name: "a program is restarted without end",
    file: "services/resources/monitored-load.js",
    from: "if (recent.length < rules.restartMax)",
    to: "if (rules.restartMax > 0)",
    tests: LOADS,
  },
  {
    row: "R156",
    name: "restarts are never forgotten",
    file: "services/resources/monitored-load.js",
    from: "atMs - at < keptMs",
    to: "true",
    tests: LOADS,
  },
  {
    row: "R157 D21",
    name: "used-up restarts are an alert and no failover",
    file: "services/resources/monitored-load.js",
    from: "rules.failsOver || rules.isMonitored",
    to: "rules.isMonitored",
    tests: LOADS,
  },
  {
    row: "R151",
    name: "a script is not told that its disk failed",
    file: "services/resources/script-environment.js",
    from: 'situation.isDiskConnected ? "SUCCESS" : "FAILURE"',
    to: '"SUCCESS"',
    tests: ENVIRONMENT,
  },
  {
    row: "R152",
    name: "every server passes for the home server",
    file: "services/resources/script-environment.js",
    from: 'situation.isHome ? "HOME" : "OTHER"',
    to: '"HOME"',
    tests: ENVIRONMENT,
  },
  {
    row: "R113",
    name: "an address is announced once and never again",
    file: "services/resources/reannounce.js",
    from: "return [...burst(nowMs), ...burst(nowMs + SECOND_BURST_AFTER_MS)];",
    to: "return burst(nowMs);",
    tests: REANNOUNCE,
  },
  {
    row: "R113",
    name: "two quarrelling owners of an address answer each other for ever",
    file: "services/resources/reannounce.js",
    from: "if (recent.length >= REANNOUNCE_MAX)",
    to: "if (false)",
    tests: REANNOUNCE,
  },
  {
    row: "ecosystem 1.6",
    name: "an operator's account may send an administrator's commands",
    file: "flash/broker/rights.js",
    from: '["view", "op"].map((role) => write(',
    to: '["view", "op", "admin"].map((role) => write(',
    tests: RIGHTS,
  },
  {
    row: "ecosystem 1.6",
    name: "what may be read may be written",
    file: "flash/broker/rights.js",
    from: 'access !== "read" && matches(filter, topic)',
    to: "matches(filter, topic)",
    tests: RIGHTS,
  },
  {
    row: "ecosystem 1.3",
    name: "events that the broker did not acknowledge are gone after a reconnect",
    file: "services/telemetry/outbox.js",
    from: "this.#nextEvent = 0;\n        this.#replayUpTo",
    to: "this.#replayUpTo",
    tests: OUTBOX,
  },
  {
    row: "ecosystem 1.3",
    name: "two values of one topic are under way at once",
    file: "services/telemetry/outbox.js",
    from: "if (this.#isFlying(topic))",
    to: "if (false)",
    tests: OUTBOX,
  },
  {
    row: "R138",
    name: "a server joins by another code",
    file: "services/enrolment/handshake.js",
    from: 'Buffer.concat([shared, Buffer.from(code, "utf8")])',
    to: "Buffer.concat([shared])",
    tests: ["test/services/enrolment/handshake.test.js"],
  },
  {
    row: "R44",
    name: "the start script runs first and the address comes last",
    file: "services/failover/run.js",
    from: "resource: group.upCount,",
    to: "resource: spec.resources.length - 1 - group.upCount,",
    tests: START,
  },
  {
    row: "D17 R183",
    name: "the start sync wait is a minute when nothing is said",
    file: "services/configuration/schema.js",
    from: '"Wait for the other servers at start, from OS start. Default 300000."), 300_000)',
    to: '"Wait for the other servers at start, from OS start. Default 300000."), 60_000)',
    tests: START,
  },
  {
    row: "R139",
    name: "a name server counts as a directory whatever it serves",
    file: "firmware/install/probe-directory.js",
    from: "if (serves && isThere(NAMED))",
    to: "if (isThere(NAMED))",
    tests: ["test/firmware/install/probe-directory.test.js"],
  },
  {
    row: "R139",
    name: "what runs without being enabled is not seen",
    file: "firmware/install/probe-directory.js",
    from: "programs.some((program) => running.has(program))",
    to: "programs.some(() => false)",
    tests: ["test/firmware/install/probe-directory.test.js"],
  },
];
