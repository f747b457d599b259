/**
 * One kept-open `ip -batch -` process: orders go in by a pipe, the interface as it is afterwards
 * comes out.
 * Intuition: no fork, no exec and no page from a hung disk stands between a give-up and the address
 * being gone. `ip` does not say when a command is done, so each order is followed by `addr show`
 * (the read-back) and by a nonsense word, whose complaint is the end mark: stdout is flushed per
 * command, stderr is unbuffered, and both share one pipe, so whatever precedes the mark belongs to
 * the order. Never `link show` here: it turns every later `addr show` of the same process into a
 * link listing.
 * Source: ip(8); architecture.md 2 (last will); protocol.md P1, P2.
 */
import { type ChildProcess, spawn } from "node:child_process";

/** What the kernel says of one interface. */
export interface InterfaceState {
  readonly index: number;
  /** `aa:bb:cc:dd:ee:ff` */
  readonly hardware: string;
  readonly addresses: readonly { readonly address: string; readonly prefixLength: number }[];
}

export type BatchReply =
  /** `state` null: there is no such interface. `errors`: complaints of `ip`, for messages only. */
  | {
      readonly kind: "answered";
      readonly state: InterfaceState | null;
      readonly errors: readonly string[];
    }
  | { readonly kind: "lost"; readonly detail: string };

interface Pending {
  readonly mark: string;
  readonly answer: (reply: BatchReply) => void;
  readonly timer: NodeJS.Timeout;
  state: InterfaceState | null;
  readonly errors: string[];
}

/** Thousands of addresses fit; more is no answer of `ip`. */
const OUTPUT_MAX_BYTES = 4 * 1024 * 1024;
/** Complaints kept per order. */
const ERRORS_MAX = 8;

export class IpBatch {
  readonly #command: readonly string[];
  readonly #interface: string;
  readonly #timeoutMs: number;
  #child: ChildProcess | null = null;
  #pending: Pending[] = [];
  #text = "";
  #marks = 0;

  /**
   * `command`: how to call `ip`, e.g. `["ip"]`. `timeoutMs`: an order not answered by then is lost.
   */
  constructor(command: readonly string[], networkInterface: string, timeoutMs: number) {
    this.#command = command;
    this.#interface = networkInterface;
    this.#timeoutMs = timeoutMs;
    this.#open();
  }

  /** Runs `commands` in order and reads the interface back. Never rejects. */
  run(commands: readonly string[]): Promise<BatchReply> {
    const child = this.#child ?? this.#open();
    return new Promise((answer) => {
      this.#marks += 1;
      const mark = `kage-mark-${this.#marks}`;
      const late = `no answer in ${this.#timeoutMs} ms`;
      const timer = setTimeout(() => this.#drop(child, late), this.#timeoutMs);
      this.#pending.push({ mark, answer, timer, state: null, errors: [] });
      const lines = [...commands, `addr show dev ${this.#interface}`, mark, ""];
      child.stdin?.write(lines.join("\n"));
    });
  }

  /** The next order goes to a new process, which knows no interface by an outdated index. */
  restart(): void {
    if (this.#child !== null) this.#drop(this.#child, "restarted");
  }

  close(): void {
    this.restart();
  }

  #open(): ChildProcess {
    const args = ["-c", 'exec "$@" 2>&1', "sh", ...this.#command, "-json", "-force", "-batch", "-"];
    const child = spawn("/bin/sh", args, {
      stdio: ["pipe", "pipe", "ignore"],
      env: { PATH: process.env["PATH"] ?? "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" },
    });
    this.#child = child;
    this.#text = "";
    child.stdin?.on("error", (error) => this.#drop(child, error.message));
    child.stdout?.on("data", (part: Buffer) => {
      if (this.#child === child) this.#take(child, part.toString("latin1"));
    });
    child.once("error", (error) => this.#drop(child, error.message));
    child.once("close", (status, signal) => this.#drop(child, `ended (${signal ?? status})`));
    return child;
  }

  #take(child: ChildProcess, part: string): void {
    const lines = (this.#text + part).split("\n");
    this.#text = lines.pop() ?? "";
    for (const line of lines) this.#takeLine(line);
    if (this.#text.length > OUTPUT_MAX_BYTES) this.#drop(child, "endless answer");
  }

  #takeLine(line: string): void {
    const [first] = this.#pending;
    if (first === undefined || line === "" || line.startsWith("Command failed")) return;
    if (line.includes(`"${first.mark}"`)) {
      this.#pending.shift();
      clearTimeout(first.timer);
      first.answer({ kind: "answered", state: first.state, errors: first.errors });
    } else if (line.startsWith("[")) {
      first.state = parseInterface(line, this.#interface);
    } else if (first.errors.length < ERRORS_MAX) {
      first.errors.push(line);
    }
  }

  /** All orders given to `child` are lost; orders are idempotent, so the caller may repeat them. */
  #drop(child: ChildProcess, why: string): void {
    if (this.#child !== child) return;
    this.#child = null;
    child.stdin?.destroy();
    child.kill("SIGKILL");
    const said = this.#text === "" ? "" : ` (${this.#text.slice(0, 200)})`;
    const lost = this.#pending;
    this.#pending = [];
    for (const pending of lost) {
      clearTimeout(pending.timer);
      const heard = pending.errors.length === 0 ? said : ` (${pending.errors.join("; ")})`;
      pending.answer({ kind: "lost", detail: `${this.#command.join(" ")} -batch: ${why}${heard}` });
    }
  }
}

/**
 * Reads one line of `ip -json addr show dev NAME`; null when it does not describe that interface.
 */
export function parseInterface(line: string, name: string): InterfaceState | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
  const found = asList(parsed).find((one) => field(one, "ifname") === name);
  const index = field(found, "ifindex");
  const hardware = field(found, "address");
  if (typeof index !== "number") return null;
  const addresses: { address: string; prefixLength: number }[] = [];
  for (const info of asList(field(found, "addr_info"))) {
    const address = field(info, "local");
    const prefixLength = field(info, "prefixlen");
    if (typeof address === "string" && typeof prefixLength === "number") {
      addresses.push({ address, prefixLength });
    }
  }
  return { index, hardware: typeof hardware === "string" ? hardware : "", addresses };
}

const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
