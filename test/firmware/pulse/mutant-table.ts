/**
 * The mutants: each takes one rule of protocol.md out of the compiled cores by replacing one text. The
 * text must occur exactly once in its file.
 */
import type { Replacement } from "../../mutants/mutant.ts";

export interface Mutant extends Replacement {
  /** What is left out, after the section or row of protocol.md. */
  readonly name: string;
}

const ROUTE = "firmware/pulse/route.js";
const EVIDENCE = "services/quorum/evidence.js";
const QUORUM = "services/quorum/core.js";
const COM_DISK = "services/quorum/com-disk.js";
const COM = "services/quorum/com.js";
const MEMBERSHIP = "services/membership/core.js";
const CHANGE = "services/membership/change.js";
const JOIN = "services/membership/join.js";
const HOLD = "services/failover/hold.js";
const AGENT_WATCH = "firmware/pulse/agent-watch.js";
const PEER = "services/heartbeat/peer.js";
const HEARTBEAT = "services/heartbeat/core.js";
const COMPOSE = "services/heartbeat/compose.js";
const RUN = "services/failover/run.js";
const ORDERS = "services/failover/orders.js";
const FAILOVER = "services/failover/core.js";
const SHUTDOWN = "services/failover/shutdown.js";

const PROTOCOL: readonly Mutant[] = [
  {
    name: "1.3.2 lease on reception instead of acknowledgement",
    file: EVIDENCE,
    from: "const ackedMs = acknowledgedMs(peer, standing.view);",
    to: "const ackedMs = acknowledgedMs(peer, standing.view) === null ? null : peer.lanHeardAtMs;",
  },
  {
    name: "1.5 claim 2: claim without reading",
    file: QUORUM,
    from: "const lost = isValidClaim(peerClaim, context);",
    to: "const lost = false;",
  },
  {
    name: "1.5 claim 2: read before write",
    file: QUORUM,
    from: 'begin(next, "claim-write", atMs, (id) => ({',
    to: 'begin(next, "claim-read", atMs, (id) => context.host !== "" ? readOf(id, context) : ({',
  },
  {
    name: "1.5 claim 6: owner does not give up at A3",
    file: COM_DISK,
    from: "evidence.mayOwn ? budget.a3Ms :",
    to: "evidence.mayOwn ? 2 * budget.timeoutMs :",
  },
  {
    name: "1.5: com: owner with a doubtful arbiter does not give up at A3",
    file: COM,
    from: "evidence.mayOwn ? budget.a3Ms :",
    to: "evidence.mayOwn ? 2 * budget.timeoutMs :",
  },
  {
    name: "L5: no lease check on thaw",
    file: MEMBERSHIP,
    from: "if (!isMember(state) || gapMs < leaseMs)",
    to: "if (gapMs >= 0 || !isMember(state))",
  },
  {
    name: "L9: amnesia without abstaining",
    file: COMPOSE,
    from: "|| atMs < membership.abstainUntilMs)",
    to: ")",
  },
  {
    name: "1.4.5: start without lease",
    file: RUN,
    from: "!facts.holdsLease ||",
    to: "",
  },
  {
    name: "1.4.6: start although the peer does not show the group stopped",
    file: RUN,
    from: "if (!isAtRest(words, index) || mayStillObey(state, index, words))",
    to: "if (false)",
  },
  // A server outside the view cannot show that view's epoch, so the epoch's check covers the members' one.
  {
    name: "1.3.1: grant whatever epoch the peer shows",
    file: COMPOSE,
    from: "&& showsView(to, view);",
    to: ";",
  },
  {
    name: "L3: host incarnation ignored",
    file: MEMBERSHIP,
    from: "if (known === null || peer.host === null || peer.host === known)",
    to: "if (known !== undefined)",
  },
  {
    name: "D56: presence ignored",
    file: COM,
    from: 'if (evidence.presence)\n        return "presence";',
    to: "",
  },
  {
    name: "G4: COM word by arrival instead of stamps",
    file: PEER,
    from: "const lanMs = peer.lanTwoWayStampMs;",
    to: "const lanMs = peer.lanHeardAtMs === null || peer.comHeardAtMs === null || peer.comStampMs === null ? null : peer.comStampMs - peer.comHeardAtMs + peer.lanHeardAtMs;",
  },
  {
    name: "G2: second claimant without delay",
    file: COM_DISK,
    from: "evidence.first ? budget.a1Ms : budget.a2Ms",
    to: "budget.a1Ms",
  },
  {
    name: "1.5 claim 5: the COM word is not read again",
    file: COM_DISK,
    from: "if (doubt !== null)",
    to: 'if (doubt !== null && claim !== "won")',
  },
  {
    name: "1.5 claim 7: a newer sole view without this server is ignored",
    file: MEMBERSHIP,
    from: "if (mine === null || compareEpochs(theirs.epoch, mine.epoch) <= 0)",
    to: "if (mine === null || theirs !== null)",
  },
  {
    name: "1.3.4: takeover before the peer's grant has run out",
    file: COM,
    from: "return evidence.ageMs >= budget.timeoutMs && evidence.silenceMs >= evidence.grantedMs;",
    to: "return evidence.ageMs >= budget.a2Ms;",
  },
  {
    name: "1.7: start alone although COM was heard",
    file: COM,
    from: "if (evidence.comHeard)",
    to: "if (evidence.comHeard && evidence.presence)",
  },
  {
    name: "D55: com-disk: start alone without a claim",
    file: COM_DISK,
    from: 'return evidence.diskHealthy ? { kind: "claim" } :',
    to: 'return evidence.diskHealthy ? { kind: "survive" } :',
  },
  {
    name: "D53: two sole owners stay",
    file: MEMBERSHIP,
    from: "return isSole(theirs, beat.from) ? meetConflict(state, beat, around) : null;",
    to: "return null;",
  },
  {
    name: "1.3.6: the watchdog is fed whatever the age of the lease",
    file: ROUTE,
    from: "return age <= (resets ? budget.timeoutMs - budget.watchdogMs : budget.a3Ms);",
    to: "return age >= 0 || resets;",
  },
  {
    name: "1.4.2: a member is dropped while its groups may run",
    file: JOIN,
    from: 'if (beat.mayOwn || state.server === "stopping" || state.view === null)',
    to: 'if (state.server === "stopping" || state.view === null)',
  },
];

/** The fixes of what the swarm found, taken back. */
const FOUND: readonly Mutant[] = [
  {
    name: "found: a new boot that is first heard on COM is not seen as one",
    file: MEMBERSHIP,
    from: "return takeOverRebooted(settled, peer, around) ?? done(settled);",
    to: "return done(settled);",
  },
  {
    name: "found: a claim counts as won while it is taken down",
    file: QUORUM,
    from: 'standing: null, claim: "pending" };',
    to: "standing: null };",
  },
  {
    name: "found: a claim of an older view counts",
    file: ROUTE,
    from: "if (!alone && standing !== null && !sameEpoch(standing.epoch, view.epoch)) {",
    to: "if (context.host === null) {",
  },
  {
    name: "found: a restarted pulse clears its block before it is told",
    file: QUORUM,
    from: "|| context.untold === true)",
    to: ")",
  },
  {
    name: "found: a starter's epoch voids another starter's claim",
    file: QUORUM,
    from: "context.guessed !== true &&",
    to: "",
  },
  {
    name: "found: a failed claim stays on the block",
    file: QUORUM,
    from: "standing: claiming ? null : state.standing,",
    to: "",
  },
  {
    name: "found: a beat without acknowledgement voids the one before",
    file: HEARTBEAT,
    from: "return peer.acked;",
    to: "return null;",
  },
  {
    name: "found: a taught pulse owes no verdict",
    file: ROUTE,
    from: "|| taught || freed",
    to: "|| freed",
  },
  {
    name: "found: a claim that a probe stood in the way of waits for its turn",
    file: ROUTE,
    from: "|| taught || freed",
    to: "|| taught",
  },
  {
    name: "found: a new pulse is answered an interval later",
    file: "firmware/pulse/beat-news.js",
    from: "!event.proven || event.beat.heardStampMs === null",
    to: "!event.proven",
  },
  {
    name: "found: a new pulse acknowledges an interval later",
    file: ROUTE,
    from: "|| isFirstWord(before, this.state)",
    to: "",
  },
  {
    name: "found: the serial line is blamed for a pause of both ways",
    file: HEARTBEAT,
    from: "if (wasAway(peer, beat.stampMs, config))",
    to: "if (false)",
  },
  {
    name: "found: a restarted pulse counts its absence as the peer's silence",
    file: MEMBERSHIP,
    from: "const next = { ...taught, listensFromMs: atMs, provisional, listenUntilMs };",
    to: "const next = { ...taught, listensFromMs: baseMs, provisional, listenUntilMs };",
  },
  {
    name: "found: a conflict outlives the other owner",
    file: MEMBERSHIP,
    from: "return stillMet ? state : { ...state, conflict: false };",
    to: "return state;",
  },
  {
    name: "found: the only server may leave",
    file: CHANGE,
    from: '(state.server === "leaving" && !alone)',
    to: '(state.server === "leaving")',
  },
  {
    name: "found: epochs heard from the peer do not raise the floor",
    file: MEMBERSHIP,
    from: "shown > settled.floor",
    to: "false",
  },
  {
    name: "found: one-way COM counts as silence at the start",
    file: EVIDENCE,
    from: "|| peer.unprovenAtMs !== null",
    to: "",
  },
  {
    name: "found: news put the watchdog's feed off",
    file: ROUTE,
    from: "lanTurn || hasNews(before, this.state);",
    to: "lanTurn;",
  },
  {
    name: "found: an agent speaks before it has looked",
    file: FAILOVER,
    from: "if (!heard.state.restored)\n        return heard;",
    to: "",
  },
  {
    name: "found: empty words count as a table",
    file: FAILOVER,
    from: "event.words !== null && isTable(event.words)",
    to: "event.words !== null",
  },
  {
    name: "found: a silent member loses its group",
    file: ORDERS,
    from: "shown === null ||",
    to: "",
  },
  {
    name: "found: a stranded group stays down",
    file: ORDERS,
    from: "group.stranded && !shuttingDown ?",
    to: "shuttingDown && group.stranded ?",
  },
  {
    name: "found: a restarted starter claims without listening",
    file: MEMBERSHIP,
    from: "Math.max(wish.waitUntilMs, atMs + config.budget.abstainMs)",
    to: "wish.waitUntilMs",
  },
  {
    name: "1.4.4: a newer view with this server in it is not installed by a member",
    file: MEMBERSHIP,
    from: "isMember(state) ? newer : promised;",
    to: "!isMember(state) && promised;",
  },
  {
    name: "1.4.8: a sole server takes the other in before its agent would teach the view",
    file: JOIN,
    from: "return !isSole(state.view, state.self) ||",
    to: "return state !== null ||",
  },
  {
    name: "1.4.8: an epoch proposed in vain is proposed again",
    file: MEMBERSHIP,
    from: "epoch.coordinator === state.self ? epoch.counter : 0;",
    to: "0;",
  },
  {
    name: "1.4.8: the word of an agent that is gone counts as held",
    file: AGENT_WATCH,
    from: "{ ...watch, held: null }",
    to: "{ ...watch }",
  },
  {
    name: "1.4.8: a repeated token counts as held",
    file: AGENT_WATCH,
    from: "moved ? viewOf(event.token) : watch.held;",
    to: "viewOf(event.token);",
  },
  {
    name: "1.4.8: a view is taught before it is on flash",
    file: HOLD,
    from: "|| !hold.kept ||",
    to: "||",
  },
  {
    name: "1.4.8: a new epoch without a new table is not kept",
    file: ORDERS,
    from: "const changed = newEpoch || groups.some((group, index) => group !== state.groups[index]);",
    to: "const changed = groups.some((group, index) => group !== state.groups[index]);",
  },
  {
    name: "1.4.8: a new agent does not keep that it is outside",
    file: FAILOVER,
    from: 'outside ? [{ kind: "table.persist" }] : [];',
    to: "[];",
  },
  {
    name: "found: late words from before the first placement undo it",
    file: ORDERS,
    from: "said === undefined || undoes",
    to: "said === undefined",
  },
  {
    name: "found: who stays does not hear that a group is stranded",
    file: ORDERS,
    from: "stranded: said.stranded === true,",
    to: "stranded: false,",
  },
  {
    name: "found: a deadline that passed during an event gets no tick",
    file: ROUTE,
    from: "markMs > state.tickedAtMs",
    to: "markMs > nowMs",
  },
  {
    name: "found: stamps of the boot before count as heard",
    file: HEARTBEAT,
    from: "ownMs !== null && ownMs <= event.atMs",
    to: "ownMs !== null",
  },
  {
    name: "found: who was deaf starts in its sole view at once",
    file: MEMBERSHIP,
    from: "isSole(wish.view, state.self) && wasDeaf",
    to: "false",
  },
  {
    name: "found: events put the ticks off",
    file: ROUTE,
    from: "state.tickedAtMs + budget.intervalMs",
    to: "Number.POSITIVE_INFINITY",
  },
  {
    name: "found: off is ordered once",
    file: SHUTDOWN,
    from: "if (again)",
    to: "if (again && state.offAtMs === 0)",
  },
];

export const MUTANTS: readonly Mutant[] = [...PROTOCOL, ...FOUND];
