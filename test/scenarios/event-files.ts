/**
 * The event log of a server whose agent does not answer, read from its folder as an operator would.
 * Source: README ("The event log of a server that is off is read there").
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseObject } from "../../firmware/cli/client.ts";
import { readEvent } from "./rack-client.ts";
import type { LoggedEvent } from "./world.ts";

/** Every `events*.jsonl` of the folder, in order of name. */
export function readEventFiles(stateDir: string): readonly LoggedEvent[] {
  if (!existsSync(stateDir)) return [];
  return readdirSync(stateDir)
    .filter((name) => /^events.*\.jsonl$/.test(name))
    .sort()
    .flatMap((name) => readFileSync(join(stateDir, name), "utf8").split("\n"))
    .map(parseObject)
    .filter((entry) => entry !== null)
    .map(readEvent);
}
