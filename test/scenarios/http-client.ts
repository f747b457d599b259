/**
 * The client on the public LAN: asks a floating address who answers, one short connection at a time.
 * `keepAsking` is the customer who never stops, so that every answer of every owner is in the
 * cabinet's records when the oracle reads them.
 */
import { get } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { isRecord, parseObject } from "../../firmware/cli/client.ts";
import type { ClientAnswer } from "./world.ts";

/** A service that has not answered by then is down for a client. */
const ANSWER_WITHIN_MS = 500;
/** The demo service's answer is about 100 bytes. */
const ANSWER_CHARS_MAX = 4096;

/** null = refused, reset, silent or no answer of the demo service. */
export function askHealth(host: string, port: number): Promise<ClientAnswer | null> {
  return new Promise((resolve) => {
    const request = get({ host, port, path: "/health", agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        if (text.length < ANSWER_CHARS_MAX) text += chunk;
      });
      response.on("end", () => finish(readAnswer(text)));
      response.on("error", () => finish(null));
    });
    const finish = (answer: ClientAnswer | null): void => {
      clearTimeout(deadline);
      request.destroy();
      resolve(answer);
    };
    const deadline = setTimeout(() => finish(null), ANSWER_WITHIN_MS);
    request.on("error", () => finish(null));
  });
}

function readAnswer(text: string): ClientAnswer | null {
  const body = parseObject(text);
  if (!isRecord(body) || typeof body["server"] !== "string") return null;
  return { server: body["server"], life: `pid ${body["pid"]} since ${body["startedAt"]}` };
}

export interface Customer {
  stop(): Promise<void>;
}

/** Asks every address in turn, `everyMs` after the last round ended. */
export function keepAsking(
  addresses: () => Promise<readonly { readonly address: string; readonly port: number }[]>,
  everyMs: number,
): Customer {
  let open = true;
  const rounds = (async () => {
    const known = await addresses();
    while (open) {
      await Promise.all(known.map(({ address, port }) => askHealth(address, port)));
      await pause(everyMs);
    }
  })();
  return {
    stop: async () => {
      open = false;
      await rounds;
    },
  };
}
