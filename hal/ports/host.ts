/**
 * The host under the agent: floating addresses, monitored programs, and its own off switch.
 * Intuition: an owner is a host that holds an address and runs programs; whoever takes over must be
 * sure that both are gone elsewhere. So every order is answered by what was read back, never by
 * "accepted".
 * Source: requirements R44, R51-R53, R115; architecture.md 2 and 7; protocol.md 1.3.7, P1-P4.
 */

/** Somebody else on the public segment says that one of our addresses is his. */
export interface ForeignClaim {
  readonly address: string;
  /** The claimant's hardware address, `aa:bb:cc:dd:ee:ff`; empty where the medium has none. */
  readonly hardwareAddress: string;
}

/**
 * Why an order to the host could not be carried out. `unavailable`: tool or privilege missing;
 * `refused`: the kernel said no; `unconfirmed`: not read back in time.
 */
export type HostFaultCode = "unavailable" | "refused" | "unconfirmed" | "closed";

/** Rejection of an address order. The message names the tool, what was expected and what to do. */
export class HostFault extends Error {
  override readonly name = "HostFault";
  readonly code: HostFaultCode;

  constructor(code: HostFaultCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * What the segment says of an address. `unknown`: it could not be asked (tool missing, cable out, or a
 * kind of address that the make does not ask for), which refuses nothing.
 */
export type AddressUse = "free" | "in-use" | "unknown";

/**
 * Floating addresses of one server's public interface. Orders are carried out in the order given.
 * All promises reject with HostFault only.
 */
export interface AddressPort {
  /**
   * Asks the segment whether another station holds the address, within half a second. Only for a start
   * that nobody waits for: no takeover may spend this time. One that is up here is `free`.
   */
  probe(address: string): Promise<AddressUse>;
  /**
   * Resolves when the address was read back on the interface. One that is already there is adopted.
   * `prefixLength` in bits: 0-32 for IPv4, 0-128 for IPv6.
   */
  up(address: string, prefixLength: number): Promise<void>;
  /** Resolves when the address was read back as absent; an absent address is success. */
  down(address: string): Promise<void>;
  /** Tells the segment once (request and reply form, or neighbour advertisement). Never blocks. */
  announce(address: string): void;
  /**
   * One listener; a second call replaces the first. Only addresses that are up here are watched.
   */
  onForeignClaim(listener: (claim: ForeignClaim) => void): void;
  /** Lets go of tools and sockets. Addresses stay as they are (restart is not reset). */
  close(): void;
}

/** Emergency: stays off until a person turns it on. Planned: off by order. */
export type OffReason = "emergency" | "planned";

export interface OffPort {
  /** Returns at once; the caller does not live to hear an answer when it works. */
  off(reason: OffReason): void;
}

/** What one program of a group is started with. */
export interface ProgramSpec {
  readonly group: string;
  readonly resource: string;
  /** Program and arguments, no shell. The program is found by path or in PATH. */
  readonly argv: readonly string[];
  /** Added to the environment, over the base environment, under the KAGE_ variables. */
  readonly env: Readonly<Record<string, string>>;
  /** This server's own address for services (KAGE_PUBLIC_ADDRESS). */
  readonly publicAddress: string;
  /** First floating address of the group (KAGE_FLOATING_IP); null when it has none. */
  readonly floatingAddress: string | null;
}

/** A living program. */
export interface ProgramRun {
  readonly group: string;
  readonly resource: string;
  /** Pid of the program itself (not of its small parent). */
  readonly pid: number;
  /** Field 22 of /proc/pid/stat, clock ticks since boot: tells a recycled pid apart. */
  readonly startTicks: number;
  /** `<runDir>/programs/<group>/<resource>`. */
  readonly recordDir: string;
  /** Value of KAGE_PROGRAM; by it every process of this program is found. */
  readonly cookie: string;
  /** Own cgroup v2 folder, null where none is writable. */
  readonly cgroup: string | null;
}

/**
 * How a program ended. `status` is the shell's: 0-125 own, 126/127 not executable, 128+n signal n.
 */
export type ProgramEnd =
  | { readonly kind: "status"; readonly status: number }
  /** Its parent was killed too, so nobody heard the status. */
  | { readonly kind: "unknown" };

export interface ProgramExit {
  readonly group: string;
  readonly resource: string;
  readonly pid: number;
  readonly end: ProgramEnd;
  /** True when a stop was asked for, so the end is no failure. */
  readonly duringStop: boolean;
}

export type ProgramStarted =
  | { readonly kind: "started"; readonly run: ProgramRun; readonly outputLost: boolean }
  /** Twice at once: it runs already and was left alone. */
  | { readonly kind: "already-running"; readonly run: ProgramRun }
  | { readonly kind: "failed"; readonly detail: string };

export type ProgramAdopted =
  | { readonly kind: "running"; readonly run: ProgramRun }
  /** Ended while nobody watched. */
  | { readonly kind: "exited"; readonly exit: ProgramExit };

export type ProgramStopped =
  | { readonly kind: "stopped"; readonly tookMs: number; readonly killed: boolean }
  /**
   * Something survived KILL (`left`: pids): this server must not claim that the group is stopped.
   */
  | { readonly kind: "failed"; readonly left: readonly number[]; readonly detail: string };

/** Monitored programs. Orders for one program are carried out one after the other. */
export interface ProgramPort {
  /**
   * Does everything of a start that can be done before: an equal order then costs one word to a
   * waiting parent. One per program; a later one replaces it, an equal one changes nothing. It is no
   * program, and it ends with the agent. After a start or stop the runner does so again by itself.
   * What hinders it is reported, and the start takes its time.
   */
  prepare(spec: ProgramSpec): Promise<void>;
  start(spec: ProgramSpec): Promise<ProgramStarted>;
  /** What an earlier agent left: null when nothing was ever started, or it was stopped on order. */
  adopt(group: string, resource: string): Promise<ProgramAdopted | null>;
  /**
   * TERM, wait up to `stopTimeoutMs`, KILL, verify that nothing is left. Nothing there is success.
   */
  stop(group: string, resource: string, stopTimeoutMs: number): Promise<ProgramStopped>;
  /** Everything recorded here that is alive. */
  list(): Promise<readonly ProgramRun[]>;
  /** One listener; called once per ended program. */
  onExit(listener: (exit: ProgramExit) => void): void;
  /** Stops watching and ends what was prepared; programs go on. */
  close(): void;
}
