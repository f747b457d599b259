/**
 * The lab's client, run inside the client namespace: one line `{"id", "host", "port"}` in, one
 * line `{"id", "answer"}` out, where answer is what the demo service said or null. A process of
 * its own because a namespace belongs to a process.
 */
import { createInterface } from "node:readline";
import { askHealth } from "../scenarios/http-client.ts";

interface Question {
  readonly id: number;
  readonly host: string;
  readonly port: number;
}

for await (const line of createInterface({ input: process.stdin })) {
  const { id, host, port } = JSON.parse(line) as Question;
  void askHealth(host, port).then((answer) => {
    process.stdout.write(`${JSON.stringify({ id, answer })}\n`);
  });
}
