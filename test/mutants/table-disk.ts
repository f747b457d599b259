/**
 * Mutants of the shared-disk method for three to sixteen servers, beside those of its protocol
 * (test/firmware/pulse/mutant-disk-crew.ts): what the slot says, who asks it, and when somebody speaks of it.
 * Source: guide 1.2.4 B1-B8; R67-R79; protocol.md 1.6-1.8.
 */
import type { Mutant } from "./mutant.ts";

const RULE = "services/membership/majority/disk-rule.js";
const TURN = "services/membership/majority/disk-turn.js";
const CREW = "firmware/pulse/disk-crew.js";
const CLAIM = "services/quorum/claim.js";

const STAMPS = ["test/services/quorum/stamp.test.js"];
const RULES = ["test/services/membership/disk-rule.test.js"];
const TURNS = ["test/services/membership/disk-turn.test.js"];
const STARTS = ["test/services/membership/disk-start.test.js"];
const SLOTS = ["test/firmware/pulse/disk-crew-slot.test.js"];

export const DISK_MANY: readonly Mutant[] = [
  {
    row: "R67",
    name: "the members of a stamp are not written",
    file: CLAIM,
    from: "(word.members ?? 0) * BITS16 + word.twoWay",
    to: "word.twoWay",
    tests: STAMPS,
  },
  {
    row: "R67",
    name: "members are read as two-way peers",
    file: CLAIM,
    from: "twoWay: number % BITS16",
    to: "twoWay: number",
    tests: STAMPS,
  },
  {
    row: "R67 R68",
    name: "a stamp of two servers comes back with members",
    file: CLAIM,
    from: "members === 0 ? stamp : { ...stamp, members }",
    to: "{ ...stamp, members }",
    tests: STAMPS,
  },
  {
    row: "R67",
    name: "a stamp names a seventeenth server",
    file: "services/quorum/stamp.js",
    from: "isWholeBelow(members, 2 ** 16) &&",
    to: "",
    tests: STAMPS,
  },
  {
    row: "R73",
    name: "whoever reads its absence stays on",
    file: TURN,
    from: '"excluded", describeWitness(state, field), true',
    to: '"excluded", describeWitness(state, field), false',
    tests: TURNS,
  },
  {
    row: "R74",
    name: "every starter asks the slots",
    file: TURN,
    from: "isWhole || !isFirst ||",
    to: "isWhole ||",
    tests: TURNS,
  },
  {
    row: "R74",
    name: "a start of all servers waits for the slots",
    file: TURN,
    from: "if (isWhole || !isFirst",
    to: "if (!isFirst",
    tests: TURNS,
  },
  {
    row: "R75",
    name: "a refused start is said with every tick",
    file: TURN,
    from: "!isRefused || state.refused !== null",
    to: "!isRefused",
    tests: TURNS,
  },
  {
    row: "R75",
    name: "a refused start does not say what the slots showed",
    file: TURN,
    from: "[hears, ...slotWords(state, field)]",
    to: "[hears]",
    tests: TURNS,
  },
  {
    row: "G8",
    name: "who was alone and slept does not listen before it announces",
    file: TURN,
    from: "atMs + 2 * config.budget.intervalMs",
    to: "atMs",
    tests: TURNS,
  },
  {
    row: "R67",
    name: "what an earlier process left in the own slot does not raise the next view",
    file: RULE,
    from: "disk.left?.counter ?? 0",
    to: "0",
    tests: STARTS,
  },
  {
    row: "R67",
    name: "what others' slots show does not raise the next view",
    file: RULE,
    from: "Math.max(own, ...others)",
    to: "own",
    tests: STARTS,
  },
  {
    row: "R208",
    name: "a force-returned view asks the slots before it has listened for T",
    file: RULE,
    from: "state.baseMs + timeoutMs : state.waitUntilMs",
    to: "state.baseMs : state.waitUntilMs",
    tests: STARTS,
  },
  {
    row: "R78",
    name: "stamps and whole rounds need not both be in time",
    file: RULE,
    from: "isInTime(disk, atMs, config) && atMs < wholeLeaseEndMs(disk, config)",
    to: "isInTime(disk, atMs, config)",
    tests: RULES,
  },
  {
    row: "R108",
    name: "the evidence does not name who goes on without this server",
    file: RULE,
    from: "return [own, ...words, ...out]",
    to: "return [own, ...words]",
    tests: TURNS,
  },
  {
    row: "R12",
    name: "on the word of the disk groups begin behind the coordinator's text",
    file: "services/membership/majority/lease.js",
    from: " && !isBehind(state, field)",
    to: "",
    tests: RULES,
  },
  {
    row: "R68",
    name: "who goes on alone says running",
    file: CREW,
    from: 'isSole(said, membership.self) ? "alone" : "running"',
    to: '"running"',
    tests: SLOTS,
  },
  {
    row: "R77",
    name: "a server whose groups may still run says off",
    file: CREW,
    from: 'if (mayOwn)\n        return "running";',
    to: "",
    tests: SLOTS,
  },
  {
    row: "R67",
    name: "news for the own slot wait for the next turn",
    file: CREW,
    from: "isSame ? disk : stamping.hasten(disk, atMs)",
    to: "disk",
    tests: SLOTS,
  },
  {
    row: "R76",
    name: "nobody wakes at the end of the disk wait",
    file: CREW,
    from: "disk.saying.writtenAtMs + diskWaitMs",
    to: "Number.POSITIVE_INFINITY",
    tests: SLOTS,
  },
];
