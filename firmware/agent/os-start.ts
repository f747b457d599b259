/**
 * When this host's operating system was started: the start sync wait counts from there, so that an agent
 * that is restarted does not wait again. A virtual server has no kernel of its own; whoever gave it power
 * says when. Source: requirements S2, R181-R183, D17.
 */

/** Absolute moment on the monotonic clock, ms; `agentStartedMs` stands in where a power supply is silent. */
export function osStartMs(
  env: Readonly<Record<string, string | undefined>>,
  agentStartedMs: number,
): number {
  // The monotonic clock of a kernel counts from its boot.
  if (env["KAGE_HOST_INCARNATION"] === undefined) return 0;
  const text = env["KAGE_HOST_STARTED_MS"] ?? "";
  const given = /^\d{1,15}$/.test(text) ? Number(text) : agentStartedMs;
  return Math.min(given, agentStartedMs);
}
