/**
 * The dialogs about people in a real browser: what an administrator keeps, and what everybody changes, by
 * keyboard, in both languages, with the refusals of the server in words.
 * Source: work order 3 item 7 (roles); WCAG 2.2.
 */
import type { Page } from "playwright-core";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { browserOfFile, enter, inPage } from "./browser.ts";
import { withPage } from "./visit.ts";

const browser = browserOfFile();

const focusedText = (page: Page): Promise<string> =>
  inPage(page, "document.activeElement?.textContent ?? ''");

async function openUsers(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Users", exact: true }).click();
  await page.getByRole("row", { name: /operator/ }).waitFor();
}

const names = (page: Page): Promise<string[]> => page.locator(".people tbody th").allInnerTexts();

if (browser !== null) {
  test("an administrator adds, changes and removes a user by keyboard alone", () =>
    withPage(browser(), {}, async (page, fixture) => {
      await enter(page, "admin");
      await page.getByRole("button", { name: "Users", exact: true }).focus();
      await page.keyboard.press("Enter");
      const dialog = page.getByRole("dialog", { name: "Users" });
      await dialog.getByRole("row", { name: /operator/ }).waitFor();
      await dialog.getByRole("button", { name: "Add user" }).focus();
      await page.keyboard.press("Enter");
      await page.locator(".user-form input:focus").waitFor();
      await page.keyboard.type("anna");
      await page.keyboard.press("Tab");
      await page.keyboard.press("ArrowRight");
      await page.keyboard.press("Tab");
      await page.keyboard.type("seven green herons");
      await page.keyboard.press("Tab");
      await page.keyboard.type("seven green heron");
      await page.keyboard.press("Enter");
      await dialog.getByText("The two passwords differ.").waitFor();
      await page.keyboard.type("s");
      await page.keyboard.press("Enter");
      await dialog.getByText("anna is added.").waitFor();
      assert.equal(fixture.people.accounts.get("anna"), {
        role: "op",
        password: "seven green herons",
      });
      await dialog.getByRole("row", { name: /anna/ }).waitFor();
      await dialog.locator("button:focus", { hasText: "Add user" }).waitFor();
      await dialog.getByRole("button", { name: /Role of anna/ }).focus();
      await page.keyboard.press("Enter");
      await page.locator(".user-form input:focus").waitFor();
      await page.keyboard.press("ArrowRight");
      await page.keyboard.press("Enter");
      await dialog.getByText("The role of anna is changed.").waitFor();
      assert.is(fixture.people.roleOf("anna"), "admin");
      await dialog.getByRole("button", { name: /Remove anna/ }).focus();
      await page.keyboard.press("Enter");
      await dialog.getByText("anna is logged out at once and cannot log in any more.").waitFor();
      await dialog.getByRole("button", { name: "Remove anna", exact: true }).click();
      await dialog.getByText("anna is removed.").waitFor();
      await page.keyboard.press("Escape");
      await page.locator("dialog").waitFor({ state: "detached" });
      assert.is(await focusedText(page), "Users");
    }));

  test("the last administrator is neither removed nor demoted, and the own password is not reset here", () =>
    withPage(browser(), {}, async (page, fixture) => {
      await enter(page, "admin");
      await openUsers(page);
      const row = page.getByRole("row", { name: /last administrator/ });
      assert.match(await row.innerText(), /^admin\s*you/);
      assert.is(await row.getByRole("button").count(), 0);
      const other = page.getByRole("row", { name: /operator/ });
      assert.is(await other.getByRole("button").count(), 3);
      await other.getByRole("button", { name: /New password for operator/ }).click();
      await page.fill("#field-password", "short");
      await page.fill("#field-again", "short");
      await page.keyboard.press("Enter");
      await page.getByText("The password cannot be used.", { exact: false }).waitFor();
      await page.fill("#field-password", "nine grey herons");
      await page.fill("#field-again", "nine grey herons");
      await page.keyboard.press("Enter");
      await page.getByText("The password of operator is changed.").waitFor();
      assert.is(fixture.people.accounts.get("operator")?.password, "nine grey herons");
      await other.getByRole("button", { name: /Role of operator/ }).waitFor();
      fixture.people.accounts.set("other", { role: "admin", password: "x".repeat(12) });
      await other.getByRole("button", { name: /Role of operator/ }).click();
      await page.getByRole("button", { name: "Cancel" }).click();
      await page.getByRole("button", { name: /Role of admin/ }).click();
      fixture.people.accounts.delete("other");
      await page.getByLabel("view only").check({ force: true });
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByText("The last administrator stays.", { exact: false }).waitFor();
      assert.is(fixture.people.roleOf("admin"), "admin");
    }));

  test("a name that exists is refused in words, and nobody's account is given away", () =>
    withPage(browser(), {}, async (page, fixture) => {
      await enter(page, "admin");
      await openUsers(page);
      await page.getByRole("button", { name: "Add user" }).click();
      await page.fill("#field-user", "operator");
      await page.fill("#field-password", "seven green herons");
      await page.fill("#field-again", "seven green herons");
      await page.keyboard.press("Enter");
      await page.getByText("There is a user operator already.", { exact: false }).waitFor();
      assert.is(fixture.people.accounts.get("operator")?.password, "correct horse");
      assert.equal(await names(page), ["adminyou", "operator", "viewer"]);
    }));

  test("everybody changes the own password with the present one, and only an administrator sees users", () =>
    withPage(browser(), { locale: "ja-JP" }, async (page, fixture) => {
      await enter(page, "viewer");
      assert.is(await page.getByRole("button", { name: "利用者", exact: true }).count(), 0);
      await page.getByRole("button", { name: /パスワードの変更/ }).click();
      await page.locator("#field-old:focus").waitFor();
      await page.keyboard.type("wrong horse");
      await page.fill("#field-password", "seven green herons");
      await page.fill("#field-again", "seven green herons");
      await page.keyboard.press("Enter");
      await page.getByText("現在のパスワードが正しくありません。", { exact: false }).waitFor();
      await page.fill("#field-old", "correct horse");
      await page.keyboard.press("Enter");
      await page.getByText("パスワードを変更しました。", { exact: false }).waitFor();
      assert.is(fixture.people.accounts.get("viewer")?.password, "seven green herons");
    }));
}

test.run();
