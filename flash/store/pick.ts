/**
 * Which of two copies holds the state: the whole decision as one pure table.
 * Intuition: a copy is good when its CRC is right; of two good ones the newer serial wins, where
 * serials are compared on a circle, so that 0 follows 4294967295. What cannot be decided is not
 * guessed: the defaults make the server come up detached, which harms nobody.
 * Source: style.md 1.8 (two copies with serial, as U-Boot's redundant environment); RFC 1982 3.2.
 */

/** Result of looking at one copy. `absent`: no such file; `bad`: there, but not readable as a copy. */
export type CopyState =
  | { readonly kind: "good"; readonly serial: number }
  | { readonly kind: "absent" }
  | { readonly kind: "bad" };

export type CopyName = "a" | "b";

/** Where the next save goes: the copy that is not in use, with a serial newer than any good one. */
export interface NextSave {
  readonly copy: CopyName;
  readonly serial: number;
}

export type Pick =
  | {
      readonly kind: "use";
      readonly copy: CopyName;
      /** The other copy is there and damaged: worth an event, replaced by the next save. */
      readonly damaged: CopyName | null;
      readonly next: NextSave;
    }
  | {
      readonly kind: "defaults";
      /** missing: first start; damaged: no good copy left; undecided: serials do not tell. */
      readonly reason: "missing" | "damaged" | "undecided";
      readonly next: NextSave;
    };

const HALF_CIRCLE = 0x8000_0000;

export function pick(a: CopyState, b: CopyState): Pick {
  if (a.kind === "good" && b.kind === "good") return newerOf(a.serial, b.serial);
  if (a.kind === "good") return use("a", a.serial, b.kind === "bad" ? "b" : null);
  if (b.kind === "good") return use("b", b.serial, a.kind === "bad" ? "a" : null);
  const missing = a.kind === "absent" && b.kind === "absent";
  const reason = missing ? "missing" : "damaged";
  return { kind: "defaults", reason, next: { copy: "a", serial: 0 } };
}

/** The serial after this one, 0 to 2^32 - 1. */
export function nextSerial(serial: number): number {
  return (serial + 1) >>> 0;
}

function newerOf(a: number, b: number): Pick {
  const ahead = (a - b) >>> 0;
  // Equal serials, or exactly half the circle apart: no save of ours leaves such a pair.
  if (ahead === 0 || ahead === HALF_CIRCLE) {
    return { kind: "defaults", reason: "undecided", next: { copy: "a", serial: nextSerial(b) } };
  }
  return ahead < HALF_CIRCLE ? use("a", a, null) : use("b", b, null);
}

function use(copy: CopyName, serial: number, damaged: CopyName | null): Pick {
  const next = { copy: copy === "a" ? "b" : "a", serial: nextSerial(serial) } as const;
  return { kind: "use", copy, damaged, next };
}
