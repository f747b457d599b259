/**
 * Waiting in tests: for something to become true, never for time to pass; each wait ends with an error that
 * names what did not come. A test that proves that nothing happens says so beside its pause.
 * Source: house rule "no sleeping", test/tidy.ts.
 */

/** Ms; far more than any wait needs, so that it is reached only by a fault, also on a busy machine. */
export const DEADLINE_MS = 10_000;
/** Ms between two looks. */
const LOOK_MS = 2;

/** null, undefined and false = not yet. */
type Look<T> = T | null | undefined | false;

/** Looks again and again; gives what `look` found, or fails with `what` after {@link DEADLINE_MS}. */
export function until<T>(what: string, look: () => Look<T> | Promise<Look<T>>): Promise<T> {
  return untilWithin(what, DEADLINE_MS, look);
}

/** The same with a deadline of its own, ms. */
export async function untilWithin<T>(
  what: string,
  deadlineMs: number,
  look: () => Look<T> | Promise<Look<T>>,
): Promise<T> {
  const endMs = performance.now() + deadlineMs;
  for (;;) {
    const found = await look();
    if (found !== null && found !== undefined && found !== false) return found;
    if (performance.now() > endMs) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** What `promise` gives; fails with `what` when it is not settled after {@link DEADLINE_MS}. */
export function within<T>(what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const refuse = (): void => reject(new Error(`not within ${DEADLINE_MS} ms: ${what}`));
    timer = setTimeout(refuse, DEADLINE_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** For what reports each of its changes: `until` looks when somebody rings, and not in between. */
export class Bell {
  #waiting: (() => void)[] = [];

  ring(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  /** Fails with `what` after {@link DEADLINE_MS}, however often it rang. */
  async until(what: string, holds: () => boolean): Promise<void> {
    const watch = async (): Promise<void> => {
      while (!holds()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    };
    await within(what, watch());
  }
}
