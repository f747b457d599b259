/** Mutants of what a server says about its software, and of what follows where it does not say it (H3). */
import type { Mutant } from "./mutant.ts";

const GOLDEN = "test/services/quorum/decisions.test.js";
const RULES = ["test/services/quorum/rules-com.test.js"];
const WORDS = ["test/services/failover/method-words.test.js"];
const WHOLE = ["test/firmware/simulator/lacking-software.test.js"];
const APPLY = ["test/firmware/agent/config-requests.test.js"];
const STATUS = ["test/firmware/agent/life-status.test.js"];
const LOG = ["test/firmware/agent/emergency.test.js"];
const REHEARSAL = ["test/firmware/pulse/rehearse.test.js"];

const JOIN_JS = "services/membership/join.js";
const WORDS_JS = "services/failover/words.js";

export const SOFTWARE: readonly Mutant[] = [
  {
    row: "H3 R103",
    name: "none: goes on beside software that does not say it",
    file: "services/quorum/none.js",
    from: "if (evidence.lacksMethod === true) {",
    to: "if (false) {",
    tests: [GOLDEN, ...RULES, ...WHOLE],
  },
  {
    row: "H3 R103",
    name: "none: starts alone after software that does not say it fell silent",
    file: "services/quorum/none.js",
    from: 'return { kind: "refuse", reason: "method-unsupported" };',
    to: 'return { kind: "survive" };',
    tests: [GOLDEN, ...RULES],
  },
  {
    row: "H3 R103",
    name: "none: the verdict ends the groups and not the server",
    file: "services/membership/core.js",
    from: "giveUp(state, judgement.reason, evidence, true, around)",
    to: "giveUp(state, judgement.reason, evidence, isBound(around), around)",
    tests: [...RULES, ...WHOLE],
  },
  {
    row: "H3 R103",
    name: "the words of the other server are no evidence in a common view",
    file: "services/quorum/evidence.js",
    from: "grantedMs: peer.grantedMs,\n        lacksMethod: lacksMethod(peer.beat, config.method),",
    to: "grantedMs: peer.grantedMs,",
    tests: [...RULES, ...WHOLE],
  },
  {
    row: "H3 R102",
    name: "a sole server takes in software that does not say the method",
    file: JOIN_JS,
    from: "isAble ? invite(",
    to: "true ? invite(",
    tests: RULES,
  },
  {
    row: "H3 R102",
    name: "a starting server goes to software that does not say the method",
    file: JOIN_JS,
    from: "isAble ? enter(",
    to: "true ? enter(",
    tests: [...RULES, ...WHOLE],
  },
  {
    row: "R102",
    name: "who says nothing about methods carries all of them out",
    file: "services/failover/method-words.js",
    from: "words?.methods?.includes(method) === true",
    to: "words?.methods?.includes(method) !== false",
    tests: [...WORDS, ...RULES],
  },
  {
    row: "R102 R207",
    name: "the methods that every release carries out have to be said as well",
    file: "services/failover/method-words.js",
    from: 'const ASKED_FOR = ["none"];',
    to: "const ASKED_FOR = SAID_METHODS;",
    tests: [...WORDS, ...WHOLE],
  },
  {
    row: "R102",
    name: "the methods are left out of the words",
    file: WORDS_JS,
    from: "METHODS_BYTES > roomBytes",
    to: "true",
    tests: [...WORDS, ...RULES],
  },
  {
    row: "R102",
    name: "methods and release fill more than the beat",
    file: WORDS_JS,
    from: "releasePart(words, room - methods.length)",
    to: "releasePart(words, room)",
    tests: WORDS,
  },
  {
    row: "R102",
    name: "the change to a method that somebody does not say is taken up",
    file: "firmware/agent/config-requests.js",
    from: "method === config.method ? [] : this.#without(method)",
    to: "[]",
    tests: APPLY,
  },
  {
    row: "R102",
    name: "an operator hears nothing of a server that does not say the method",
    file: "firmware/agent/release-watch.js",
    from: "lacks === this.#lacking.has(index)",
    to: "true",
    tests: [...WORDS, ...WHOLE],
  },
  {
    row: "R103",
    name: "a failure is counted as survived beside software that does not say the method",
    file: "firmware/agent/status.js",
    from: "if (lackingHere(facts, method).length > 0)",
    to: "if (false)",
    tests: STATUS,
  },
  {
    row: "R103 R108",
    name: "the verdict about the other server's software is not told at the next start",
    file: "firmware/last-words.js",
    from: '"method-unsupported": "verdict.unsupported",',
    to: "",
    tests: LOG,
  },
  {
    row: "R101",
    name: "the rehearsal by none plays a server of other software",
    file: "firmware/pulse/rehearse.js",
    from: "blob: WORDS,",
    to: "blob: new Uint8Array(64),",
    tests: REHEARSAL,
  },
];
