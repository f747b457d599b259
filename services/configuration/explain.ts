/**
 * The timing budget in words, for `kage config explain`: when the peer takes over at the latest, what
 * that time consists of, when this server gives up, and what the protection level promises.
 * Source: protocol.md 1.2, 1.3.6, 1.5, D54; R13, R47, R59, R85.
 */
import { unreachable } from "../../hal/base/assert.ts";
import type { Language } from "../catalogue/entry.ts";
import { dropLeadMs } from "../membership/majority/disk-rule.ts";
import { quorumOf } from "../membership/majority/votes.ts";
import { usesCom, usesDisk } from "./budget.ts";
import { type Explainer, type ExplainKey, explainer } from "./explain-text.ts";
import { formsOf } from "./form.ts";
import type { LoadedConfig } from "./load.ts";
import type { Budget, QuorumMethod } from "./model.ts";

/** Ways of a beat from silence to the first start: proposal, promises, view, acknowledgements (1.4). */
const MAJORITY_WAYS = 4;
/** The same where three and more decide by the disk: promises are in before the resolution time is over. */
const DISK_WAYS = 2;

/** Lines without indentation or line ends. */
export function explainBudget(config: LoadedConfig, language: Language = "en"): string[] {
  const say = explainer(language);
  const b = config.budget;
  const { name, method, revision, hash } = config;
  const servers = `${config.servers.length}`;
  const isClaimed = method === "com-disk";
  const from = time(b.timeoutMs - b.intervalMs);
  const isCrew = method === "disk" && config.servers.length > 2;
  const ways = method === "majority" ? MAJORITY_WAYS : isCrew ? DISK_WAYS : 0;
  const roundsMs = ways * (b.deliveryMs + b.pauseMs);
  return [
    say("head", { name, servers, method, revision: `${revision}`, hash }),
    config.edition === null ? say("noEdition") : say("edition", { edition: config.edition }),
    ...formLines(config, say),
    say("takeover", {
      latest: time(b.judgeMs + roundsMs + b.deliveryMs + b.pauseMs),
      timeout: time(b.timeoutMs),
      delivery: ms(b.deliveryMs),
      late: ms(b.pauseMs),
      rest: time(b.judgeMs + roundsMs - b.timeoutMs),
      why: say(isCrew ? "whyDiskMany" : arbitration(method)),
    }),
    ...(method === "majority" ? [majorityLine(config.servers.length, say)] : []),
    ...(isCrew ? [crewLine(config.servers.length, say)] : []),
    say("activation"),
    say("noticed", {
      from,
      to: time(b.timeoutMs + b.deliveryMs + b.pauseMs),
      interval: ms(b.intervalMs),
    }),
    say(isCrew ? "silenceMany" : "silence", { silence: time(recoverableSilenceMs(b, isCrew)) }),
    say("margin", { margin: ms(b.marginMs), late: `${b.pauseMs}`, giveUp: `${b.giveUpMs}` }),
    say(isClaimed ? "a1Claim" : "a1", { a1: ms(b.a1Ms) }),
    ...(isClaimed ? [say("a2", { a2: ms(b.a2Ms) })] : []),
    ...(method === "disk" ? stampLines(b, say) : [say("a3", { a3: ms(b.a3Ms) })]),
    say("sigma", { sigma: ms(b.sigmaMs), abstain: time(b.abstainMs) }),
    ...comLines(config, say),
    ...diskLines(config, say),
    say("start", { wait: time(config.timing.startSyncWaitMs) }),
    protectionLine(b, say),
    failureLine(config, say),
  ];
}

/**
 * Longest silence after which a resumed heartbeat still prevents a failover (R13), ms. `isCrew`: three and more
 * decide by the disk.
 */
export function recoverableSilenceMs(budget: Budget, isCrew = false): number {
  // Shared disk: its own stamps carry a server until the verdict, unless that may come early. Of three and more
  // somebody is named as out before, so that he has read it by then.
  const lastMs = isCrew ? Math.min(dropLeadMs(budget), budget.leaveMs) : budget.leaveMs;
  const endMs = budget.earlyVerdict ? budget.a3Ms : lastMs;
  return Math.max(0, endMs - 2 * budget.intervalMs);
}

function arbitration(method: QuorumMethod): ExplainKey {
  switch (method) {
    case "com":
      return "whyCom";
    case "com-disk":
      return "whyComDisk";
    case "none":
      return "whyNone";
    case "disk":
      return "whyDisk";
    case "majority":
      return "whyMajority";
    case "mirror":
      return "whyLater";
    default:
      return unreachable(method);
  }
}

/** R128-R131: what runs where, and what the loss of a server means for it. */
function formLines({ groups }: LoadedConfig, say: Explainer): string[] {
  return formsOf(groups).map(({ kind, groups: names }) => {
    const values = { groups: names.join(", ") };
    switch (kind) {
      case "one-way":
        return say("oneWay", values);
      case "two-way-same":
        return say("twoWaySame", values);
      case "two-way-different":
        return say("twoWayDifferent", values);
      case "parallel":
        return say("parallel", values);
      default:
        return unreachable(kind);
    }
  });
}

/** J1-J3: how many of the servers have to stay. */
function majorityLine(count: number, say: Explainer): string {
  const quorum = quorumOf(count);
  const values = { count: `${count}`, quorum: `${quorum}`, losses: `${count - quorum}` };
  return count % 2 === 0 ? say("majorityEven", values) : say("majority", values);
}

/** R67, B5: how many may be lost, and who goes on when the LANs fail. */
function crewLine(count: number, say: Explainer): string {
  return say("diskMany", { count: `${count}`, losses: `${count - 1}` });
}

function comLines(config: LoadedConfig, say: Explainer): string[] {
  const b = config.budget;
  if (config.com === null) return [];
  const use = `${Math.ceil(b.comLineUse * 100)}`;
  const baud = `${config.com.baud}`;
  const beat = say("comUse", { interval: ms(b.comIntervalMs), use, baud });
  if (!usesCom(config.method)) return [beat];
  return [beat, say("comWord", { alive: ms(b.comAliveMs), faulty: ms(b.comFaultyMs) })];
}

function diskLines(config: LoadedConfig, say: Explainer): string[] {
  const b = config.budget;
  if (!usesDisk(config.method)) return [];
  const claim = ms(b.claimMs);
  if (config.method === "disk") {
    return [say("stampCycle", { stamp: ms(b.stampIntervalMs), claim })];
  }
  return [say("claim", { claim }), say("diskWait", { wait: time(b.diskWaitMs) })];
}

/** B8, R76, R77: the resolution time, and what happens at which age. */
function stampLines(b: Budget, say: Explainer): string[] {
  const early = b.earlyVerdict ? say("early", { quiet: time(b.quietMs) }) : say("notEarly");
  const judge = time(b.judgeMs);
  return [
    say("resolution", { judge, timeout: time(b.timeoutMs), wait: time(b.diskWaitMs), early }),
    say("stampLease", { a3: ms(b.a3Ms), lease: time(b.stampLeaseMs) }),
    say("giveWay", { from: time(b.judgeMs - b.marginMs), judge }),
  ];
}

function protectionLine(b: Budget, say: Explainer): string {
  switch (b.protection) {
    case "reset-bounded":
      return say("resetBounded", { watchdog: ms(b.watchdogMs) });
    case "storage-bounded":
      return say("storageBounded");
    case "software-bounded": {
      const values = { watchdog: `${b.watchdogMs}`, sigma: `${b.sigmaMs}` };
      const because = b.watchdogMs === 0 ? say("noWatchdog") : say("lateWatchdog", values);
      return say("softwareBounded", { because });
    }
    default:
      return unreachable(b.protection);
  }
}

/** D24: what a failed process of the cluster itself leads to. */
function failureLine({ internalFailure = "emergency" }: LoadedConfig, say: Explainer): string {
  switch (internalFailure) {
    case "emergency":
      return say("failureEmergency");
    case "service-stop":
      return say("failureServiceStop");
    case "restart":
      return say("failureRestart");
    default:
      return unreachable(internalFailure);
  }
}

const ms = (value: number): string => `${value} ms`;

function time(value: number): string {
  return value < 1000 ? ms(value) : `${Number((value / 1000).toFixed(3))} s`;
}
