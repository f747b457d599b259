/**
 * Headless Chromium for the page's tests: one process per test file with a profile folder of its own,
 * one context per console. Anything the page throws, and any breach of the content security policy, is
 * collected and fails the test that asks for it. Source: work order 3 item 7 (`playwright-core`).
 */
import { existsSync } from "node:fs";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { test } from "uvu";
import { PASSWORD } from "./fake-people.ts";

const CANDIDATES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** null = there is no browser on this machine. */
const executablePath = CANDIDATES.find((path) => existsSync(path)) ?? null;

const SWITCHES = [
  ...["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"],
  ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
  ...["--disable-default-apps", "--disable-extensions", "--mute-audio"],
  // A console in the background of a test must be drawn like one in front.
  ...["--disable-background-timer-throttling", "--disable-renderer-backgrounding"],
];

/** Longest wait for anything on the page, ms. */
export const WAIT_MS = 10_000;

export interface Console {
  readonly page: Page;
  /** What the page threw, and policy breaches; must be empty at the end. */
  readonly faults: string[];
  close(): Promise<void>;
}

export interface ConsoleOptions {
  readonly width?: number;
  readonly height?: number;
  readonly theme?: "light" | "dark";
  readonly locale?: "en-US" | "ja-JP";
}

/** The browser of a file's tests, open while they run; null = there is none here, and the file is skipped. */
export function browserOfFile(): (() => Browser) | null {
  if (executablePath === null) {
    console.log("# skip no Chromium on this machine (Debian package chromium)");
    return null;
  }
  let browser: Browser | null = null;
  test.before(async () => {
    browser = await chromium.launch({ executablePath, args: SWITCHES });
  });
  test.after(() => browser?.close());
  return () => {
    if (browser === null) throw new Error("the browser is open only while tests run");
    return browser;
  };
}

export async function openConsole(
  browser: Browser,
  url: string,
  options: ConsoleOptions = {},
): Promise<Console> {
  const context: BrowserContext = await browser.newContext({
    viewport: { width: options.width ?? 1280, height: options.height ?? 900 },
    colorScheme: options.theme ?? "light",
    locale: options.locale ?? "en-US",
    reducedMotion: "reduce",
  });
  context.setDefaultTimeout(WAIT_MS);
  const page = await context.newPage();
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => {
    if (/Content Security Policy/i.test(message.text())) faults.push(message.text());
  });
  await page.goto(url);
  return { page, faults, close: () => context.close() };
}

/** Fills the login form and waits for the picture. */
export async function enter(page: Page, user = "operator"): Promise<void> {
  await page.fill("input[name=user]", user);
  await page.fill("input[name=password]", PASSWORD);
  await page.keyboard.press("Enter");
  await page.waitForSelector(".topology .card");
}

/** The part of the picture for a subject, `group/web` or `node/server1`. */
export const partOf = (subject: string): string => `[data-subject="${subject}"]`;

/** True when the part stands in the right half of the picture. */
export async function standsRight(page: Page, subject: string): Promise<boolean> {
  const picture = await page.locator(".topology").boundingBox();
  const box = await page.locator(partOf(subject)).boundingBox();
  if (picture === null || box === null) throw new Error(`${subject} is not in the picture`);
  return box.x + box.width / 2 > picture.x + picture.width / 2;
}

/** Evaluates an expression in the page; a text, because these tests are compiled without DOM types. */
export async function inPage<T>(page: Page, expression: string): Promise<T> {
  return page.evaluate<T>(expression);
}

export const focusedSubject = (page: Page): Promise<string | null> =>
  inPage(page, 'document.activeElement?.getAttribute("data-subject") ?? null');
