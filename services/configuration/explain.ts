/**
 * The timing budget in words, for `kage config explain`: when the peer takes over at the latest, what
 * that time consists of, when this server gives up, and what the protection level promises.
 * Source: protocol.md 1.2, 1.3.6, 1.5, D54; R13, R47, R59, R85.
 */
import { unreachable } from "../../hal/base/assert.ts";
import { usesCom, usesDisk } from "./budget.ts";
import type { LoadedConfig } from "./load.ts";
import type { Budget, QuorumMethod } from "./model.ts";

/** Lines without indentation or line ends, at most about 100 characters each. */
export function explainBudget(config: LoadedConfig): string[] {
  const b = config.budget;
  const noticedMs = b.timeoutMs + b.deliveryMs + b.pauseMs;
  const latestMs = b.judgeMs + b.deliveryMs + b.pauseMs;
  return [
    `Cluster ${config.name}, ${config.servers.length} servers, method ${config.method}, ` +
      `revision ${config.revision}, hash ${config.hash}`,
    `The peer takes over at the latest after ${seconds(latestMs)}: ` +
      `detection ${seconds(b.timeoutMs)}, delivery ${b.deliveryMs} ms, ` +
      `lateness ${b.pauseMs} ms, arbitration ${seconds(b.judgeMs - b.timeoutMs)} ` +
      `(${arbitration(config.method)}).`,
    "Activation follows: addresses within milliseconds, then each program's own start time.",
    `A crash is noticed ${seconds(b.timeoutMs - b.intervalMs)} to ${seconds(noticedMs)} after it, ` +
      `because a beat is sent every ${b.intervalMs} ms.`,
    `Beats that come back after a silence of up to ${seconds(recoverableSilenceMs(b))} cause no ` +
      "failover (R13: verdict less give-up margin less two intervals).",
    `Give-up margin M = ${b.marginMs} ms: pulse lateness P ${b.pauseMs} + give-up G ${b.giveUpMs} ` +
      "+ clock rates. P and G are assumed until measured; larger ones belong into the timing section.",
    `A1 ${b.a1Ms} ms: suspicion begins${config.method === "com-disk" ? ", first claim starts" : ""}.`,
    ...(config.method === "com-disk" ? [`A2 ${b.a2Ms} ms: second claim starts.`] : []),
    ...(config.method === "disk"
      ? stampLines(b)
      : [`A3 ${b.a3Ms} ms: end of lease; an owner that may not go on has given up M later, at T.`]),
    `One way of a beat there and back, sigma = ${b.sigmaMs} ms; ` +
      `a server without memory grants nothing for ${seconds(b.abstainMs)}.`,
    ...comLines(config),
    ...diskLines(config),
    `Start: a server that starts alone waits ${seconds(config.timing.startSyncWaitMs)} for the others.`,
    ...protectionLines(b),
  ];
}

/** Longest silence after which a resumed heartbeat still prevents a failover (R13), ms. */
export function recoverableSilenceMs(budget: Budget): number {
  // Shared disk: its own stamps carry a server until the verdict, unless that may come early.
  const endMs = budget.earlyVerdict ? budget.a3Ms : budget.leaveMs;
  return Math.max(0, endMs - 2 * budget.intervalMs);
}

function arbitration(method: QuorumMethod): string {
  switch (method) {
    case "com":
      return "the COM word is known before";
    case "com-disk":
      return "COM word and claim are finished before";
    case "none":
      return "nothing is resolved: when all LANs are cut, every server runs its groups";
    case "disk":
      return "the longer of 2 x heartbeat timeout and 2 x disk wait, less the detection";
    case "majority":
    case "mirror":
      return "not in this release";
    default:
      return unreachable(method);
  }
}

function comLines(config: LoadedConfig): string[] {
  const b = config.budget;
  if (config.com === null) return [];
  const use = `${Math.ceil(b.comLineUse * 100)} % of the line at ${config.com.baud} bit/s`;
  const beat = `COM: a beat every ${b.comIntervalMs} ms takes at most ${use}.`;
  if (!usesCom(config.method)) return [beat];
  return [
    beat,
    `COM word: newer than the LAN loss by more than ${b.comAliveMs} ms = the peer lives; ` +
      `older by more than ${b.comFaultyMs} ms = COM was faulty before; between = together.`,
  ];
}

function diskLines(config: LoadedConfig): string[] {
  const b = config.budget;
  if (!usesDisk(config.method)) return [];
  if (config.method === "disk") {
    const { claimMs, stampIntervalMs } = b;
    const cycle = `D = ${claimMs} ms for the write and the readings after it (assumed until measured)`;
    return [`Disk: a stamp every ${stampIntervalMs} ms, ${cycle}.`];
  }
  return [
    `Claim D = ${b.claimMs} ms for one write and one read of the array (assumed until measured).`,
    `A server without groups that cannot claim waits ${seconds(b.diskWaitMs)} beyond T for the ` +
      "array, then performs emergency shutdown.",
  ];
}

/** B8, R76, R77: the resolution time, and what happens at which age. */
function stampLines(b: Budget): string[] {
  const early = b.earlyVerdict
    ? `A peer without a sign of life for ${seconds(b.quietMs)} is judged down at once (early verdict, D1).`
    : "The verdict waits for this time (early verdict off).";
  return [
    `Resolution time ${seconds(b.judgeMs)}: the longer of 2 x ${seconds(b.timeoutMs)} heartbeat ` +
      `timeout and 2 x ${seconds(b.diskWaitMs)} disk wait (B8). ${early}`,
    `A3 ${b.a3Ms} ms: end of the LAN lease; from here an owner rests on its own stamps, each for ` +
      `${seconds(b.stampLeaseMs)} from its issue (disk wait less M).`,
    `${seconds(b.judgeMs - b.marginMs)}: a server that must give way to one of better cluster ` +
      `priority has begun to give up; M later, at ${seconds(b.judgeMs)}, its groups are placed.`,
  ];
}

function protectionLines(b: Budget): string[] {
  switch (b.protection) {
    case "reset-bounded":
      return [
        `Protection level reset-bounded: the watchdog resets a frozen server ${b.watchdogMs} ms ` +
          "after its last feed, before anybody takes its groups over.",
      ];
    case "storage-bounded":
      return [
        "Protection level storage-bounded: the array refuses writes of a server that lost its lease.",
      ];
    case "software-bounded": {
      const because =
        b.watchdogMs === 0
          ? "no watchdog"
          : `watchdog ${b.watchdogMs} + sigma ${b.sigmaMs} exceeds the timeout`;
      return [
        `Protection level software-bounded (${because}): only pauses up to P are covered; a server ` +
          "frozen for longer gives up when it wakes, after its successor has started.",
      ];
    }
    default:
      return unreachable(b.protection);
  }
}

function seconds(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${Number((ms / 1000).toFixed(3))} s`;
}
