/**
 * The exit codes of `kage` and the one shape of everything that did not work. Scripts branch on the
 * code, people read message and remedy, so no trouble exists without a remedy.
 * Source: ecosystem.md 4.1.
 */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  refused: 3,
  unauthorised: 4,
  timeout: 5,
  unreachable: 6,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Anything that ends a command with another code than 0. */
export interface Trouble {
  readonly exit: ExitCode;
  /** Event catalogue code (`KG…`) when an agent said it, else null. */
  readonly code: string | null;
  /** What happened, in the operator's language where the command line itself says it. */
  readonly message: string;
  /** What to do next; never empty. */
  readonly remedy: string;
}

/** True for the codes an agent or a rack may put into its refusal. */
export function isExitCode(value: unknown): value is ExitCode {
  return Object.values(EXIT).some((code) => code === value);
}
