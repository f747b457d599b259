/** A cluster made by commands in two temporary folders, each standing for a server. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { kage, type Ran, type TerminalOptions } from "./fake-terminal.ts";

export const CREATE = ["--server", "SERVER1", "--lan", "127.9.1.1", "--lan", "127.9.2.1:7001"];
export const EQUIPMENT = ["--com", "/dev/ttyS0", "--disk", "/dev/sdz9", "--interface", "eth0"];

export interface Folders {
  readonly root: string;
  /** Of SERVER1; made by the first command. */
  readonly one: string;
  /** Of SERVER2. */
  readonly two: string;
  remove(): void;
}

export function newFolders(): Folders {
  const root = mkdtempSync(join(tmpdir(), "kage-cluster-"));
  const remove = (): void => rmSync(root, { recursive: true, force: true });
  return { root, one: join(root, "one"), two: join(root, "two"), remove };
}

export const run = (words: readonly string[], options: TerminalOptions = {}): Promise<Ran> =>
  kage("", words, options);

export const createIn = (dir: string, ...more: readonly string[]): Promise<Ran> =>
  run(["cluster", "create", "WWW", ...CREATE, ...EQUIPMENT, "--dir", dir, ...more]);

export const addSecondIn = (dir: string, ...more: readonly string[]): Promise<Ran> =>
  run([
    ...["server", "add", "SERVER2", "--lan", "127.9.1.2,127.9.2.2", ...EQUIPMENT],
    ...["--dir", dir, ...more],
  ]);

export const read = (dir: string, name: string): string => readFileSync(join(dir, name), "utf8");

export async function twoServersIn(dir: string): Promise<void> {
  assert.is((await createIn(dir)).exit, 0);
  const added = await addSecondIn(dir);
  assert.is(added.exit, 0, added.err);
}
