/**
 * axe-core finds nothing on login, picture, table, dialogs and stale page, in both themes and languages.
 * Source: work order 3 item 7 (axe-core clean); WCAG 2.2 A and AA.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { browserOfFile, enter, openConsole, partOf } from "./browser.ts";
import { openFixture } from "./fixture.ts";

const folder = join(import.meta.dirname, "../../../../firmware/telemetry/page");
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
  }[];
}

/** One line per violation and element. */
async function violations(page: Page, where: string): Promise<string[]> {
  const session = await page.context().newCDPSession(page);
  await session.send("Runtime.evaluate", { expression: axe });
  const { result } = await session.send("Runtime.evaluate", {
    expression:
      "axe.run({ runOnly: ['wcag2a','wcag2aa','wcag21a','wcag21aa','wcag22aa','best-practice'] })",
    awaitPromise: true,
    returnByValue: true,
  });
  await session.detach();
  const { violations: found } = result.value as AxeResult;
  return found.flatMap(({ id, nodes }) =>
    nodes.map(
      (node) => `${where}: ${id}: ${node.html.slice(0, 160)} ${node.failureSummary.slice(0, 300)}`,
    ),
  );
}

const browser = browserOfFile();

if (browser !== null) {
  for (const theme of ["light", "dark"] as const) {
    for (const locale of ["en-US", "ja-JP"] as const) {
      test(`axe-core finds nothing, ${theme}, ${locale}`, async () => {
        const fixture = await openFixture({ folder });
        const { page, close } = await openConsole(browser(), fixture.url, { theme, locale });
        const found: string[] = [];
        await page.waitForSelector("form");
        found.push(...(await violations(page, "login")));
        await enter(page, "admin");
        await page.locator(".live.is-live").waitFor();
        found.push(...(await violations(page, "healthy")));
        await page.locator(".masthead-user").click();
        await page.waitForSelector("#field-old");
        found.push(...(await violations(page, "own password")));
        await page.keyboard.press("Escape");
        await page.locator(".masthead-tools button").nth(1).click();
        await page.waitForSelector(".people tbody tr");
        found.push(...(await violations(page, "users")));
        await page.locator("dialog footer button").click();
        await page.keyboard.press("Enter");
        found.push(...(await violations(page, "new user")));
        await page.keyboard.press("Escape");
        await page.locator(".panel-tool").click();
        await page.waitForSelector(".plan-steps");
        found.push(...(await violations(page, "cluster")));
        await page.keyboard.press("Escape");
        fixture.cluster.rack({ verb: "cut", paths: ["lan1"] });
        fixture.cluster.setGroup("db", "stopped", null);
        fixture.cluster.setGroup("mail", "failed", "SERVER1");
        fixture.cluster.setNode("SERVER2", "detached");
        await page.waitForSelector(".card.tone-warn");
        found.push(...(await violations(page, "detached")));
        await page.locator(partOf("group/web")).click();
        await page.waitForSelector(".plan-steps, .plan .banner");
        found.push(...(await violations(page, "dialog")));
        await page.keyboard.press("Escape");
        fixture.cluster.takeOver("SERVER1", "SERVER2");
        await page.waitForSelector(".card.tone-bad");
        await page.locator(".event-head").first().click();
        found.push(...(await violations(page, "down")));
        await page.locator('input[name="topology-face"]').last().check({ force: true });
        await page.waitForSelector(".sheet");
        found.push(...(await violations(page, "table")));
        fixture.setDead(true);
        await page.waitForSelector(".stale-banner");
        found.push(...(await violations(page, "stale")));
        await close();
        await fixture.close();
        assert.equal(found, []);
      });
    }
  }
}

test.run();
