/**
 * The version of the product, as its package says: the nearest package.json above the compiled file,
 * wherever it was installed to. Source: packages, package.json(5).
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseObject } from "./client.ts";

/** `0.1.0`; "unknown" when the package's file is missing or says none. */
export function productVersion(from: string = import.meta.dirname): string {
  for (let folder = from; ; folder = dirname(folder)) {
    const file = join(folder, "package.json");
    if (existsSync(file)) {
      const version = parseObject(readFileSync(file, "utf8"))?.["version"];
      return typeof version === "string" ? version : "unknown";
    }
    if (dirname(folder) === folder) return "unknown";
  }
}
