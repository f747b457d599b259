/**
 * What a scenario may do to its servers and what it may see of them: wires, power, array, the
 * operator's command, a client. Rack, lab and the fake of the runner's own test are worlds.
 * A world that cannot do an order throws; the scenario must then not name that world.
 * Source: architecture.md 7 (rack and tests reach servers only through wires, power and array).
 */
import type { StatusDocument } from "../../services/status.ts";
import type {
  DiskFault,
  FolderCondition,
  Role,
  SlotContent,
  WireOrder,
} from "./command-grammar.ts";
import type { ClusterLine, WorldKind } from "./language.ts";
import type { ScriptCondition } from "./script-folder.ts";

/** One server as its cabinet sees it. */
export interface Machine {
  readonly name: string;
  readonly on: boolean;
  readonly frozen: boolean;
  /** Changes with every power-on and every reset by the watchdog. */
  readonly incarnation: string;
  readonly pids: Readonly<Partial<Record<Role, number>>>;
}

/** One answer of the demo service through the floating address. */
export interface ClientAnswer {
  readonly server: string;
  /** Names the life of the answering program: another text = another process. */
  readonly life: string;
}

/** One line of a server's event log. */
export interface LoggedEvent {
  /** Rises within one server's log; null where the log does not number. */
  readonly seq: number | null;
  /** Wall clock as logged; with `seq` and `key` it tells one entry from another. */
  readonly at: string;
  readonly key: string;
  readonly severity: string;
  readonly text: string;
}

/**
 * The cabinet's own record, in the order of time. `atMs` is one monotonic clock for the whole world.
 * `announce` to `array-write` are acts of a server; the rest are acts on it.
 */
export type WorldRecord = { readonly atMs: number; readonly server: string } & (
  | { readonly kind: "announce" | "withdraw"; readonly address: string }
  /** Bytes that the public switch carried from the server to a client. */
  | { readonly kind: "answer"; readonly address: string }
  | { readonly kind: "array-write" }
  | { readonly kind: "power"; readonly on: boolean; readonly reason: string }
  | { readonly kind: "freeze"; readonly frozen: boolean }
);

export interface Answer {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a server's process tree holds, seen from outside. */
export interface LivingProgram {
  readonly server: string;
  readonly group: string;
  readonly pid: number;
}

/** How time passes in a world that has its own. */
export interface WorldClock {
  nowMs(): number;
  pause(ms: number): Promise<void>;
}

export interface World {
  readonly kind: WorldKind | "fake" | "sim";
  /** Absent = the machine's. */
  readonly clock?: WorldClock;
  readonly cluster: ClusterLine;
  /** All servers powered; returns when the appliance says that it stands. */
  start(): Promise<void>;
  /** Ends everything; returns a line per process or mount that it had to leave behind. */
  close(): Promise<readonly string[]>;
  wire(order: WireOrder): Promise<void>;
  power(server: string, on: boolean): Promise<void>;
  freeze(server: string, frozen: boolean): Promise<void>;
  signal(server: string, role: Role, signal: NodeJS.Signals): Promise<void>;
  /** Its process is killed and not started again, until `lost` is false. */
  lose(server: string, role: "agent" | "pulse", lost: boolean): Promise<void>;
  /** The broker that stands beside the rack. */
  signalBroker(signal: NodeJS.Signals): Promise<void>;
  /** The server's telemetry process runs in an endless loop from now on. */
  spin(server: string): Promise<void>;
  /** Retained text of a topic below the cluster's prefix; null = none, or no broker answers. */
  topic(topic: string): Promise<string | null>;
  /** Kills the group's program wherever it runs, as the out-of-memory killer would. */
  killProgram(group: string): Promise<void>;
  disk(server: string | null, fault: DiskFault): Promise<void>;
  /** A foreign station on the public segment takes the group's floating address, or leaves. */
  stranger(group: string, on: boolean): Promise<void>;
  kage(args: readonly string[]): Promise<Answer>;
  /** One request to the agent of that server, whichever leads; the answer's JSON or the refusal's text. */
  order(server: string, verb: string, args: Readonly<Record<string, unknown>>): Promise<Answer>;
  wrongKey(server: string): Promise<void>;
  garbage(path: string, server: string, count: number): Promise<void>;
  replay(path: string, from: string, count: number): Promise<void>;
  slot(server: string, content: SlotContent): Promise<void>;
  /** `other`: the frames that the server sends bear another version; no other bit of them is changed. */
  version(server: string, other: boolean): Promise<void>;
  stateFolder(server: string, condition: FolderCondition): Promise<void>;
  /** Throws when no group of the story has a script. */
  script(condition: ScriptCondition): Promise<void>;
  /** Starts a second appliance on the same state folder and waits for its end. */
  secondAppliance(): Promise<Answer>;
  /** null = the server's agent does not answer. */
  status(server: string): Promise<StatusDocument | null>;
  /** Whole log; from the folder when the agent does not answer. */
  events(server: string): Promise<readonly LoggedEvent[]>;
  machines(): Promise<readonly Machine[]>;
  /** null = refused, closed or silent. */
  client(group: string): Promise<ClientAnswer | null>;
  records(): Promise<readonly WorldRecord[]>;
  /** Programs of groups that live in a server's tree. */
  programs(): Promise<readonly LivingProgram[]>;
  /** Free text for a failed transcript: the tail of the logs. */
  blackBox(): Promise<string>;
}
