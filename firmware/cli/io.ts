/**
 * The doors of the command line: streams, clocks, the operator's Ctrl-C. Commands receive this and
 * touch nothing else of the process, so a test stands in a fake terminal with its own clock.
 * Source: style.md rule 34.
 */
export interface CliOutput {
  /** Never throws; text after the reader has gone (EPIPE) is dropped. */
  write(text: string): void;
  readonly isTty: boolean;
  /** Terminal size in character cells, asked anew on each use; 80 x 24 when unknown. */
  size(): { readonly columns: number; readonly rows: number };
}

export interface CliIo {
  readonly stdout: CliOutput;
  readonly stderr: CliOutput;
  /** A question can be answered: standard input is a terminal. */
  readonly canAsk: boolean;
  /** Prints `question` and reads one line; null at end of input or interruption. */
  ask(question: string): Promise<string | null>;
  /**
   * Reads a line that is not shown: at a terminal after printing `question`, else the first line of
   * standard input. null at end of input or interruption.
   */
  secret(question: string): Promise<string | null>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Monotonic, ms. */
  nowMs(): number;
  /** Wall clock, ms since 1970; for showing ages of instants only. */
  wallMs(): number;
  /** Resolves after `ms` or at once when interrupted. */
  pause(ms: number): Promise<void>;
  /** Aborted by Ctrl-C, TERM, or when nobody reads standard output any more. */
  readonly interrupted: AbortSignal;
  /** How long one question to an agent may take, ms; default 2000. */
  readonly queryDeadlineMs: number;
  /** How long the acceptance of an order may take, ms; default 10000. */
  readonly orderDeadlineMs: number;
}
