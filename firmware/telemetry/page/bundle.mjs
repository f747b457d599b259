/**
 * Bundles the page after the type check: one script, one style sheet, names that carry a hash of their
 * content, everything gzipped beforehand, and a size that is held to its budget. Run as
 * `node firmware/telemetry/page/bundle.mjs [OUT]`; OUT is the build folder, default `dist`.
 * Source: work order 3 item 7 (strict CSP: no inline script; <= 160 kB gzip); ecosystem.md 3.3.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { argv, exit, stderr, stdout } from "node:process";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

/** All files of the page together, gzipped, bytes. */
const BUDGET_BYTES = 160_000;

const source = fileURLToPath(new URL(".", import.meta.url));
const root = fileURLToPath(new URL("../../../", import.meta.url));
const target = join(argv[2] ?? join(root, "dist"), "firmware", "telemetry", "page");

const result = await build({
  absWorkingDir: root,
  entryPoints: { app: join(source, "main.tsx"), style: join(source, "styles.css") },
  bundle: true,
  minify: true,
  write: false,
  outdir: target,
  format: "esm",
  platform: "browser",
  target: ["es2022", "chrome100", "firefox102", "safari15.4"],
  tsconfig: join(source, "tsconfig.json"),
  define: { "process.env.NODE_ENV": '"production"' },
  legalComments: "none",
  logLevel: "warning",
});

const hashOf = (bytes) => createHash("sha256").update(bytes).digest("hex").slice(0, 12);
const files = new Map();
const names = {};
const add = (stem, kind, bytes) => {
  const name = `assets/${stem}-${hashOf(bytes)}.${kind}`;
  names[stem === "icon" ? "icon" : kind] = `/${name}`;
  files.set(name, bytes);
};
for (const output of result.outputFiles) {
  add("app", output.path.endsWith(".css") ? "css" : "js", output.contents);
}
add("icon", "svg", readFileSync(join(source, "icon.svg")));
const page = readFileSync(join(source, "index.html"), "utf8").replace(
  /\{(css|js|icon)\}/g,
  (_, kind) => names[kind],
);
files.set("index.html", Buffer.from(page));

rmSync(target, { recursive: true, force: true });
mkdirSync(join(target, "assets"), { recursive: true });
let total = 0;
for (const [name, bytes] of files) {
  const packed = gzipSync(bytes, { level: 9 });
  total += packed.length;
  writeFileSync(join(target, name), bytes);
  writeFileSync(join(target, `${name}.gz`), packed);
}
stdout.write(`page: ${files.size} files, ${(total / 1000).toFixed(1)} kB gzip\n`);
if (total > BUDGET_BYTES) {
  stderr.write(`page: ${total} bytes gzipped; expected at most ${BUDGET_BYTES}\n`);
  exit(1);
}
