/**
 * Keeps the embedded broker of the virtual appliance running beside the rack, in a process of its own: it
 * may die at any time, and then the picture is grey for a moment and nothing else happens. When its library
 * is missing the appliance goes on without telemetry and says what to install.
 * Source: architecture.md 8; work order 3 item 6.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { BROKER_ACCOUNTS } from "../../flash/broker/rights.ts";
import { type BlockPrefix, rackHost } from "../../hal/rack/plan.ts";
import { BROKER_READY, EXIT_NO_LIBRARY } from "./broker.ts";
import { writeWhole } from "./folders.ts";

/** Port of the embedded broker in the rack's block. */
const BROKER_PORT = 1883;
const READY_MS = 10_000;
const RETRY_MS_MIN = 100;
const RETRY_MS_MAX = 2000;
/** A child that has lived this long was a good one. */
const GOOD_MS = 5000;

export interface BrokerPlace {
  readonly url: string;
  readonly accountsFile: string | null;
}

export interface BrokerChild extends BrokerPlace {
  /** Ends the broker; resolves when it is gone. */
  close(): Promise<void>;
}

export interface BrokerChildOptions {
  readonly nodePath: string;
  readonly mainJs: string;
  readonly block: BlockPrefix;
  /** `kage/v1/<cluster>`. */
  readonly prefix: string;
  readonly runDir: string;
  readonly say: (text: string) => void;
}

/** null: no broker can be had; the reason was said. */
export async function startBroker(options: BrokerChildOptions): Promise<BrokerChild | null> {
  const host = rackHost(options.block);
  const accountsFile = join(options.runDir, "broker-accounts.json");
  const passwords = BROKER_ACCOUNTS.map((name) => [name, randomBytes(24).toString("base64url")]);
  writeWhole(accountsFile, `${JSON.stringify(Object.fromEntries(passwords))}\n`);
  const keeper = new Keeper(options, `${host}:${BROKER_PORT}`, accountsFile);
  const first = await keeper.start();
  switch (first) {
    case "ready":
      return {
        url: `mqtt://${host}:${BROKER_PORT}`,
        accountsFile,
        close: () => keeper.close(),
      };
    case "no-library":
      options.say(
        "note: no dashboard, because the package aedes is not installed (npm ci without --omit=dev),",
      );
      options.say("      or give a broker with --broker mqtt://host:port");
      break;
    case "failed":
      options.say("note: no dashboard, because the embedded broker did not start");
      break;
  }
  await keeper.close();
  return null;
}

class Keeper {
  readonly #options: BrokerChildOptions;
  readonly #argv: readonly string[];
  readonly #pidFile: string;
  #child: ChildProcess | null = null;
  #timer: NodeJS.Timeout | undefined;
  #retryMs = RETRY_MS_MIN;
  #isClosed = false;

  constructor(options: BrokerChildOptions, listen: string, accountsFile: string) {
    this.#options = options;
    this.#pidFile = join(options.runDir, "broker.pid");
    const where = ["--listen", listen, "--prefix", options.prefix, "--accounts", accountsFile];
    this.#argv = [options.mainJs, "broker", ...where];
  }

  /** The first start decides whether there is a broker at all. */
  start(): Promise<"ready" | "no-library" | "failed"> {
    return new Promise((resolve) => {
      const child = this.#spawn();
      const late = setTimeout(() => resolve("failed"), READY_MS);
      let said = "";
      child.stdout?.on("data", (bytes) => {
        said = (said + String(bytes)).slice(-BROKER_READY.length - 1);
        if (!said.includes(BROKER_READY)) return;
        clearTimeout(late);
        resolve("ready");
      });
      child.once("error", () => resolve("failed"));
      child.once("exit", (status) => {
        clearTimeout(late);
        resolve(status === EXIT_NO_LIBRARY ? "no-library" : "failed");
      });
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    const child = this.#child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
  }

  #spawn(): ChildProcess {
    const bornMs = performance.now();
    const child = spawn(this.#options.nodePath, this.#argv, {
      stdio: ["pipe", "pipe", "ignore"],
      // Ctrl-C of the terminal is the launcher's; the broker goes last.
      detached: true,
    });
    this.#child = child;
    child.stdin?.on("error", () => child.stdin?.destroy());
    child.stdout?.resume();
    if (child.pid !== undefined) writeWhole(this.#pidFile, `${child.pid}\n`);
    child.once("exit", (status, signal) => {
      rmSync(this.#pidFile, { force: true });
      if (this.#isClosed || status === EXIT_NO_LIBRARY) return;
      if (performance.now() - bornMs >= GOOD_MS) this.#retryMs = RETRY_MS_MIN;
      this.#options.say(`broker ended (${signal ?? status}); the cluster does not need it`);
      this.#timer = setTimeout(() => this.#spawn(), this.#retryMs);
      this.#retryMs = Math.min(RETRY_MS_MAX, this.#retryMs * 2);
    });
    return child;
  }
}
