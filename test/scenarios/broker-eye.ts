/**
 * Looks into the virtual appliance's broker with the rights of an administrator: the retained text of
 * each topic as a reader sees it who connects anew whenever the line breaks.
 */
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { parseObject } from "../../firmware/cli/client.ts";
import { type BrokerLink, openBrokerLink } from "../../services/telemetry/broker-link.ts";

export interface BrokerEye {
  /** Newest text of a topic below the prefix; null = none, or no broker answers. */
  read(topic: string): Promise<string | null>;
  close(): Promise<void>;
}

/** Retained messages follow a subscription at once. */
const SETTLE_MS = 300;
const CONNECT_MS = 2000;

/** `place`: the `broker` section of `appliance.json`. */
export function openBrokerEye(place: Readonly<Record<string, unknown>>): BrokerEye {
  const { url, accountsFile, prefix } = place;
  const topics = new Map<string, string>();
  let link: BrokerLink | null = null;

  const open = async (): Promise<void> => {
    topics.clear();
    const accounts = parseObject(readFileSync(String(accountsFile), "utf8"));
    const ready = new Promise<void>((resolve) => {
      link = openBrokerLink(
        {
          url: String(url),
          clientId: "scenario",
          username: "admin",
          password: String(accounts?.["admin"]),
          ca: null,
          will: { topic: "nothing", payload: "" },
          subscriptions: [{ filter: `${prefix}/#`, wantsRetained: true }],
        },
        {
          onReady: resolve,
          onMessage: ({ topic, payload }) => {
            const text = Buffer.from(payload).toString("utf8");
            if (text === "") topics.delete(topic);
            else topics.set(topic, text);
          },
          onEnd: () => {
            link = null;
            topics.clear();
            resolve();
          },
        },
      );
    });
    await Promise.race([ready, pause(CONNECT_MS)]);
    await pause(SETTLE_MS);
  };
  return {
    async read(topic) {
      if (link === null) await open();
      return topics.get(`${prefix}/${topic}`) ?? null;
    },
    close: async () => link?.close(),
  };
}
