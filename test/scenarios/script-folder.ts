/**
 * A story's copy of its scripts, so that it may lose and regain one while servers run; the sources stay
 * as they are. Both servers read the same copy.
 */
import { chmodSync, copyFileSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { scenarioFolder } from "./scenario-folder.ts";

/** What becomes of the start script. */
export type ScriptCondition = "missing" | "unexecutable" | "there";

const START = "start.sh";
const AWAY = "start.sh.away";

export class ScriptFolder {
  readonly path: string;

  /** `name`: folder below `test/scenarios/scripts`. */
  constructor(name: string) {
    this.path = mkdtempSync(join(tmpdir(), "kage-story-scripts-"));
    const from = join(scenarioFolder(), "scripts", name);
    for (const file of readdirSync(from)) {
      copyFileSync(join(from, file), join(this.path, file));
      chmodSync(join(this.path, file), 0o755);
    }
  }

  set(condition: ScriptCondition): void {
    if (readdirSync(this.path).includes(AWAY)) {
      renameSync(join(this.path, AWAY), join(this.path, START));
    }
    if (condition === "missing") renameSync(join(this.path, START), join(this.path, AWAY));
    else chmodSync(join(this.path, START), condition === "there" ? 0o755 : 0o644);
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
