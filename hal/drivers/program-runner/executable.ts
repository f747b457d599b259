/**
 * Finds the program before anything is started, so that a typing error is a sentence and not status
 * 127.
 * Source: requirement R44 (a group whose program cannot start must say why); execvp(3).
 */
import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { errorCode } from "../process-tree/process-tree.ts";

export type ExecutableFound =
  | { readonly kind: "found"; readonly path: string }
  | { readonly kind: "missing"; readonly detail: string };

/**
 * `command` with a slash is a path (relative to `cwd`), without one it is looked up in
 * `searchPath`.
 */
export async function findExecutable(
  command: string,
  searchPath: string,
  cwd: string,
): Promise<ExecutableFound> {
  if (command.includes("/")) {
    const path = resolve(cwd, command);
    const trouble = await whyNot(path);
    if (trouble === null) return { kind: "found", path };
    return {
      kind: "missing",
      detail: `${path}: ${trouble}; expected an executable file, check argv of the resource`,
    };
  }
  for (const folder of searchPath.split(":")) {
    const path = join(folder || cwd, command);
    if ((await whyNot(path)) === null) return { kind: "found", path };
  }
  return {
    kind: "missing",
    detail: `${command}: not in PATH (${searchPath}); give the full path in argv of the resource`,
  };
}

async function whyNot(path: string): Promise<string | null> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile() ? null : "not a file";
  } catch (error) {
    const code = errorCode(error);
    if (code === "") throw error;
    return code === "EACCES" ? "not executable (EACCES)" : `not there (${code})`;
  }
}
