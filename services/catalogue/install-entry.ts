/**
 * Shape of what `kage install --check` says: one entry per finding, in English and Japanese. A finding
 * without a remedy is a good one.
 * Source: work order 3 item 5.
 */
import type { Language } from "./entry.ts";

export interface CheckText {
  readonly reason: string;
  /** What to do; absent where nothing is to be done. */
  readonly remedy?: string;
}

export type CheckEntry = Readonly<Record<Language, CheckText>>;

/** Reason and, where something is to be done, remedy; English first. */
export const checkEntry = (
  en: readonly [string, string?],
  ja: readonly [string, string?],
): { readonly en: CheckText; readonly ja: CheckText } => ({ en: text(en), ja: text(ja) });

function text([reason, remedy]: readonly [string, string?]): CheckText {
  return remedy === undefined ? { reason } : { reason, remedy };
}
