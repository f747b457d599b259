/**
 * Which files can carry a row of the contract: test files and stories; and where the list of rows is. Paths
 * are relative to the project's root.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { TextFile } from "./scan.ts";

export const ROWS_FILE = "test/requirements/rows.txt";
/** Its hand-made input names rows on purpose. */
const OWN_TEST = "test/requirements/scan.test.ts";

export function isCarrier(path: string): boolean {
  if (path === OWN_TEST) return false;
  return path.endsWith(".test.ts") || /^test\/scenarios\/[^/]+\.txt$/.test(path);
}

/** All of them below `root`, sorted; null = not the project's folder. */
export function readCarriers(root: string): TextFile[] | null {
  if (!existsSync(join(root, ROWS_FILE))) return null;
  return readdirSync(join(root, "test"), { recursive: true, encoding: "utf8" })
    .map((name) => join("test", name))
    .filter(isCarrier)
    .sort()
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
}
