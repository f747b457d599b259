/**
 * Broken contracts crash the process; the supervisor restarts it. Never catch an AssertionFault.
 * Expected trouble (device lost, bad frame, refused command) is a value, not an assertion.
 */
export class AssertionFault extends Error {
  readonly code = "ASSERTION";
}

/** Throws AssertionFault unless `condition` holds. `what` says the contract in words. */
export function assert(condition: boolean, what: string): asserts condition {
  if (!condition) throw new AssertionFault(what);
}

/** Ends an exhaustive switch: a new member of the union stops the compiler here. */
export function unreachable(value: never): never {
  throw new AssertionFault(`unreachable: ${JSON.stringify(value)}`);
}
