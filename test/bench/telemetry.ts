/**
 * How long an event and a change of state take from the agent to a reader at the broker, and what the
 * telemetry process weighs: `node dist/test/bench/telemetry.js [embedded|mosquitto]`. No root needed.
 * Source: work order 3 "Speed" (event to pixel <= 200 ms median on loopback; memory said); proc(5).
 */
import { readFileSync } from "node:fs";
import { argv, stdout } from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { type Observer, type Rig, withRig } from "../firmware/telemetry/rig.ts";
import { PREFIX, picture } from "../services/telemetry/desk-stage.ts";

const EVENTS = 500;
const CHANGES = 50;
const EVENT_EVERY_MS = 10;
/** Beyond the feed's shortest distance of two pictures. */
const CHANGE_EVERY_MS = 150;
const SETTLE_MS = 2000;

/** Moments at which a reader heard what `is` tells apart, in order. */
async function measure(
  observer: Observer,
  count: number,
  everyMs: number,
  topic: string,
  cause: (nth: number) => string,
): Promise<number[]> {
  const born = new Map<string, number>();
  const took: number[] = [];
  const heard = observer.heard;
  let looked = heard.length;
  const look = setInterval(() => {
    for (; looked < heard.length; looked += 1) {
      const message = heard[looked];
      if (message?.topic !== `${PREFIX}/${topic}`) continue;
      const text = Buffer.from(message.payload).toString();
      for (const [mark, atMs] of born) {
        if (!text.includes(mark)) continue;
        took.push(performance.now() - atMs);
        born.delete(mark);
      }
    }
  }, 1);
  for (let nth = 0; nth < count; nth += 1) {
    born.set(cause(nth), performance.now());
    await pause(everyMs);
  }
  await pause(SETTLE_MS);
  clearInterval(look);
  return took.sort((a, b) => a - b);
}

function sum(name: string, wanted: number, took: readonly number[]): string {
  const at = (part: number): string =>
    (took[Math.min(took.length - 1, Math.floor(took.length * part))] ?? Number.NaN).toFixed(1);
  return `${name}: ${took.length} of ${wanted}, ms: median ${at(0.5)}, 99 % ${at(0.99)}, worst ${at(1)}`;
}

/** Resident and proportional memory, MiB. */
function memory(rig: Rig): string {
  const { pid } = rig.telemetry();
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  const of = (key: string): string =>
    (Number(new RegExp(`^${key}: +(\\d+)`, "m").exec(text)?.[1]) / 1024).toFixed(1);
  return `telemetry and dashboard: Rss ${of("Rss")} MiB, Pss ${of("Pss")} MiB, anonymous ${of("Anonymous")} MiB`;
}

const kind = argv[2] === "mosquitto" ? "mosquitto" : "embedded";
await withRig(kind, async (rig) => {
  const observer = await rig.observe("viewer");
  while (observer.last("node/server1/online") !== "online") await pause(10);
  await pause(SETTLE_MS);
  const events = await measure(observer, EVENTS, EVENT_EVERY_MS, "event", () => {
    const { seq } = rig.log("group.running");
    return `"id":"SERVER1-${seq}"`;
  });
  const changes = await measure(observer, CHANGES, CHANGE_EVERY_MS, "state", (nth) => {
    rig.show(picture({ epoch: 100 + nth, reasons: [{ code: "KG-1001", text: `mark ${nth}.` }] }));
    return `mark ${nth}.`;
  });
  stdout.write(`${kind}\n${sum("event", EVENTS, events)}\n${sum("state", CHANGES, changes)}\n`);
  stdout.write(`${memory(rig)}\n`);
});
