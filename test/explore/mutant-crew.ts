/**
 * Rules of three servers and more that are taken out: votes, lease, view change, start, orders, texts.
 * Source: protocol.md 1.3-1.4, 1.7, 1.9, 2.1, 2.2, chapter 3; guide 1.2.4 J1-J4.
 */
import { COMPOSE, ON_RECEPTION, RUN } from "./mutant-edits.ts";
import type { Mutant } from "./mutant-table.ts";

const MAJORITY = "services/membership/majority";
const PROPOSE = `${MAJORITY}/propose.js`;
const LEASE = `${MAJORITY}/lease.js`;

export const CREW_MUTANTS: readonly Mutant[] = [
  {
    name: "L2 lease on reception (majority)",
    world: "majority",
    events: 2,
    edits: ON_RECEPTION,
  },
  {
    name: "L5 majority: the watchdog is fed whatever the lease (1.3.6)",
    world: "majority",
    events: 2,
    edits: [
      {
        file: "firmware/pulse/majority-route.js",
        from: "(resets ? budget.timeoutMs - budget.a3Ms - budget.watchdogMs : 0)",
        to: "1e9",
      },
    ],
  },
  {
    name: "J3 half of the servers is enough",
    world: "majority",
    events: 1,
    edits: [
      {
        file: `${MAJORITY}/votes.js`,
        from: "Math.floor(count / 2) + 1",
        to: "Math.floor(count / 2)",
      },
    ],
  },
  {
    name: "1.3.2 the lease of one acknowledgement less",
    world: "majority",
    events: 1,
    edits: [
      {
        file: LEASE,
        from: "quorumIn(view, field.config.servers.length) - 1;",
        to: "quorumIn(view, field.config.servers.length) - 2;",
      },
    ],
  },
  {
    name: "1.3.3 the lease outlives the grant by two beats",
    world: "majority",
    events: 1,
    edits: [
      {
        file: LEASE,
        from: "const ownMs = carriedByMs(state, field) + field.config.budget.a3Ms;",
        to: "const ownMs = carriedByMs(state, field) + 1.2 * field.config.budget.timeoutMs;",
      },
      {
        file: LEASE,
        from: "atMs >= acked.stampMs + a3Ms)",
        to: "atMs >= acked.stampMs + 1.2 * config.budget.timeoutMs)",
      },
    ],
  },
  {
    name: "1.4.2 a server is dropped that another member still hears",
    world: "majority",
    events: 1,
    edits: [
      {
        file: PROPOSE,
        from: "return peer !== null && isGone(state, peer, field);",
        to: "return peer !== null;",
      },
      {
        file: PROPOSE,
        from: "return loose.some((other) => other !== state.self && doesHear(other, index, field));",
        to: "return false;",
      },
    ],
  },
  {
    name: "1.3.1 majority: a server of another text is acknowledged",
    world: "majority-texts",
    events: 1,
    edits: [
      {
        file: COMPOSE,
        from: "return to.beat.configHash === configHash && showsView(",
        to: "return showsView(",
      },
    ],
  },
  {
    name: "1.9 majority: the coordinator takes the text without a new epoch",
    world: "majority-texts",
    events: 1,
    edits: [
      {
        file: "firmware/pulse/majority-revision.js",
        from: "return { ...turn, part: { ...part, renewsSinceMs: event.atMs } };",
        to: "return switchTo(turn, next, membership);",
      },
    ],
  },
  {
    name: "1.9 majority: whoever holds a text takes it with any new epoch",
    world: "majority-texts",
    events: 2,
    edits: [
      {
        file: "firmware/pulse/majority-revision.js",
        from: "if (isInView && isShownWith(next.hash, view, peers))",
        to: "if (isNew)",
      },
    ],
  },
  {
    name: "1.9 majority: the others do not follow the text of their epoch",
    world: "majority-texts-peace",
    edits: [
      {
        file: "firmware/pulse/majority-revision.js",
        from: "if (isInView && isShownWith(next.hash, view, peers))",
        to: "if (view === null)",
      },
    ],
  },
  {
    name: "1.3.4 a new pulse takes what it has not heard yet for silence",
    world: "majority",
    events: 3,
    edits: [
      {
        file: `${MAJORITY}/core.js`,
        from: "listensFromMs: atMs,\n                promise: held,",
        to: "listensFromMs: 0,\n                promise: held,",
      },
    ],
  },
  {
    name: "L3 majority: a restarted pulse looks like a new boot",
    world: "majority",
    events: 1,
    edits: [
      {
        file: "test/explore/crew-host.js",
        from: "const lost = { ...host, pulse: null,",
        to: "const lost = { ...host, boot: host.boot + 1, pulse: null,",
      },
    ],
  },
  {
    name: "G6 majority: a start alone",
    world: "majority-start",
    edits: [
      {
        file: PROPOSE,
        from: "atMs < state.waitUntilMs || members.length < quorumOf(config.servers.length)",
        to: "atMs < state.waitUntilMs",
      },
      {
        file: PROPOSE,
        from: "const needed = quorumIn(state.view, field.config.servers.length);",
        to: "const needed = 1;",
      },
    ],
  },
  {
    name: "V2 a group is started that another member does not show stopped (majority)",
    world: "majority-orders",
    edits: [
      {
        file: RUN,
        from: "if (!isAtRest(words, index) || mayStillObey(state, index, words))",
        to: "if (words === undefined)",
      },
      { file: RUN, from: "!isMany(facts) || ", to: "true || " },
    ],
  },
  {
    name: "3 start at install without the new lease, whatever the others show (five servers)",
    world: "rivals",
    edits: [
      {
        file: "test/explore/small-agent.js",
        from: "const carries = holdsLease(pulse, NOW_MS, config);",
        to: "const carries = true;",
      },
      { file: "test/explore/small-agent.js", from: "if (!isFree)", to: "if (isFree === null)" },
    ],
  },
  {
    name: "1.4.6 started before the others have seen the order (majority)",
    world: "majority-orders-late",
    edits: [
      { file: RUN, from: "|| mayStillObey(state, index, words)", to: "" },
      {
        file: RUN,
        from: "said?.order === state.groups[index]?.order && said?.desired === state.self",
        to: "said !== null",
      },
    ],
  },
];
