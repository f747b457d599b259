/**
 * The page in a real browser against a hand-written cluster: what an operator does and sees. Every test
 * opens a console of its own; nothing it throws and no breach of the policy is forgiven.
 * Source: work order 3 item 7 and "Faults and bad input"; ecosystem.md 3.2.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  browserOfFile,
  enter,
  focusedSubject,
  inPage,
  openConsole,
  partOf,
  standsRight,
} from "./browser.ts";
import { PASSWORD } from "./fake-people.ts";
import { SETUP_CODE } from "./fixture.ts";
import { withPage } from "./visit.ts";

const browser = browserOfFile();

if (browser !== null) {
  test("R210: number and hash of the configuration stand below the cluster, in both languages", () =>
    withPage(browser(), {}, async (page, fixture) => {
      await enter(page);
      await page.getByText("seen from SERVER1 · configuration 3 (3fa9c1d2)").waitFor();
      await page.getByRole("button", { name: "日本語で表示" }).click();
      await page.getByText("構成 3 (3fa9c1d2)").waitFor();
      fixture.cluster.setGroup("mail", "stopped", null);
      await page.locator(partOf("group/mail")).waitFor();
    }));

  test("login: a wrong password is said beside the form, the right one opens the picture", () =>
    withPage(browser(), {}, async (page) => {
      await page.fill("input[name=user]", "operator");
      await page.fill("input[name=password]", "wrong horse");
      await page.keyboard.press("Enter");
      await page.getByText("The user name or the password is wrong.").waitFor();
      assert.is(await page.locator(".topology").count(), 0, "nothing of the cluster before login");
      await enter(page);
      await page.getByText("The cluster survives one more server failure.").waitFor();
    }));

  test("first start: the one-time code makes the first administrator", () =>
    withPage(browser(), { setupNeeded: true }, async (page) => {
      await page.fill("input[name=code]", SETUP_CODE);
      await page.fill("input[name=user]", "admin");
      await page.fill("input[name=password]", PASSWORD);
      await page.fill("input[name=again]", "something else");
      await page.keyboard.press("Enter");
      await page.getByText("The two passwords differ.").waitFor();
      await page.fill("input[name=again]", PASSWORD);
      await page.keyboard.press("Enter");
      await page.waitForSelector(".topology .card");
    }));

  test("a cable pulled on the rack panel is seen as cut, with sign and word, and healed again", () =>
    withPage(browser(), {}, async (page) => {
      await enter(page);
      await page.getByRole("button", { name: "Pull lan1" }).click();
      await page.locator(".topology .cable.tone-bad", { hasText: "lan1 faulty" }).waitFor();
      await page.getByText("kage rack cut lan1").waitFor();
      await page.locator(".event", { hasText: "Path lan1 is faulty." }).waitFor();
      await page.getByRole("button", { name: "Plug in lan1" }).click();
      await page.locator(".topology .cable.tone-calm", { hasText: "lan1" }).waitFor();
    }));

  test("a takeover is seen: red server with word, group on the other, headline, story of events", () =>
    withPage(browser(), {}, async (page) => {
      await enter(page);
      assert.is(await standsRight(page, "group/web"), false);
      await page.getByRole("button", { name: "Power off: SERVER1" }).click();
      const card = page.locator(partOf("node/server1"));
      await card.and(page.locator(".tone-bad")).waitFor();
      assert.match((await card.textContent()) ?? "", "DOWN");
      await page.getByText("Running, but the next server failure stops the business.").waitFor();
      assert.is(await standsRight(page, "group/web"), true);
      const done = page.locator(".event", {
        hasText: "Failover of group web to SERVER2 is complete",
      });
      await done.getByRole("button", { name: /caused by/ }).click();
      const cause = page.locator(".event.is-open");
      await cause
        .getByText("Failover of group web from SERVER1 to SERVER2 has begun.")
        .first()
        .waitFor();
      assert.ok((await page.locator(".event.in-story").count()) >= 4, "the whole story is marked");
    }));

  test("a group is moved by keyboard alone: plan, kage line, typed name, progress to the end", () =>
    withPage(browser(), {}, async (page) => {
      await enter(page);
      await page.locator(".masthead button").last().focus();
      for (let presses = 0; presses < 20; presses += 1) {
        await page.keyboard.press("Tab");
        const at = await focusedSubject(page);
        if (at === "group/web") break;
      }
      await page.keyboard.press("Enter");
      const dialog = page.getByRole("dialog");
      await dialog.getByText("would start web on SERVER2").waitFor();
      const execute = dialog.getByRole("button", { name: "Move web" });
      assert.is(await execute.isDisabled(), true, "not before the name is typed");
      await page.keyboard.press("Tab");
      await page.keyboard.press("ArrowRight");
      await dialog.getByText("kage group move web --to SERVER2").waitFor();
      for (let presses = 0; presses < 6; presses += 1) {
        await page.keyboard.press("Tab");
        if (await inPage(page, 'document.activeElement.matches(".confirm input")')) break;
      }
      await page.keyboard.type("web");
      await page.keyboard.press("Enter");
      await dialog.getByText("done").waitFor();
      await page.keyboard.press("Escape");
      assert.is(await standsRight(page, "group/web"), true);
      const at = await focusedSubject(page);
      assert.is(at, "group/web", "the focus is back where it was");
    }));

  test("a server is detached and returned from the table", () =>
    withPage(browser(), {}, async (page) => {
      await enter(page);
      await page.getByLabel("Table", { exact: true }).check();
      const row = page.getByRole("row", { name: /SERVER2/ }).first();
      await row.getByRole("button", { name: "Operate SERVER2" }).click();
      await page.locator(".confirm input").fill("SERVER2");
      await page.getByRole("button", { name: "Detach SERVER2" }).click();
      await page.getByRole("dialog").getByText("done").waitFor();
      await page.getByRole("button", { name: "Close" }).click();
      await row.getByText("detached").waitFor();
      await row.getByRole("button", { name: "Operate SERVER2" }).click();
      await page.getByRole("button", { name: "Return SERVER2" }).click();
      await page.getByRole("dialog").getByText("done").waitFor();
    }));

  test("an order on what has changed meanwhile is refused with its reason", () =>
    withPage(browser(), {}, async (page, fixture) => {
      await enter(page);
      await page.locator(partOf("group/web")).click();
      await page.getByText("would start web on SERVER2").waitFor();
      fixture.cluster.owners.set("web", "SERVER2");
      await page.locator(".confirm input").fill("web");
      await page.getByRole("button", { name: "Move web" }).click();
      await page.getByRole("dialog").getByText("The owner has changed meanwhile.").waitFor();
    }));

  test("a viewer sees everything and can order nothing", () =>
    withPage(browser(), {}, async (page) => {
      await enter(page, "viewer");
      assert.is(await page.locator(".rack").count(), 0);
      await page.locator(partOf("group/web")).click();
      await page.getByText("Your role is view only").waitFor();
      assert.is(await page.locator("dialog form").count(), 0);
    }));

  test("everything is in Japanese, and the switch keeps the language after a reload", () =>
    withPage(browser(), { locale: "ja-JP" }, async (page, fixture) => {
      await enter(page);
      await page.getByText("あと 1 台のサーバ障害に耐えられます。").waitFor();
      assert.is(await page.getAttribute("html", "lang"), "ja");
      fixture.cluster.takeOver("SERVER1", "SERVER2");
      await page
        .getByText("グループ web のフェイルオーバが完了しました(SERVER2)", { exact: false })
        .first()
        .waitFor();
      assert.match((await page.locator(partOf("node/server1")).textContent()) ?? "", "ダウン");
      const text = await page.locator("main").innerText();
      const latin = text.match(/[a-z]{4,}/g) ?? [];
      const names = new Set(["example", "array", "mail", "kage", "start"]);
      assert.equal(
        latin.filter((word) => !names.has(word)),
        [],
        "no English word left",
      );
      await page.getByRole("button", { name: "Show in English" }).click();
      await page.reload();
      await page.getByText("Running, but the next server failure stops the business.").waitFor();
    }));

  const evil = '<img src=x onerror="window.pwned=1">';
  const shape = { servers: [`S1${evil}`, "SERVER2"], groups: [`web${evil}`, "</script><b>db"] };

  test("markup in group, server and event texts is inert in picture, table, events and dialog", () =>
    withPage(browser(), { shape }, async (page, fixture) => {
      const text = { en: `${evil}<script>window.pwned=1</script>`, ja: evil };
      fixture.cluster.event({
        ...{ severity: "error", code: evil.slice(0, 20), key: "x", text, why: text, hint: text },
        subject: { kind: "group", id: evil },
      });
      await enter(page);
      await page.locator(".event-head").first().click();
      await page.getByText(evil, { exact: false }).first().waitFor();
      await page.getByLabel("Table", { exact: true }).check();
      await page.getByRole("button", { name: `Operate web${evil}` }).click();
      await page.getByRole("dialog").getByText(`kage group move 'web`, { exact: false }).waitFor();
      const hurt = await inPage(
        page,
        '[window.pwned ?? null, document.querySelectorAll("img, b, main script").length]',
      );
      assert.equal(hurt, [null, 0]);
    }));

  test("two consoles at once see each other's order, and the second's stale one is refused", () =>
    withPage(browser(), {}, async (page, fixture) => {
      const other = await openConsole(browser(), fixture.url);
      await enter(page);
      await enter(other.page);
      for (const each of [page, other.page]) {
        await each.locator(partOf("group/web")).click();
        await each.getByText("would start web on SERVER2").waitFor();
        await each.locator(".confirm input").fill("web");
      }
      await page.getByRole("button", { name: "Move web" }).click();
      await page.getByRole("dialog").getByText("done").waitFor();
      await other.page.getByText("kage group move web").waitFor();
      assert.is(await standsRight(other.page, "group/web"), true);
      assert.equal(other.faults, []);
      await other.close();
    }));

  test("a dead server: all grey with the time, orders wait, the other page is offered; then live", () =>
    withPage(browser(), {}, async (page, fixture) => {
      await enter(page);
      fixture.setDead(true);
      await page
        .getByText(/This picture is not live. It shows what was known at \d\d:\d\d:\d\d/)
        .waitFor();
      const link = page.getByRole("link", { name: "Open the page of SERVER2" }).last();
      assert.is(await link.getAttribute("href"), "http://127.0.0.2:8090/");
      const filter = await inPage(
        page,
        'getComputedStyle(document.querySelector(".headline")).filter',
      );
      assert.is(filter, "grayscale(1)");
      await page.locator(partOf("group/web")).click();
      await page.getByText("Orders wait until the page is live again.").waitFor();
      await page.keyboard.press("Escape");
      fixture.setDead(false);
      await page.locator(".stale-banner").waitFor({ state: "detached", timeout: 20_000 });
    }));

  test("the last will of the telemetry makes the page stale although the broker lives", () =>
    withPage(browser(), {}, async (page, fixture) => {
      await enter(page);
      fixture.publish("node/server1/online", "offline", true);
      await page
        .getByText("The telemetry process of SERVER1 does not report", { exact: false })
        .waitFor();
      fixture.publish("node/server1/online", "online", true);
      await page.locator(".stale-banner").waitFor({ state: "detached" });
    }));

  test("an ended session leads to the login and says why", () =>
    withPage(browser(), {}, async (page, fixture) => {
      await enter(page);
      await inPage(page, 'fetch("/logout", { method: "POST", body: "{}" }).then(() => null)');
      fixture.dropConnections();
      await page.getByText("The session has ended. Log in again.").waitFor();
    }));

  for (const [width, what] of [
    [360, "phone"],
    [1280, "desk"],
  ] as const) {
    test(`nothing is wider than the screen on a ${what}`, () =>
      withPage(browser(), { width, height: 740 }, async (page, fixture) => {
        fixture.cluster.takeOver("SERVER1", "SERVER2");
        await enter(page);
        const wide = await inPage<number>(page, "document.documentElement.scrollWidth");
        assert.ok(wide <= width, `${wide} px`);
        await page.getByLabel("Table", { exact: true }).check();
        const table = await inPage<number>(page, "document.documentElement.scrollWidth");
        assert.ok(table <= width, `${table} px with the table`);
      }));
  }
}

test.run();
