/**
 * Rules of two servers that are taken out: lease, claim, start, orders, texts.
 * Source: protocol.md 1.3, 1.4.5, 1.5, 1.7, 1.9, 2.1, 2.2, 2.4, chapter 3.
 */
import { COMPOSE, ON_RECEPTION, RUN } from "./mutant-edits.ts";
import type { Edit, Mutant } from "./mutant-table.ts";

const PEER = "services/heartbeat/peer.js";
const CLAIM = "services/quorum/core.js";
const COM_DISK = "services/quorum/com-disk.js";

const ONLY_THIS_EPOCH: Edit = {
  file: PEER,
  from: "acked !== null && sameEpoch(acked.epoch, view.epoch) ? acked.stampMs : null",
  to: "acked?.stampMs ?? null",
};
export const PAIR_MUTANTS: readonly Mutant[] = [
  {
    name: "3 owner does not give up at A3, and no watchdog",
    world: "claim",
    edits: [
      {
        file: COM_DISK,
        from: "evidence.mayOwn ? budget.a3Ms : budget.timeoutMs + budget.diskWaitMs",
        to: "budget.timeoutMs + budget.diskWaitMs",
      },
      {
        file: "services/quorum/com.js",
        from: "evidence.mayOwn ? budget.a3Ms : budget.timeoutMs",
        to: "budget.timeoutMs + budget.diskWaitMs",
      },
      {
        file: "test/explore/pair-host.js",
        from: "if (isReset && budget.watchdogMs > 0)",
        to: "if (isReset && budget.watchdogMs < 0)",
      },
    ],
  },
  {
    name: "3 no margin for the give-up",
    world: "claim-late",
    edits: [
      {
        file: "services/configuration/budget.js",
        from: "Math.ceil(pauseMs + giveUpMs + 2",
        to: "Math.ceil(2",
      },
    ],
  },
  {
    name: "L2 lease and claim on reception (two servers)",
    world: "claim",
    edits: ON_RECEPTION,
  },
  {
    name: "L5 no reset of a paused owner, no lease check on thaw (1.3.6)",
    world: "claim",
    events: 2,
    edits: [
      {
        file: "firmware/pulse/route.js",
        from: "return age <= (resets ? budget.timeoutMs - budget.watchdogMs : budget.a3Ms);",
        to: "return true;",
      },
      {
        file: "test/explore/pair-host.js",
        from: "if (isReset && budget.watchdogMs > 0)",
        to: "if (isReset && budget.watchdogMs < 0)",
      },
    ],
  },
  {
    name: "G1 claim without reading",
    world: "claim",
    events: 1,
    edits: [
      {
        file: CLAIM,
        from: "const lost = isValidClaim(peerClaim, context);",
        to: "const lost = false;",
      },
    ],
  },
  {
    name: "G1 read first, then write",
    world: "claim",
    edits: [
      {
        file: CLAIM,
        from: 'begin(next, "claim-write", atMs, (id) => ({\n            kind: "claim.write",\n            id,\n            claim: standing,\n        }))',
        to: 'begin(next, "claim-read", atMs, (id) => readOf(id, context))',
      },
      {
        file: CLAIM,
        from: 'return begin(done, "claim-read", event.atMs, (id) => readOf(id, context));',
        to: "return settle(healthy(done, event.atMs, config), null, { ...context, peerHost: 0 });",
      },
      {
        file: CLAIM,
        from: "return settle(healthy(done, event.atMs, config), claimOf(event.claim), context);",
        to: 'return isValidClaim(claimOf(event.claim), context) ? settle(done, claimOf(event.claim), context) : begin(done, "claim-write", event.atMs, (id) => ({ kind: "claim.write", id, claim: state.standing }));',
      },
    ],
  },
  {
    name: "G2 both claim at the same age",
    world: "claim",
    events: 1,
    edits: [
      {
        file: COM_DISK,
        from: "evidence.first ? budget.a1Ms : budget.a2Ms",
        to: "budget.a2Ms",
      },
    ],
  },
  {
    name: "1.3.4 takeover before the peer's grant has run out",
    world: "claim",
    events: 1,
    edits: [
      {
        file: "services/quorum/com.js",
        from: "return evidence.ageMs >= budget.timeoutMs && evidence.silenceMs >= evidence.grantedMs;",
        to: "return evidence.ageMs >= budget.a2Ms;",
      },
    ],
  },
  {
    name: "3 sole server goes on acknowledging, and acknowledgements count in any epoch, without rule 7",
    world: "claim-heals",
    edits: [
      ONLY_THIS_EPOCH,
      {
        file: COMPOSE,
        from: "if (!view.members.includes(to.index) || to.beat?.view == null)",
        to: "if (to.beat?.view != null && view.members.length === 1) return true;\n    if (!view.members.includes(to.index) || to.beat?.view == null)",
      },
      {
        file: "services/membership/core.js",
        from: "if (mine === null || compareEpochs(theirs.epoch, mine.epoch) <= 0)",
        to: "if (mine !== undefined)",
      },
    ],
  },
  {
    name: "L3 a restarted pulse looks like a new boot (two servers)",
    world: "claim",
    events: 1,
    edits: [
      {
        file: "test/explore/pair-host.js",
        from: "const lost = { ...host, pulse: null,",
        to: "const lost = { ...host, boot: host.boot + 1, pulse: null,",
      },
    ],
  },
  {
    name: "L10 a longer grant is forgotten with the text",
    world: "texts-shorter",
    edits: [
      {
        file: "services/quorum/com.js",
        from: "evidence.silenceMs >= evidence.grantedMs",
        to: "evidence.silenceMs >= budget.timeoutMs",
      },
      {
        file: "services/configuration/blend.js",
        from: 'const timeoutMs = max("timeoutMs");',
        to: "const timeoutMs = next.timeoutMs;",
      },
    ],
  },
  {
    name: "V3 a new text begins a new lease (1.9)",
    world: "texts-longer",
    edits: [
      {
        file: "services/membership/revision.js",
        from: "baseMs, carriedMs, listensFromMs, hosts } };",
        to: "carriedMs, hosts } };",
      },
    ],
  },
  {
    name: "G6 COM + disk: a start alone without a claim",
    world: "start-com-disk",
    edits: [
      {
        file: COM_DISK,
        from: 'evidence.diskHealthy ? { kind: "claim" } : { kind: "refuse", reason: "disk-faulty" }',
        to: '{ kind: "survive" }',
      },
    ],
  },
  {
    name: "V2 a group is started that another member does not show stopped (two servers)",
    world: "orders",
    edits: [
      {
        file: RUN,
        from: "if (!isAtRest(words, index) || mayStillObey(state, index, words))",
        to: "if (words === undefined)",
      },
    ],
  },
  {
    name: "1.4.5 COM + disk: started without a lease",
    world: "orders-late",
    edits: [{ file: RUN, from: "!facts.holdsLease || ", to: "" }],
  },
  {
    name: "1.4.6 started before the other has seen the order (two servers)",
    world: "orders-late",
    edits: [{ file: RUN, from: "|| mayStillObey(state, index, words)", to: "" }],
  },
];
