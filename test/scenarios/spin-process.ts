/**
 * Sends a living Node process round an endless loop: SIGUSR1 opens its inspector on loopback, and there
 * one expression is evaluated that never returns. No fault has to be built into the product for it.
 * Source: Node.js "Debugger" (SIGUSR1), Chrome DevTools protocol `Runtime.evaluate`.
 */
import { existsSync, readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { WebSocket } from "ws";

/** Environment of the appliance: every process may be inspected on a port of its own. */
export const INSPECTABLE = { NODE_OPTIONS: "--inspect-port=127.0.0.1:0" };

const LOOK_MS = 50;
const OPEN_MS = 5000;

/** `consoleFile` takes what the process says, its inspector's address among it. */
export const spinProcess = (pid: number, consoleFile: string): Promise<void> =>
  runInside(pid, consoleFile, "for (;;);");

/** Has the process evaluate an expression; see spinProcess. */
export async function runInside(
  pid: number,
  consoleFile: string,
  expression: string,
): Promise<void> {
  const before = existsSync(consoleFile) ? readFileSync(consoleFile, "utf8").length : 0;
  process.kill(pid, "SIGUSR1");
  const endMs = performance.now() + OPEN_MS;
  for (;;) {
    const said = readFileSync(consoleFile, "utf8").slice(before);
    const address = /Debugger listening on (ws:\/\/127\.0\.0\.1:\d+\/\S+)/.exec(said)?.[1];
    if (address !== undefined) return evaluate(address, expression);
    if (performance.now() > endMs) throw new Error(`process ${pid} opens no inspector: ${said}`);
    await pause(LOOK_MS);
  }
}

/** Resolves when the expression is on its way; its end is not waited for. */
function evaluate(address: string, expression: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(address);
    socket.on("error", reject);
    socket.on("open", () => {
      const call = { id: 1, method: "Runtime.evaluate", params: { expression } };
      socket.send(JSON.stringify(call), () => {
        // The loop never answers a farewell.
        socket.terminate();
        resolve();
      });
    });
  });
}
