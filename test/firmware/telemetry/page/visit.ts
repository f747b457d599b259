/**
 * One visit to the page: a stand-in server and a console that are closed afterwards, and judged: nothing
 * thrown, no breach of the policy, nothing asked for that is not there.
 */
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import * as assert from "uvu/assert";
import { type Console, type ConsoleOptions, openConsole } from "./browser.ts";
import type { FakeShape } from "./fake-shape.ts";
import { type Fixture, openFixture } from "./fixture.ts";

const folder = join(import.meta.dirname, "../../../../firmware/telemetry/page");

/** How the console looks, and what stands behind it. */
export interface VisitOptions extends ConsoleOptions {
  readonly shape?: FakeShape;
  readonly setupNeeded?: boolean;
}

export async function withPage(
  browser: Browser,
  options: VisitOptions,
  play: (page: Page, fixture: Fixture, console: Console) => Promise<void>,
): Promise<void> {
  const { shape, setupNeeded, ...view } = options;
  const more = { ...(shape && { shape }), ...(setupNeeded && { setupNeeded }) };
  const fixture = await openFixture({ folder, ...more });
  const console = await openConsole(browser, fixture.url, view);
  try {
    await play(console.page, fixture, console);
    assert.equal(console.faults, [], "nothing thrown, no policy breach");
    assert.equal(fixture.notFound, [], "nothing asked for that is not there");
  } finally {
    await console.close();
    await fixture.close();
  }
}
