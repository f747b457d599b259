/**
 * Keeps looking at the scripts of this server and tells when one is unfit or has changed.
 * Intuition: a deployment that breaks a script must be heard of that day, not at the next takeover.
 * One look after the other, in the background: a folder that hangs delays only the next look.
 * Source: requirements R118, R146; style 30 (a change is told with its reason).
 */
import { lookAtScript, parseScript, type ScriptVerdict } from "./script-file.ts";

export interface ScriptNews {
  readonly path: string;
  readonly verdict: ScriptVerdict;
  /** False = the first look at it. */
  readonly changed: boolean;
}

export interface ScriptWatchOptions {
  readonly paths: readonly string[];
  /** For interpreters that are named by `env`. */
  readonly searchPath: string;
  /** Hears of an unfit file at the first look, and of every change after it. */
  readonly onNews: (news: ScriptNews) => void;
  /** Between two rounds, ms, default 5000: five system calls per script. */
  readonly intervalMs?: number;
}

const INTERVAL_MS = 5000;

interface Known {
  readonly stamp: string;
  readonly verdict: ScriptVerdict;
}

export class ScriptWatch {
  readonly #options: ScriptWatchOptions;
  readonly #known = new Map<string, Known>();
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> | null = null;

  constructor(options: ScriptWatchOptions) {
    this.#options = options;
  }

  /** Resolves after the first look at all of them. */
  async start(): Promise<void> {
    if (this.#options.paths.length === 0) return;
    await this.look();
    const intervalMs = this.#options.intervalMs ?? INTERVAL_MS;
    this.#timer = setInterval(() => void this.look(), intervalMs).unref();
  }

  /** One round; a round under way is awaited instead. */
  look(): Promise<void> {
    this.#looking ??= this.#round().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  /** Files that cannot be run, by the newest look at each. */
  get unfit(): readonly { readonly path: string; readonly reason: string }[] {
    return [...this.#known].flatMap(([path, { verdict }]) =>
      verdict.kind === "unfit" ? [{ path, reason: verdict.reason }] : [],
    );
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  async #round(): Promise<void> {
    for (const path of new Set(this.#options.paths)) {
      const before = this.#known.get(path);
      const { stamp, verdict, shell } = await lookAtScript(path, this.#options.searchPath);
      const same = before?.stamp === stamp;
      // The interpreter may have gone or come while the file stayed as it was.
      if (same && (sameVerdict(before.verdict, verdict) || isComplaint(before, verdict))) continue;
      const reason =
        verdict.kind === "fit" && shell !== null ? await parseScript(path, shell) : null;
      const full: ScriptVerdict = reason === null ? verdict : { kind: "unfit", reason };
      this.#known.set(path, { stamp, verdict: full });
      const changed = before !== undefined;
      if (changed || full.kind === "unfit") this.#options.onNews({ path, verdict: full, changed });
    }
  }
}

function sameVerdict(a: ScriptVerdict, b: ScriptVerdict): boolean {
  if (a.kind === "unfit" && b.kind === "unfit") return a.reason === b.reason;
  return a.kind === b.kind;
}

/** Unfit by the shell's word about this very content: it is not asked again every round. */
const isComplaint = (before: Known, now: ScriptVerdict): boolean =>
  before.verdict.kind === "unfit" &&
  now.kind === "fit" &&
  before.verdict.reason.includes("does not understand it");
