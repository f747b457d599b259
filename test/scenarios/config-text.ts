/**
 * Configuration texts of a story: made from the one in force by one edit, kept as a file, and named `@NAME`
 * where a `kage` command takes a file. Source: work order 3 item 4 (the change of a running cluster).
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { World } from "./world.ts";

export type TextEdit =
  | { readonly kind: "add" | "remove"; readonly group: string }
  | { readonly kind: "timeout"; readonly timeoutMs: number }
  | { readonly kind: "method"; readonly method: string }
  | { readonly kind: "same" };

const folders = new WeakMap<World, string>();

/** Throws when the cluster does not say what it runs by. */
export async function makeText(world: World, name: string, edit: TextEdit): Promise<void> {
  const got = await world.kage(["config", "get"]);
  if (got.exit !== 0) throw new Error(`kage config get: ${got.stderr}`);
  writeFileSync(fileOf(world, name), edited(got.stdout, edit), { mode: 0o600 });
}

/** The text that an earlier line has made. */
export const readMadeText = (world: World, name: string): string =>
  readFileSync(fileOf(world, name), "utf8");

/** Words of a command with `@NAME` as the file of that text. */
export function withTexts(world: World, args: readonly string[]): readonly string[] {
  return args.map((word) => (word.startsWith("@") ? fileOf(world, word.slice(1)) : word));
}

/** Removes what a world's story has written. */
export function dropTexts(world: World): void {
  const folder = folders.get(world);
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  folders.delete(world);
}

function fileOf(world: World, name: string): string {
  const folder = folders.get(world) ?? mkdtempSync(join(tmpdir(), "kage-texts-"));
  folders.set(world, folder);
  return join(folder, `${name}.jsonc`);
}

/** The texts of the worlds are plain JSON behind comment lines. */
function edited(text: string, edit: TextEdit): string {
  const start = text.indexOf("{");
  const value = JSON.parse(text.slice(start)) as Record<string, unknown>;
  const groups = value["groups"] as { name: string }[];
  switch (edit.kind) {
    case "add": {
      const program = { type: "program", name: "sleeper", argv: ["/bin/sleep", "100000"] };
      const policy = (value["servers"] as { name: string }[]).map(({ name }) => name);
      value["groups"] = [{ name: edit.group, policy, resources: [program] }, ...groups];
      break;
    }
    case "remove":
      value["groups"] = groups.filter(({ name }) => name !== edit.group);
      break;
    case "timeout": {
      const timing = value["timing"] as Record<string, unknown>;
      value["timing"] = { ...timing, heartbeatTimeoutMs: edit.timeoutMs };
      break;
    }
    case "method":
      value["method"] = edit.method;
      break;
    case "same":
      break;
  }
  return `${text.slice(0, start)}${JSON.stringify(value, null, 1)}\n`;
}
