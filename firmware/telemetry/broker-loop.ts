/**
 * Keeps one broker connected: a new link after every end, later and later, never in step with others.
 * A broker that is dead, black-holed or refuses the password costs one attempt every few seconds.
 * Source: ecosystem.md 1.2; services/telemetry/broker-link.ts.
 */
import { randomInt } from "node:crypto";
import {
  type BrokerLink,
  type BrokerLinkHandlers,
  type BrokerLinkOptions,
  openBrokerLink,
} from "../../services/telemetry/broker-link.ts";
import type { Publication } from "../../services/telemetry/outbox.ts";
import type { Log } from "../log.ts";

const RETRY_MS_MIN = 200;
const RETRY_MS_MAX = 5000;
/** A link that has held this long was a good one: the next attempt comes soon. */
const GOOD_MS = 10_000;

export interface BrokerLoop {
  publish(publication: Publication, done: () => void): void;
  readonly connects: number;
  close(): Promise<void>;
}

/** `options` is asked before every attempt, so that a new password counts. */
export function keepBroker(
  options: () => BrokerLinkOptions,
  handlers: Pick<BrokerLinkHandlers, "onMessage"> & { onReady(): void; onLost(): void },
  log: Log,
): BrokerLoop {
  let link: BrokerLink | null = null;
  let timer: NodeJS.Timeout | undefined;
  let retryMs = RETRY_MS_MIN;
  let readyMs: number | null = null;
  let connects = 0;
  let lastReason = "";
  let isClosed = false;

  const again = (reason: string, url: string): void => {
    link = null;
    if (readyMs !== null) {
      if (performance.now() - readyMs >= GOOD_MS) retryMs = RETRY_MS_MIN;
      readyMs = null;
      handlers.onLost();
    }
    if (isClosed) return;
    // The same trouble every few seconds would fill the log.
    if (reason !== lastReason) log.warn({ broker: withoutSecrets(url), reason }, "broker lost");
    lastReason = reason;
    timer = setTimeout(open, retryMs + randomInt(retryMs));
    retryMs = Math.min(RETRY_MS_MAX, retryMs * 2);
  };
  const open = (): void => {
    const asked = options();
    link = openBrokerLink(asked, {
      onReady() {
        readyMs = performance.now();
        connects += 1;
        lastReason = "";
        log.info({ broker: withoutSecrets(asked.url) }, "broker connected");
        handlers.onReady();
      },
      onMessage: (message) => handlers.onMessage(message),
      onEnd: (reason) => again(reason, asked.url),
    });
  };
  open();
  return {
    publish(publication, done) {
      // Without a connection the outbox is told by onLost, and begins again.
      link?.publish(publication, done);
    },
    get connects() {
      return connects;
    },
    async close() {
      isClosed = true;
      clearTimeout(timer);
      await link?.close();
    },
  };
}

function withoutSecrets(url: string): string {
  return url.replace(/\/\/[^@/]*@/, "//");
}
