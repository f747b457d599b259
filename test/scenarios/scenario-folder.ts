/**
 * Where the stories and the scripts of their groups lie: in the source folder, because compiled output
 * holds neither `.txt` nor `.sh`.
 */
import { readdirSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Absolute. Throws when no project stands above this file. */
export function scenarioFolder(): string {
  const compiled = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
  for (let folder = compiled; ; folder = dirname(folder)) {
    if (readdirSync(folder).includes("package.json")) {
      const root = dirname(realpathSync(join(folder, "package.json")));
      return join(root, "test", "scenarios");
    }
    if (folder === dirname(folder)) throw new Error(`no package.json above ${compiled}`);
  }
}
