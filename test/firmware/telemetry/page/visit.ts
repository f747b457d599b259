/**
 * One visit to the page: a stand-in server and a console that are closed afterwards, and judged: nothing
 * thrown, no breach of the policy, nothing asked for that is not there.
 */
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import * as assert from "uvu/assert";
import { type ConsoleOptions, openConsole } from "./browser.ts";
import { type Fixture, openFixture } from "./fixture.ts";

const folder = join(import.meta.dirname, "../../../../firmware/telemetry/page");

export async function withPage(
  browser: Browser,
  view: ConsoleOptions,
  play: (page: Page, fixture: Fixture) => Promise<void>,
): Promise<void> {
  const fixture = await openFixture({ folder });
  const console = await openConsole(browser, fixture.url, view);
  try {
    await play(console.page, fixture);
    assert.equal(console.faults, [], "nothing thrown, no policy breach");
    assert.equal(fixture.notFound, [], "nothing asked for that is not there");
  } finally {
    await console.close();
    await fixture.close();
  }
}
