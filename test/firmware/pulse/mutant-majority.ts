/**
 * Mutants of resolution by majority: each takes one rule of protocol.md 1.3-1.4 or one decision out of the
 * compiled cores. Source: protocol.md 1.3-1.4, 2.1, chapter 3; D15, D56.
 */
import type { Mutant } from "./mutant-table.ts";

const CORE = "services/membership/majority/core.js";
const LEASE = "services/membership/majority/lease.js";
const PROPOSE = "services/membership/majority/propose.js";
const SIGHT = "services/membership/majority/sight.js";
const VOTES = "services/membership/majority/votes.js";
const COMPOSE = "services/heartbeat/compose.js";

export const MAJORITY: readonly Mutant[] = [
  {
    name: "J3 half of the servers is enough",
    file: VOTES,
    from: "Math.floor(count / 2) + 1",
    to: "Math.ceil(count / 2)",
  },
  {
    name: "D15 every loss shrinks the count",
    file: VOTES,
    from: "configured - (view?.absent?.length ?? 0)",
    to: "(view?.members.length ?? configured)",
  },
  {
    name: "D15 planned leaves are counted on",
    file: VOTES,
    from: "configured - (view?.absent?.length ?? 0)",
    to: "configured",
  },
  {
    name: "1.3.2 the lease of one acknowledgement less",
    file: LEASE,
    from: "quorumIn(view, field.config.servers.length) - 1;",
    to: "quorumIn(view, field.config.servers.length) - 2;",
  },
  {
    name: "1.3.2 the lease of the freshest acknowledgement",
    file: LEASE,
    from: "stamps[needed - 1]",
    to: "stamps[0]",
  },
  {
    name: "1.4.3 a new view gives a whole lease",
    file: CORE,
    from: "wasIn && !state.lapsed ? leaseEndMs(state, field) : Number.NEGATIVE_INFINITY",
    to: "atMs + config.budget.a3Ms",
  },
  {
    name: "1.3.3 a lapse is not terminal",
    file: LEASE,
    from: "if (!isIn(state) || state.lapsed || state.gaveUp !== null)",
    to: "if (!isIn(state) || state.gaveUp !== null)",
  },
  {
    name: "1.3.1 a promise does not bind the grants",
    file: COMPOSE,
    from: "membership.promise?.members.includes(to.index) === false",
    to: "false",
  },
  {
    name: "1.4.2 promised without having lost the dropped one",
    file: PROPOSE,
    from: "return peer !== null && isGone(state, peer, field);\n        });\n    }",
    to: "return peer !== null;\n        });\n    }",
  },
  {
    name: "L8 newcomers vote",
    file: PROPOSE,
    from: "return isInMyView(state, beat) && state.view?.members.includes(index) === true;",
    to: "return true;",
  },
  {
    name: "1.4.3 installed without all of its members",
    file: PROPOSE,
    from: "if (showing.length < promise.members.length)\n        return null;",
    to: "",
  },
  {
    name: "1.4.3 installed without a majority of votes",
    file: PROPOSE,
    from: "votersAmong(state, showing, field).length >= needed",
    to: "true",
  },
  {
    name: "1.4.8 a promise is shown before the agent holds it",
    file: PROPOSE,
    from: "return shown !== null && isSame(shown, promise) ? promise : null;",
    to: "return promise;",
  },
  {
    name: "1.4.8 amnesia without abstaining",
    file: CORE,
    from: "wish.remembered ? state.abstainUntilMs : atMs + abstainMs",
    to: "state.abstainUntilMs",
  },
  {
    name: "D56 refused frames are silence",
    file: SIGHT,
    from: "field.atMs - heardMs >= waitMs && !isPresent(peer, field.atMs, field.config)",
    to: "field.atMs - heardMs >= waitMs",
  },
  {
    name: "1.3.4 silence counts from before this process listened",
    file: SIGHT,
    from: "Math.max(listensFromMs, peer.lanHeardAtMs ?? listensFromMs)",
    to: "(peer.lanHeardAtMs ?? Number.NEGATIVE_INFINITY)",
  },
  {
    name: "1.4.4 a lower view sets free from the promise",
    file: CORE,
    from: "promise: isBound ? state.promise : null",
    to: "promise: null",
  },
  {
    name: "1.4.1 whom another still hears is dropped all the same",
    file: PROPOSE,
    from: "other !== state.self && doesHear(other, index, field)",
    to: "false",
  },
  {
    name: "1.4.1 the best member proposes though it does not hear all",
    file: PROPOSE,
    from: "isVoter(index) && hearsAll(index)",
    to: "isVoter(index)",
  },
  {
    name: "1.3.3 nobody renews the view of a lapsed member",
    file: PROPOSE,
    from: "return peer.beat.lapsed === true && isInMyView(state, peer.beat);",
    to: "return false;",
  },
  {
    name: "1.4.1 a promise that came to nothing stays",
    file: PROPOSE,
    from: "stuckSinceMs !== null && field.atMs - stuckSinceMs >= field.config.budget.timeoutMs",
    to: "false",
  },
  {
    name: "1.7 a minority begins after the wait",
    file: PROPOSE,
    from: "members.length < quorumOf(config.servers.length)",
    to: "false",
  },
  {
    name: "1.7 a start without the wait",
    file: PROPOSE,
    from: "atMs < state.waitUntilMs ||",
    to: "",
  },
  {
    name: "J2 a minority without groups stays up",
    file: CORE,
    from: "if (field.atMs < verdictAtMs(state, field))\n        return still(state);\n    return fall(state, field);",
    to: "return still(state);",
  },
  {
    name: "1.4.4 excluded, and an owner goes on",
    file: CORE,
    from: 'if (field.mayOwn) {\n        const evidence = "a newer view without us";',
    to: 'if (false) {\n        const evidence = "a newer view without us";',
  },
];
