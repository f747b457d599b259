/**
 * The signals that end the launcher: the first asks for an orderly shutdown, the second cuts the power.
 * Intuition: they are caught from before the first file is laid until the process is over, so that no
 * instant is left in which a Ctrl-C ends it with half of its things in place.
 * Source: issue 2 item 6 (Ctrl-C leaves nothing); signal(7).
 */

/** A moment that comes at most once. */
export interface Moment {
  readonly reached: Promise<void>;
  isReached(): boolean;
}

export interface Signals {
  readonly first: Moment;
  readonly second: Moment;
}

/** One Ctrl-C arrives twice: from the terminal, and passed on by npm. */
const SECOND_SIGNAL_MS = 500;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Never given back: the handlers do not keep the process alive. */
export function catchSignals(): Signals {
  let count = 0;
  let firstMs = 0;
  const resolvers: (() => void)[] = [];
  const moment = (nth: number): Moment => ({
    reached: new Promise((resolve) => {
      resolvers[nth] = resolve;
    }),
    isReached: () => count > nth,
  });
  const [first, second] = [moment(0), moment(1)];
  const onSignal = (): void => {
    if (count === 0) firstMs = performance.now();
    else if (performance.now() - firstMs < SECOND_SIGNAL_MS) return;
    resolvers[count]?.();
    count += 1;
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  return { first, second };
}
