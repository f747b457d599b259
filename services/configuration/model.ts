/**
 * The checked configuration as the cores see it. Built only by `load.ts`, which refuses anything that
 * breaks a cross-field rule, so that no core has to doubt a value again.
 * Source: requirements R1-R5, R11-R12, R57-R58, R80, R100, R140-R144; protocol.md 1.2.
 */
import type { GroupName, PathId, ServerIndex, ServerName } from "../../hal/base/ids.ts";

export type QuorumMethod = "com" | "com-disk" | "disk" | "majority" | "mirror" | "none";

/**
 * What follows when a process of the cluster itself (agent, pulse) hangs or is gone and its restart does not
 * succeed in time (D24). `emergency`: emergency shutdown. `service-stop`: the groups are ended just as fast, the
 * server stays on and outside. `restart`: the agent is restarted for as long as it takes; for the pulse as
 * `service-stop`, because without it nobody holds a lease.
 */
export type InternalFailure = "emergency" | "service-stop" | "restart";

export interface LanPath {
  readonly id: PathId;
  /** private = interconnect-dedicated LAN (R2), public = spare interconnect (R3). */
  readonly kind: "private" | "public";
  /** One per server, in the order of the server list. UDP host and port. */
  readonly addresses: readonly { readonly host: string; readonly port: number }[];
}

export interface ComPath {
  readonly id: PathId;
  /** One per server: serial device (`/dev/ttyS0`) or `tcp://host:port` (rack and tests only). */
  readonly devices: readonly string[];
  /** Line speed, bit/s, 8N1; default 38400. */
  readonly baud: number;
}

export interface ServerConfig {
  readonly name: ServerName;
  readonly index: ServerIndex;
  /** Interface that carries floating addresses on this server, e.g. `pub0`; unused on the rack. */
  readonly publicInterface: string;
}

export interface FloatingIpResource {
  readonly kind: "floating-ip";
  readonly name: string;
  /** IPv4 or IPv6 address without prefix. */
  readonly address: string;
  readonly prefixLength: number;
}

export interface ProgramResource {
  readonly kind: "program";
  readonly name: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Time between TERM and KILL at a stop, ms; default 5000. */
  readonly stopTimeoutMs: number;
  /** Restarts within `restartWindowMs` before the group fails over; default 3 (0 = fail over at once). */
  readonly restartMax: number;
  readonly restartWindowMs: number;
}

/** The group's own script (guide 2.2.4): each run gets the ARMS_ variables. */
export interface ScriptResource {
  readonly kind: "script";
  readonly name: string;
  /** Script and arguments; run when all resources before it are up. */
  readonly start: readonly string[];
  /** Run while the resources before it are still up, with the event of the start (D20). */
  readonly stop: readonly string[];
  /** Run once with event RECOVER on a server that has returned; null = nothing is run. */
  readonly recover: readonly string[] | null;
  /** A start (or recover) script that runs longer is an activation error (R166), ms; default 1800000. */
  readonly startTimeoutMs: number;
  /** A stop script that runs longer is a deactivation error (R166), ms; default 1800000. */
  readonly stopTimeoutMs: number;
}

export type ResourceConfig = FloatingIpResource | ProgramResource | ScriptResource;

export interface GroupConfig {
  readonly name: GroupName;
  readonly index: number;
  /** `auto` starts with the cluster (R141), `manual` waits for an order (R142). */
  readonly startAttribute: "auto" | "manual";
  /** Failover policy: servers in order of preference, the first is the home server (R144). */
  readonly policy: readonly ServerIndex[];
  /** Started in this order, stopped in reverse (R44). */
  readonly resources: readonly ResourceConfig[];
  /** This is one server's instance of that parallel group (R131); absent = an ordinary group. */
  readonly parallelOf?: string;
}

/** Times the operator gives; all others follow in `budget.ts`. All ms. */
export interface TimingInput {
  readonly heartbeatTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  readonly comIntervalMs: number;
  readonly diskWaitMs: number;
  readonly startSyncWaitMs: number;
  /** W + R: watchdog timeout plus reset; 0 = no watchdog. */
  readonly watchdogTimeoutMs: number;
  /** Shared disk: conclude as soon as max(T, DIO) passed without a sign of life (D1). Default false. */
  readonly earlyVerdict?: boolean;
}

/**
 * Derived times of protocol.md 1.2, ms. `budget.ts` computes and checks them.
 * a1Ms < a2Ms < a3Ms < timeoutMs; ages count from the newest acknowledged own beat.
 */
export interface Budget {
  /** T */
  readonly timeoutMs: number;
  /** I */
  readonly intervalMs: number;
  /** Icom */
  readonly comIntervalMs: number;
  /** DIO */
  readonly diskWaitMs: number;
  /** M = give-up margin */
  readonly marginMs: number;
  /** End of lease: an owner that may not go on has given up by this age. */
  readonly a3Ms: number;
  /** Second claimant starts (COM + disk). */
  readonly a2Ms: number;
  /** First claimant starts; suspicion begins. */
  readonly a1Ms: number;
  /** COM older than the LAN loss by more: faulty before. 0 without COM. */
  readonly comFaultyMs: number;
  /** COM newer than the LAN loss by more: the peer lived on. 0 without COM. */
  readonly comAliveMs: number;
  /** After amnesia no acknowledgement for this long. */
  readonly abstainMs: number;
  /** W + R, 0 = none. */
  readonly watchdogMs: number;
  /** sigma = 2I + 2 delta */
  readonly sigmaMs: number;
  /** Worst write + read of a claim. */
  readonly claimMs: number;
  /** Latest verdict after the LAN loss: T, with the shared-disk method 2 max(T, DIO) (B8). */
  readonly judgeMs: number;
  /** `judgeMs` less M: who has to give way begins to give up at this age. */
  readonly leaveMs: number;
  /** Shared disk: max(T, DIO), so long a lost peer must show no new stamp. T elsewhere. */
  readonly quietMs: number;
  /** Shared disk: a stamp carries its writer for so long from its issue, DIO - M. 0 elsewhere. */
  readonly stampLeaseMs: number;
  /** Shared disk: time between two stamps. 0 elsewhere. */
  readonly stampIntervalMs: number;
  /** Shared disk: the verdict may come before `judgeMs` (D1); never with DIO > T. */
  readonly earlyVerdict: boolean;
  readonly protection: "reset-bounded" | "storage-bounded" | "software-bounded";
}

export interface ClusterConfig {
  readonly name: string;
  /** 32 bit, derived from the cluster's name and creation id; in clear in every frame. */
  readonly clusterId: number;
  readonly revision: number;
  /** First 8 hex digits of SHA-256 over the configuration text. */
  readonly hash: string;
  readonly method: QuorumMethod;
  /** Default emergency. */
  readonly internalFailure?: InternalFailure;
  readonly servers: readonly ServerConfig[];
  readonly lans: readonly LanPath[];
  readonly com: ComPath | null;
  /** File, block device or `nbd://host:port/export`; one entry per server (same array, own path). */
  readonly disk: { readonly paths: readonly string[] } | null;
  readonly groups: readonly GroupConfig[];
  readonly timing: TimingInput;
  readonly budget: Budget;
}
