/**
 * The timing budget in words, for `kage config explain`: when the peer takes over at the latest, what
 * that time consists of, when this server gives up, and what the protection level promises.
 * Source: protocol.md 1.2, 1.3.6, 1.5, D54; R13, R47, R59, R85.
 */
import { unreachable } from "../../hal/base/assert.ts";
import type { Language } from "../catalogue/entry.ts";
import { usesCom, usesDisk } from "./budget.ts";
import { type Explainer, type ExplainKey, explainer } from "./explain-text.ts";
import type { LoadedConfig } from "./load.ts";
import type { Budget, QuorumMethod } from "./model.ts";

/** Lines without indentation or line ends. */
export function explainBudget(config: LoadedConfig, language: Language = "en"): string[] {
  const say = explainer(language);
  const b = config.budget;
  const { name, method, revision, hash } = config;
  const servers = `${config.servers.length}`;
  const isClaimed = method === "com-disk";
  const from = time(b.timeoutMs - b.intervalMs);
  return [
    say("head", { name, servers, method, revision: `${revision}`, hash }),
    say("takeover", {
      latest: time(b.judgeMs + b.deliveryMs + b.pauseMs),
      timeout: time(b.timeoutMs),
      delivery: ms(b.deliveryMs),
      late: ms(b.pauseMs),
      rest: time(b.judgeMs - b.timeoutMs),
      why: say(arbitration(method)),
    }),
    say("activation"),
    say("noticed", {
      from,
      to: time(b.timeoutMs + b.deliveryMs + b.pauseMs),
      interval: ms(b.intervalMs),
    }),
    say("silence", { silence: time(recoverableSilenceMs(b)) }),
    say("margin", { margin: ms(b.marginMs), late: `${b.pauseMs}`, giveUp: `${b.giveUpMs}` }),
    say(isClaimed ? "a1Claim" : "a1", { a1: ms(b.a1Ms) }),
    ...(isClaimed ? [say("a2", { a2: ms(b.a2Ms) })] : []),
    ...(method === "disk" ? stampLines(b, say) : [say("a3", { a3: ms(b.a3Ms) })]),
    say("sigma", { sigma: ms(b.sigmaMs), abstain: time(b.abstainMs) }),
    ...comLines(config, say),
    ...diskLines(config, say),
    say("start", { wait: time(config.timing.startSyncWaitMs) }),
    protectionLine(b, say),
  ];
}

/** Longest silence after which a resumed heartbeat still prevents a failover (R13), ms. */
export function recoverableSilenceMs(budget: Budget): number {
  // Shared disk: its own stamps carry a server until the verdict, unless that may come early.
  const endMs = budget.earlyVerdict ? budget.a3Ms : budget.leaveMs;
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
    case "mirror":
      return "whyLater";
    default:
      return unreachable(method);
  }
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

const ms = (value: number): string => `${value} ms`;

function time(value: number): string {
  return value < 1000 ? ms(value) : `${Number((value / 1000).toFixed(3))} s`;
}
