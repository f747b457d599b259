/**
 * Event to pixel on loopback, and a large cluster at ten updates a second: the figures are printed, for they
 * are the machine's; what is tested is that every event is seen and that the picture is the newest one.
 * Source: work order 3, "Speed".
 */
import { join } from "node:path";
import type { Page } from "playwright-core";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { browserOfFile, enter, inPage, openConsole } from "./browser.ts";
import { type Fixture, openFixture } from "./fixture.ts";

const folder = join(import.meta.dirname, "../../../../firmware/telemetry/page");
const SAMPLES = 30;
const UPDATE_MS = 100;
const UPDATES = 50;
/** A frame is 16.7 ms; from one and a half on a picture was missed. */
const DROPPED_MS = 25;
const IDLE_MS = 2000;
const DEADLINE_MS = 10_000;

const browser = browserOfFile();

/** Instant (ms, wall) at which the frame with `text` in it has been handed over for painting. */
const pixelAt = (page: Page, text: string): Promise<number> =>
  inPage(
    page,
    `new Promise((seen) => {
      const wanted = ${JSON.stringify(text)};
      const look = () => document.querySelector(".timeline").textContent.includes(wanted);
      const report = () => requestAnimationFrame(() => {
        const channel = new MessageChannel();
        // The message is handled after the frame was painted.
        channel.port1.onmessage = () => seen(performance.timeOrigin + performance.now());
        channel.port2.postMessage(null);
      });
      const observer = new MutationObserver(() => {
        if (!look()) return;
        observer.disconnect();
        report();
      });
      observer.observe(document.body, { subtree: true, childList: true, characterData: true });
    })`,
  );

async function latencyMs(page: Page, fixture: Fixture, index: number): Promise<number> {
  const text = `sample number ${index} of the speed test`;
  const seen = pixelAt(page, text);
  // The observer must stand before the event leaves.
  await inPage(page, "document.title");
  const sentMs = performance.timeOrigin + performance.now();
  fixture.cluster.event({
    ...{ severity: "info", code: "KG-4011", key: "group.running" },
    ...{ subject: { kind: "group", id: "web" }, text: { en: text, ja: text } },
  });
  return (await seen) - sentMs;
}

/** Intervals between frames, ms. */
const frames = (page: Page, forMs: number): Promise<number[]> =>
  inPage<number[]>(
    page,
    `new Promise((done) => {
      const intervals = [];
      let before = 0;
      let began = 0;
      const frame = (atMs) => {
        if (before === 0) began = atMs;
        else intervals.push(atMs - before);
        before = atMs;
        if (atMs - began < ${forMs}) requestAnimationFrame(frame);
        else done(intervals);
      };
      requestAnimationFrame(frame);
    })`,
  );

interface Strain {
  readonly intervals: readonly number[];
  /** Processor time of the main thread per update, ms. */
  readonly cpuMs: number;
  /** Text of the last update's event. */
  readonly last: string;
}

/** Frames and processor time while ten updates a second arrive. */
async function strain(page: Page, fixture: Fixture, servers: number): Promise<Strain> {
  const { cluster } = fixture;
  const names = [...cluster.owners.keys()];
  let turn = 0;
  const update = (): void => {
    turn += 1;
    for (let i = 0; i < 8; i += 1) {
      const name = names[(turn * 8 + i) % names.length] ?? "";
      cluster.setGroup(name, "running", `SERVER${((turn + i) % servers) + 1}`);
    }
    const server = `SERVER${(turn % servers) + 1}`;
    cluster.setNode(server, turn % 3 === 0 ? "detached" : "member");
    cluster.setCut("lan1", turn % 2 === 0);
    cluster.event({
      ...{ severity: "warning", code: "KG-1001", key: "path.lost" },
      ...{
        subject: { kind: "path", id: "lan1" },
        text: { en: `update ${turn}`, ja: `更新 ${turn}` },
      },
    });
  };
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const cpuS = async (): Promise<number> => {
    const { metrics } = await session.send("Performance.getMetrics");
    return metrics.find(({ name }) => name === "TaskDuration")?.value ?? Number.NaN;
  };
  const beforeS = await cpuS();
  const timer = setInterval(update, UPDATE_MS);
  try {
    const intervals = await frames(page, UPDATE_MS * UPDATES);
    const cpuMs = (((await cpuS()) - beforeS) * 1000) / turn;
    return { intervals, cpuMs, last: `update ${turn}` };
  } finally {
    clearInterval(timer);
    await session.detach();
  }
}

const lateShare = (intervals: readonly number[]): number =>
  intervals.filter((ms) => ms > DROPPED_MS).length / intervals.length;

const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;

if (browser !== null) {
  test("speed: every event becomes a pixel, and how soon", async () => {
    const fixture = await openFixture({ folder });
    const { page, close } = await openConsole(browser(), fixture.url);
    await enter(page);
    const taken: number[] = [];
    for (let index = 0; index < SAMPLES; index += 1)
      taken.push(await latencyMs(page, fixture, index));
    taken.sort((a, b) => a - b);
    await close();
    await fixture.close();
    const figures = [0, 0.5, 0.95, 1].map((share) => quantile(taken, share).toFixed(1));
    console.log(
      `event to pixel, ms (min / median / p95 / max of ${SAMPLES}): ${figures.join(" / ")}`,
    );
    assert.is(taken.length, SAMPLES);
  });

  for (const groups of [32, 512]) {
    test(`speed: 16 servers, ${groups} groups, 10 updates/s: the picture is the newest`, async () => {
      const shape = {
        servers: Array.from({ length: 16 }, (_, index) => `SERVER${index + 1}`),
        groups: Array.from({ length: groups }, (_, index) => `group${index + 1}`),
      };
      const fixture = await openFixture({ folder, shape });
      const { page, close } = await openConsole(browser(), fixture.url);
      await enter(page);
      await page
        .locator(".chip")
        .nth(groups - 1)
        .waitFor();
      const idle = lateShare(await frames(page, IDLE_MS));
      const { intervals, cpuMs, last } = await strain(page, fixture, 16);
      const sorted = [...intervals].sort((a, b) => a - b);
      const figures = [0.5, 0.99, 1].map((share) => quantile(sorted, share).toFixed(1));
      console.log(
        `16 x ${groups}: ${intervals.length} frames, ms (median / p99 / max) ${figures.join(" / ")}; ` +
          `late ${(lateShare(intervals) * 100).toFixed(1)} %, idle ${(idle * 100).toFixed(1)} %; ` +
          `${cpuMs.toFixed(1)} ms CPU per update`,
      );
      await page.locator(".timeline", { hasText: last }).waitFor({ timeout: DEADLINE_MS });
      await close();
      await fixture.close();
    });
  }
}

test.run();
