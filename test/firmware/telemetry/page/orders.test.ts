/**
 * Orders of an administrator and orders by hand: shut down the cluster, force a server back, start now, and
 * a group dragged onto a server, which only opens the dialog that the keyboard opens as well.
 * Source: ecosystem.md 1.4, 3.2 point 5; WCAG 2.5.7.
 */
import type { Page } from "playwright-core";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { browserOfFile, enter, inPage, partOf, standsRight } from "./browser.ts";
import { withPage } from "./visit.ts";

const browser = browserOfFile();

/** Presses on the part, moves in steps as a hand does, and stays with the button down. */
async function drag(page: Page, from: string, to: string): Promise<void> {
  // Before the page is live it takes no orders, and says so.
  await page.locator(".live.is-live").waitFor();
  const part = page.locator(partOf(from));
  const start = await part.boundingBox();
  const end = await page.locator(partOf(to)).boundingBox();
  if (start === null || end === null) throw new Error(`${from} or ${to} is not in the picture`);
  // A part that has just changed its place glides there; hovering waits until it stands.
  await part.hover({ position: { x: start.width / 3, y: start.height / 2 } });
  await page.mouse.down();
  await page.mouse.move(end.x + end.width / 2, end.y + 30, { steps: 8 });
}

/** Where a card shows its name; chips lie over the middle. */
const HEAD = { x: 60, y: 20 };

const ghosts = (page: Page): Promise<string[]> => page.locator(".drag-ghost").allInnerTexts();

if (browser !== null) {
  test("a group dragged onto the other server is planned, confirmed by name, and moves", () =>
    withPage(browser(), {}, async (page) => {
      await enter(page);
      await drag(page, "group/web", "node/server2");
      assert.equal(await ghosts(page), ["Move web to SERVER2"]);
      assert.is(await page.getAttribute(partOf("node/server2"), "data-drop"), "here");
      assert.is(await page.locator("dialog").count(), 0, "nothing is asked before it is let go");
      await page.mouse.up();
      const dialog = page.getByRole("dialog");
      await dialog.getByText("would start web on SERVER2").waitFor();
      await dialog.getByText("kage group move web --to SERVER2").waitFor();
      const execute = dialog.getByRole("button", { name: "Move web" });
      assert.is(await execute.isDisabled(), true, "not before the name is typed");
      assert.is(await standsRight(page, "group/web"), false);
      await dialog.locator(".confirm input").fill("web");
      await page.keyboard.press("Enter");
      await dialog.getByText("done").waitFor();
      await page.keyboard.press("Escape");
      assert.is(await standsRight(page, "group/web"), true);
      assert.is(await page.locator(".drag-ghost, [data-drop], [data-dragging]").count(), 0);
    }));

  test("a stopped group dragged onto a server is offered to be started there", () =>
    withPage(browser(), {}, async (page, fixture) => {
      fixture.cluster.setGroup("db", "stopped", null);
      await enter(page);
      await page.locator(".tray").waitFor();
      await drag(page, "group/db", "node/server1");
      await page.mouse.up();
      await page.getByRole("dialog").getByText("kage group start db --to SERVER1").waitFor();
    }));

  test("Escape, the own server, a server that cannot take it and empty ground change nothing", () =>
    withPage(browser(), {}, async (page, fixture) => {
      await enter(page);
      await drag(page, "group/web", "node/server2");
      await page.keyboard.press("Escape");
      await page.mouse.up();
      assert.equal(await ghosts(page), []);
      await drag(page, "group/web", "node/server1");
      assert.equal(await ghosts(page), ["web"]);
      await page.mouse.up();
      fixture.cluster.setNode("SERVER2", "detached");
      await page.locator(partOf("node/server2")).and(page.locator(".tone-warn")).waitFor();
      await drag(page, "group/web", "node/server2");
      assert.equal(await ghosts(page), ["web cannot go to SERVER2 now"]);
      await page.mouse.up();
      await drag(page, "group/web", "node/server2");
      await page.mouse.move(20, 20, { steps: 4 });
      await page.mouse.up();
      assert.is(await page.locator("dialog, .drag-ghost").count(), 0);
      await page.locator(partOf("group/web")).click();
      await page.getByRole("dialog").waitFor();
    }));

  test("a drag goes on while the picture is drawn anew, and a viewer drags nothing", () =>
    withPage(browser(), {}, async (page, fixture) => {
      await enter(page, "viewer");
      await drag(page, "group/web", "node/server2");
      assert.equal(await ghosts(page), []);
      await page.mouse.up();
      await page.getByRole("button", { name: "Log out" }).click();
      await enter(page);
      await drag(page, "group/web", "node/server2");
      fixture.cluster.setCut("lan1", true);
      await page.locator(".cable.tone-bad").first().waitFor();
      await page.mouse.up();
      await page.getByRole("dialog").getByText("kage group move web --to SERVER2").waitFor();
    }));

  test("an administrator ends the whole cluster: plan, line, typed name, final word", () =>
    withPage(browser(), {}, async (page) => {
      await enter(page, "admin");
      await page.getByRole("button", { name: "Operate cluster" }).click();
      const dialog = page.getByRole("dialog", { name: "example" });
      await dialog.getByText("would stop every group and all servers").waitFor();
      await dialog.getByText("kage cluster shutdown").waitFor();
      const execute = dialog.getByRole("button", { name: "Shut down example" });
      assert.is(await execute.isDisabled(), true);
      await dialog.locator(".confirm input").fill("example");
      await page.keyboard.press("Enter");
      await dialog.getByText("done").waitFor();
    }));

  test("an operator is offered neither the cluster nor a shutdown", () =>
    withPage(browser(), {}, async (page) => {
      await enter(page);
      assert.is(await page.getByRole("button", { name: "Operate cluster" }).count(), 0);
      await page.locator(partOf("node/server2")).click({ position: HEAD });
      await page.getByText("would detach SERVER2").waitFor();
      const offered = await inPage(
        page,
        '[...document.querySelectorAll("dialog input[name=verb]")].map((each) => each.value)',
      );
      assert.equal(offered, ["detach"]);
    }));

  test("R191: with all servers down an administrator makes one the base, with its name typed", () =>
    withPage(browser(), {}, async (page, fixture) => {
      fixture.cluster.setNode("SERVER1", "detached");
      fixture.cluster.setNode("SERVER2", "detached");
      await enter(page, "admin");
      await page.locator(partOf("node/server1")).click({ position: HEAD });
      await page.getByLabel("Force back").check({ force: true });
      const dialog = page.getByRole("dialog");
      await dialog.getByText("would begin anew with SERVER1").waitFor();
      await dialog.getByText("kage server force-return SERVER1").waitFor();
      await dialog.locator(".confirm input").fill("SERVER1");
      await page.keyboard.press("Enter");
      await dialog.getByText("done").waitFor();
    }));

  test("R208: the wait of a server that starts alone is ended, in Japanese", () =>
    withPage(browser(), { locale: "ja-JP" }, async (page, fixture) => {
      fixture.cluster.setNode("SERVER2", "off");
      fixture.cluster.setNode("SERVER1", "starting");
      await enter(page, "admin");
      await page.locator(partOf("node/server1")).click({ position: HEAD });
      const dialog = page.getByRole("dialog");
      await dialog.getByText("SERVER1 は待機を終えます").waitFor();
      await dialog.getByText("kage cluster start-now --server SERVER1").waitFor();
      await dialog.locator(".confirm input").fill("SERVER1");
      await dialog.getByRole("button", { name: "SERVER1 を今すぐ起動" }).click();
      await dialog.getByText("完了").waitFor();
    }));
}

test.run();
