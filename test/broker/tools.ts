/** Debian's MQTT clients and our own command as programs: run to their end, output and status returned. */
import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";

const TOOLS = ["mosquitto", "mosquitto_sub", "mosquitto_pub", "mosquitto_rr", "openssl"];
/** What is not installed here; empty = all is there. */
export const MISSING = TOOLS.filter((tool) => spawnSync(tool, ["--help"]).error !== undefined);

const MAIN = join(import.meta.dirname, "..", "..", "firmware", "main.js");

export interface Ended {
  readonly status: number;
  readonly text: string;
}

/** Both outputs together; `input` goes to standard input. */
export function run(tool: string, args: readonly string[], input = ""): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(tool, args, { stdio: ["pipe", "pipe", "pipe"] });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (bytes) => {
        text += String(bytes);
      });
    }
    child.stdin.on("error", () => child.stdin.destroy());
    child.stdin.end(input);
    child.on("close", (status) => resolve({ status: status ?? -1, text }));
  });
}

export const kage = (args: readonly string[], input = ""): Promise<Ended> =>
  run(process.execPath, [MAIN, "--lang", "en", ...args], input);
