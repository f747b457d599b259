/**
 * Text of a plan file: says in which line something stands, and why a text is no plan at all.
 * Intuition: whoever edits a plan by hand wants a line number, not a position. Source: work order 4 "Bad input".
 */

export type Parsed =
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "refused"; readonly text: string };

/** A plan of a thousand faults has some hundred kB; nothing longer is read. */
const TEXT_MAX = 4_000_000;

/** Never throws. The refusal names the line, from 1. */
export function parsePlanText(text: string): Parsed {
  const last = lineAt(text, text.trimEnd().length);
  if (text.length > TEXT_MAX) return refused(1, `expected at most ${TEXT_MAX} characters`);
  if (text.trim() === "")
    return refused(1, "empty; expected a plan as `npm run sim -- --json` prints it");
  try {
    return { kind: "value", value: JSON.parse(text) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const at = /at position (\d+)/.exec(why)?.[1];
    const isCut = at === undefined || Number(at) >= text.trimEnd().length;
    if (isCut && /end of JSON|Unterminated|Expected/.test(why)) {
      return refused(last, "cut short; expected the rest of the plan");
    }
    const line = at === undefined ? last : lineAt(text, Number(at));
    return refused(
      line,
      `not JSON (${why}); expected a plan as \`npm run sim -- --json\` prints it`,
    );
  }
}

/** Line of `path` (as `faults[2].kind`) in `text`, which is JSON; of what holds it where it is missing. */
export function lineOf(text: string, path: string): number {
  const steps = path.split(/[.[\]]+/).filter((step) => step !== "");
  return lineAt(text, new Finder(text).find(steps));
}

const refused = (line: number, text: string): Parsed => ({
  kind: "refused",
  text: `line ${line}: ${text}`,
});

const lineAt = (text: string, at: number): number => text.slice(0, at).split("\n").length;

/** Walks JSON that is known to be whole. */
class Finder {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  find(steps: readonly string[]): number {
    this.#blank();
    const from = this.#at;
    const [step, ...rest] = steps;
    const opens = this.#text[this.#at];
    if (step === undefined || (opens !== "{" && opens !== "[")) return from;
    this.#at += 1;
    for (let index = 0; ; index += 1) {
      this.#blank();
      const ends = this.#text[this.#at] ?? "";
      if (ends === "}" || ends === "]" || ends === "") return from;
      const key = opens === "{" ? this.#key() : String(index);
      if (key === step) return this.find(rest);
      this.#skip();
      this.#blank();
      if (this.#text[this.#at] === ",") this.#at += 1;
    }
  }

  #key(): string {
    const from = this.#at;
    this.#string();
    const key = this.#text.slice(from + 1, this.#at - 1);
    this.#blank();
    this.#at += 1;
    return key;
  }

  /** The value that begins here. */
  #skip(): void {
    this.#blank();
    let depth = 0;
    do {
      const sign = this.#text[this.#at];
      if (sign === undefined) return;
      if (sign === '"') this.#string();
      else {
        if (sign === "{" || sign === "[") depth += 1;
        else if (sign === "}" || sign === "]") depth -= 1;
        else if (depth === 0) return this.#scalar();
        this.#at += 1;
      }
    } while (depth > 0);
  }

  #scalar(): void {
    while (/[^,\s\]}]/.test(this.#text[this.#at] ?? " ")) this.#at += 1;
  }

  #string(): void {
    this.#at += 1;
    while (this.#at < this.#text.length && this.#text[this.#at] !== '"') {
      this.#at += this.#text[this.#at] === "\\" ? 2 : 1;
    }
    this.#at += 1;
  }

  #blank(): void {
    while (/\s/.test(this.#text[this.#at] ?? "x")) this.#at += 1;
  }
}
