/**
 * Brings the package's files onto a server or into an image, and takes them off again. Every file is
 * replaced in one step or not at all; what is right already is left alone, so the same command repairs
 * an installation that was cut short. The site's own (configuration, key, state) is never overwritten
 * and never removed.
 * Source: work order 3 item 5; rename(2), link(2); style.md 16.
 */
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { localTemplate, packageFiles, SITE_FOLDERS } from "../../flash/package/files.ts";
import {
  KEY_FILE,
  LOCAL_FILE,
  type PackageOptions,
  packagePlaces,
} from "../../flash/package/places.ts";
import type { SourceFile } from "./source.ts";

export interface InstallOptions extends PackageOptions {
  /** In front of every path; "" = this system. */
  readonly root: string;
  /** Of a local file that is made anew. */
  readonly server: string;
  readonly isDryRun: boolean;
}

export type Act = "create" | "replace" | "same" | "keep" | "remove";

export interface Change {
  readonly path: string;
  readonly act: Act;
}

const KEY_BYTES = 32;

/** Throws the system's error (EACCES, ENOSPC ...) at the first file that cannot be written. */
export function install(options: InstallOptions, source: readonly SourceFile[]): readonly Change[] {
  const places = packagePlaces(options);
  const { root, isDryRun } = options;
  const at = (path: string): string => join(root, path);
  const changes: Change[] = [];
  for (const { path, mode } of SITE_FOLDERS) {
    const act = existsSync(at(path)) ? "same" : "create";
    if (act === "create" && !isDryRun) {
      mkdirSync(at(path), { recursive: true });
      chmodSync(at(path), mode);
    }
    changes.push({ path, act });
  }
  const put = (path: string, mode: number, bytes: Uint8Array): void => {
    changes.push({ path, act: putFile(at(path), mode, bytes, isDryRun) });
  };
  for (const { from, to, mode } of source) put(join(places.lib, to), mode, readFileSync(from));
  for (const { path, mode, text } of packageFiles(options)) put(path, mode, Buffer.from(text));
  put(places.command, 0o755, Buffer.from(commandText(options)));
  changes.push(...removeStale(options, new Set(changes.map(({ path }) => path))));
  const local = Buffer.from(localTemplate(options.server, places.offScript));
  changes.push({ path: LOCAL_FILE, act: putNew(at(LOCAL_FILE), 0o644, local, isDryRun) });
  const key = Buffer.from(`${randomBytes(KEY_BYTES).toString("hex")}\n`);
  changes.push({ path: KEY_FILE, act: putNew(at(KEY_FILE), 0o600, key, isDryRun) });
  return changes;
}

/** Everything that `install` replaces goes; folders of the site stay with what is in them. */
export function uninstall(options: Omit<InstallOptions, "server">): readonly Change[] {
  const { root, isDryRun } = options;
  const places = packagePlaces(options);
  const files = [...packageFiles(options).map(({ path }) => path), places.command];
  const changes: Change[] = [];
  for (const path of [...files, places.lib]) {
    if (!existsSync(join(root, path))) continue;
    if (!isDryRun) rmSync(join(root, path), { recursive: true, force: true });
    changes.push({ path, act: "remove" });
  }
  for (const { path } of SITE_FOLDERS) {
    if (existsSync(join(root, path))) changes.push({ path, act: "keep" });
  }
  return changes;
}

function commandText(options: PackageOptions): string {
  const { nodePath, lib } = packagePlaces(options);
  const head = '# The command of Kagemusha. Written by "kage install".';
  return `#!/bin/sh\n${head}\nexec ${nodePath} ${lib}/firmware/kage.mjs "$@"\n`;
}

function putFile(path: string, mode: number, bytes: Uint8Array, isDryRun: boolean): Act {
  const there = statSync(path, { throwIfNoEntry: false });
  if (there?.isFile() && (there.mode & 0o777) === mode && there.size === bytes.length) {
    if (readFileSync(path).equals(bytes)) return "same";
  }
  if (!isDryRun) {
    const fresh = writeBeside(path, mode, bytes);
    renameSync(fresh, path);
  }
  return there === undefined ? "create" : "replace";
}

/** Never replaces: link(2) fails where something is, whoever made it meanwhile. */
function putNew(path: string, mode: number, bytes: Uint8Array, isDryRun: boolean): Act {
  if (existsSync(path)) return "keep";
  if (isDryRun) return "create";
  const fresh = writeBeside(path, mode, bytes);
  try {
    linkSync(fresh, path);
    return "create";
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    return "keep";
  } finally {
    rmSync(fresh, { force: true });
  }
}

/** Whole and on the disk before it gets its name. */
function writeBeside(path: string, mode: number, bytes: Uint8Array): string {
  mkdirSync(dirname(path), { recursive: true });
  const fresh = `${path}.kage-new-${process.pid}`;
  rmSync(fresh, { force: true });
  const fd = openSync(fresh, "wx", mode);
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
    fsyncSync(fd);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error;
  } finally {
    closeSync(fd);
  }
  // The mode given at the opening passes through the umask.
  chmodSync(fresh, mode);
  return fresh;
}

/** What an older version had in the library folder and this one has not; cut-short files as well. */
function removeStale(options: InstallOptions, wanted: ReadonlySet<string>): readonly Change[] {
  const { root, isDryRun } = options;
  const { lib } = packagePlaces(options);
  const folder = join(root, lib);
  if (!existsSync(folder)) return [];
  const changes: Change[] = [];
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  // Deepest last in the listing: reversed, a folder comes after what was in it.
  for (const entry of entries.reverse()) {
    const full = join(entry.parentPath, entry.name);
    const path = join(lib, relative(folder, full));
    if (entry.isDirectory()) {
      if (!isDryRun && readdirSync(full).length === 0) rmdirSync(full);
      continue;
    }
    if (wanted.has(path)) continue;
    if (!isDryRun) rmSync(full, { force: true });
    changes.push({ path, act: "remove" });
  }
  return changes;
}
