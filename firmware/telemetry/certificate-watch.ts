/**
 * Looks after the end of this server's broker certificate: from 30 days before, the log gets a warning once
 * a day. A missing file is no expiry; `kage install --check` says that. Source: ecosystem.md 1.4 (rotation).
 */
import { EXPIRY_WARNING_DAYS, expiryOf } from "./broker-certificate.ts";

const LOOK_EVERY_MS = 3_600_000;
const WARN_EVERY_MS = 86_400_000;

export interface ExpiryNote {
  readonly key: "certificate.expiring";
  readonly data: { readonly detail: string; readonly count: number };
}

export class CertificateWatch {
  readonly #file: string;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #warnedMs = Number.NEGATIVE_INFINITY;

  constructor(file: string) {
    this.#file = file;
  }

  /** What the log has to be told, at most once a day. `atMs` is monotonic, `nowMs` wall-clock time. */
  look(atMs: number, nowMs: number): ExpiryNote | null {
    if (atMs - this.#lookedMs < LOOK_EVERY_MS) return null;
    this.#lookedMs = atMs;
    const expiry = expiryOf(this.#file, nowMs);
    if (expiry === null || expiry.daysLeft >= EXPIRY_WARNING_DAYS) return null;
    if (atMs - this.#warnedMs < WARN_EVERY_MS) return null;
    this.#warnedMs = atMs;
    const { until, daysLeft } = expiry;
    return { key: "certificate.expiring", data: { detail: until, count: Math.max(0, daysLeft) } };
  }
}
