/**
 * What is copied onto a server: the compiled program this process runs from, and the packages it needs at
 * run time, found the way Node finds them. Tests, maps and build tools stay behind.
 * Source: work order 3 item 5; nodejs.org "Modules: loading from node_modules folders".
 */
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { isRecord, parseObject } from "../cli/client.ts";

export interface SourceFile {
  readonly from: string;
  /** Below the library folder of the package. */
  readonly to: string;
  readonly mode: number;
}

/** Folders of the compiled tree that run on a server. */
const SHIPPED = ["firmware", "flash", "hal", "services"] as const;
/** Larger than any sensible installation; a link that leads into a whole disk is no package. */
const FILES_MAX = 20_000;
const LEFT_OUT = /\.(map|d\.[cm]?ts|tsbuildinfo)$/;
/** Prebuilt addons of systems that this product does not run on. */
const FOREIGN_ADDON = /\/prebuilds\/(android|darwin|win32)[^/]*\//;

/** The build is not whole: something that it needs is not where it should be. */
export class SourceFault extends Error {
  override readonly name = "SourceFault";
}

/** `distRoot` is the folder that holds `firmware/`. Throws SourceFault. */
export function collectSource(distRoot: string): readonly SourceFile[] {
  const manifest = findAbove(distRoot, "package.json");
  if (manifest === null) throw new SourceFault(`no package.json above ${distRoot}`);
  const clone = dirname(realpathSync(manifest));
  const files: SourceFile[] = [
    { from: manifest, to: "package.json", mode: 0o644 },
    { from: join(clone, "firmware/kage.mjs"), to: "firmware/kage.mjs", mode: 0o755 },
    { from: exampleOf(clone), to: "cluster.example.jsonc", mode: 0o644 },
  ];
  if (existsSync(join(clone, "LICENSE"))) {
    files.push({ from: join(clone, "LICENSE"), to: "LICENSE", mode: 0o644 });
  }
  for (const name of SHIPPED) addFolder(join(distRoot, name), `dist/${name}`, files);
  for (const { name, folder } of runtimePackages(distRoot, manifest)) {
    addFolder(folder, `node_modules/${name}`, files);
  }
  for (const { from } of files) {
    if (!existsSync(from)) throw new SourceFault(`${from} is missing; build again (npm run build)`);
  }
  return files.sort((a, b) => (a.to < b.to ? -1 : 1));
}

/** An installed tree can be the source of another one, or of itself to repair what stands around it. */
function exampleOf(clone: string): string {
  const installed = join(clone, "cluster.example.jsonc");
  return existsSync(installed) ? installed : join(clone, "boards/examples/cluster.jsonc");
}

/** The closure of `dependencies`; a package inside another one travels with it. */
function runtimePackages(
  distRoot: string,
  manifest: string,
): readonly { readonly name: string; readonly folder: string }[] {
  const found = new Map<string, string>();
  const visit = (name: string, from: string, isOptional: boolean): void => {
    const own = findAbove(from, join("node_modules", name, "package.json"));
    if (own === null) {
      if (isOptional) return;
      throw new SourceFault(`package ${name} is not installed; run npm ci`);
    }
    const folder = dirname(own);
    const isNested = folder.split("/node_modules/").length > 2;
    if (!isNested) {
      if (found.has(name)) return;
      found.set(name, folder);
    }
    const needs = readNeeds(own);
    for (const need of needs.required) visit(need, folder, false);
    for (const need of needs.optional) visit(need, folder, true);
  };
  for (const name of readNeeds(manifest).required) visit(name, distRoot, false);
  return [...found].map(([name, folder]) => ({ name, folder }));
}

function readNeeds(file: string): {
  readonly required: readonly string[];
  readonly optional: readonly string[];
} {
  const manifest = parseObject(readFileSync(file, "utf8"));
  const names = (key: string): string[] => {
    const part = manifest?.[key];
    return isRecord(part) ? Object.keys(part) : [];
  };
  const optional = names("optionalDependencies");
  return { required: names("dependencies").filter((name) => !optional.includes(name)), optional };
}

function findAbove(from: string, name: string): string | null {
  for (let folder = from; ; folder = dirname(folder)) {
    const file = join(folder, name);
    if (existsSync(file)) return file;
    if (dirname(folder) === folder) return null;
  }
}

function addFolder(folder: string, to: string, files: SourceFile[]): void {
  if (!existsSync(folder))
    throw new SourceFault(`${folder} is missing; build again (npm run build)`);
  const root = realpathSync(folder);
  for (const entry of readdirSync(root, { withFileTypes: true, recursive: true })) {
    const from = join(entry.parentPath, entry.name);
    if (!entry.isFile() || LEFT_OUT.test(entry.name) || FOREIGN_ADDON.test(from)) continue;
    const mode = (statSync(from).mode & 0o111) === 0 ? 0o644 : 0o755;
    files.push({ from, to: join(to, relative(root, from)), mode });
    if (files.length > FILES_MAX)
      throw new SourceFault(`more than ${FILES_MAX} files in ${folder}`);
  }
}
