/**
 * Questions from the client's namespace: starts `asker.ts` there and pairs its answers with the
 * questions.
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { ClientAnswer } from "../scenarios/world.ts";
import { gone } from "./command.ts";
import type { NetNamespace } from "./namespace.ts";

export interface LabClient {
  /** null = refused, silent or no answer of the demo service. */
  ask(host: string, port: number): Promise<ClientAnswer | null>;
  close(): Promise<void>;
}

const ASKER = fileURLToPath(new URL("./asker.js", import.meta.url));

export function openClient(client: NetNamespace, env: Readonly<Record<string, string>>): LabClient {
  const [tool = "", ...words] = [...client.enter, process.execPath, ASKER];
  const asker = spawn(tool, words, {
    env: { ...process.env, ...env },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const waiting = new Map<number, (answer: ClientAnswer | null) => void>();
  let next = 0;
  createInterface({ input: asker.stdout }).on("line", (line) => {
    const { id, answer } = JSON.parse(line) as { id: number; answer: ClientAnswer | null };
    waiting.get(id)?.(answer);
    waiting.delete(id);
  });
  const silence = (): void => {
    for (const settle of waiting.values()) settle(null);
    waiting.clear();
  };
  asker.once("close", silence);
  asker.stdin.on("error", silence);
  return {
    ask: (host, port) =>
      new Promise((settle) => {
        next += 1;
        waiting.set(next, settle);
        if (asker.exitCode !== null) silence();
        else asker.stdin.write(`${JSON.stringify({ id: next, host, port })}\n`);
      }),
    close: async () => {
      asker.stdin.end();
      await gone(asker);
    },
  };
}
