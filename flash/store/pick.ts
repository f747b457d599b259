/**
 * Which of two copies holds the state: the whole decision as one pure table.
 * Intuition: a copy is good when its CRC is right; of two good ones the newer serial wins, where
 * serials are compared on a circle, so that 0 follows 4294967295. What cannot be decided is not
 * guessed: the defaults make the server come up detached, which harms nobody. A copy that is lost may
 * have been the newer one: the other is used, and said to be in doubt.
 * Source: style.md 1.8 (two copies with serial, as U-Boot's redundant environment); RFC 1982 3.2; D18.
 */

/** Result of looking at one copy. */
export type CopyState =
  | { readonly kind: "good"; readonly serial: number }
  /** Whole, but written by a later version of the product, which alone can read its content. */
  | { readonly kind: "newer-version"; readonly serial: number }
  /** No such file. */
  | { readonly kind: "absent" }
  /** `torn`: cut or checksum wrong; `foreign`: not a copy of ours, or of no record. */
  | { readonly kind: "bad"; readonly why: "torn" | "foreign" }
  /** The disk answers with an error today and may give the old content back tomorrow. */
  | { readonly kind: "unreadable" };

export type CopyName = "a" | "b";

/** Where the next save goes: the copy that is not in use, with a serial newer than any known one. */
export interface NextSave {
  readonly copy: CopyName;
  readonly serial: number;
  /** Neither copy can be read: the save counts only when both are replaced, as either might win later. */
  readonly isForBoth: boolean;
}

export type Pick =
  | {
      readonly kind: "use";
      readonly copy: CopyName;
      /**
       * The other copy is lost, damaged or of a later version, and may have been the newer one: worth an
       * event, and no ground for a clean start. The next save replaces it.
       */
      readonly damaged: CopyName | null;
      readonly next: NextSave;
    }
  | {
      readonly kind: "defaults";
      /** missing: first start; damaged: no good copy left; undecided: serials do not tell. */
      readonly reason: "missing" | "damaged" | "undecided" | "newer-version";
      readonly next: NextSave;
    };

const HALF_CIRCLE = 0x8000_0000;

export function pick(a: CopyState, b: CopyState): Pick {
  const [serialA, serialB] = [serialOf(a), serialOf(b)];
  if (serialA !== null && serialB !== null) return newerOf(a, serialA, b, serialB);
  if (serialA !== null) return onlyOne("a", a, serialA, b);
  if (serialB !== null) return onlyOne("b", b, serialB, a);
  const missing = a.kind === "absent" && b.kind === "absent";
  const isForBoth = a.kind === "unreadable" && b.kind === "unreadable";
  // The one that might come back is the one to replace.
  const copy = b.kind === "unreadable" && !isForBoth ? "b" : "a";
  const next = { copy, serial: 0, isForBoth } as const;
  return { kind: "defaults", reason: missing ? "missing" : "damaged", next };
}

/** The serial after this one, 0 to 2^32 - 1. */
export function nextSerial(serial: number): number {
  return (serial + 1) >>> 0;
}

/** The save after this one, when this one is on disk. */
export function afterSave({ copy, serial }: NextSave): NextSave {
  return to(otherCopy(copy), nextSerial(serial));
}

const otherCopy = (copy: CopyName): CopyName => (copy === "a" ? "b" : "a");

function serialOf(state: CopyState): number | null {
  return state.kind === "good" || state.kind === "newer-version" ? state.serial : null;
}

function newerOf(a: CopyState, serialA: number, b: CopyState, serialB: number): Pick {
  const ahead = (serialA - serialB) >>> 0;
  // Equal serials, or exactly half the circle apart: no save of ours leaves such a pair.
  if (ahead === 0 || ahead === HALF_CIRCLE) {
    return { kind: "defaults", reason: "undecided", next: to("a", nextSerial(serialB)) };
  }
  const newer = ahead < HALF_CIRCLE ? "a" : "b";
  const serial = nextSerial(newer === "a" ? serialA : serialB);
  const [first, second] = newer === "a" ? [a, b] : [b, a];
  if (first.kind === "good") return use(newer, null, serial);
  if (second.kind === "good") return use(otherCopy(newer), newer, serial);
  return { kind: "defaults", reason: "newer-version", next: to(otherCopy(newer), serial) };
}

/** One copy has a serial. Only the very first save leaves the other one absent. */
function onlyOne(copy: CopyName, state: CopyState, serial: number, other: CopyState): Pick {
  const next = nextSerial(serial);
  if (state.kind !== "good") {
    return { kind: "defaults", reason: "newer-version", next: to(otherCopy(copy), next) };
  }
  const isFirstSave = other.kind === "absent" && serial === 0;
  return use(copy, isFirstSave ? null : otherCopy(copy), next);
}

function use(copy: CopyName, damaged: CopyName | null, serial: number): Pick {
  return { kind: "use", copy, damaged, next: to(otherCopy(copy), serial) };
}

const to = (copy: CopyName, serial: number): NextSave => ({ copy, serial, isForBoth: false });
