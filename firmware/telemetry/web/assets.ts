/**
 * The page's files, read once at start into memory and never again: a request names a key of a table, so no
 * request reaches the file system. Each is kept plain and gzipped with a strong ETag. Names that carry
 * a hash are cached for ever, the start page is asked again each time.
 * Source: contract of the telemetry pieces; RFC 9110 8.8.3, 12.5.3, 13.1.2.
 */
import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import type { WebAnswer } from "./answer.ts";
import { refuse } from "./answer.ts";

export interface Asset {
  readonly type: string;
  readonly plain: Uint8Array;
  readonly gzip: Uint8Array;
  readonly etag: string;
  readonly immutable: boolean;
}

export type Assets = ReadonlyMap<string, Asset>;

/** A page is a handful of files below 1 MiB; more is a wrong folder. */
const FILES_MAX = 64;
const FILE_BYTES_MAX = 4 * 1024 * 1024;
const TOTAL_BYTES_MAX = 16 * 1024 * 1024;
const GZIP_LEVEL = 9;
const FOR_EVER = "public, max-age=31536000, immutable";

const TYPES: ReadonlyMap<string, string> = new Map([
  ["html", "text/html; charset=utf-8"],
  ["js", "text/javascript; charset=utf-8"],
  ["css", "text/css; charset=utf-8"],
  ["json", "application/json; charset=utf-8"],
  ["webmanifest", "application/manifest+json"],
  ["svg", "image/svg+xml"],
  ["png", "image/png"],
  ["ico", "image/x-icon"],
  ["woff2", "font/woff2"],
  ["txt", "text/plain; charset=utf-8"],
]);

/**
 * All files of `folder` by request path: `index.html` is `/`, the rest must lie under `assets/`. Empty when
 * there is no such folder. Throws Error when the folder is not a page (too many or too large files).
 */
export async function loadAssets(folder: string): Promise<Assets> {
  const assets = new Map<string, Asset>();
  let total = 0;
  for (const name of await filesOf(folder)) {
    const path = name === "index.html" ? "/" : `/${name}`;
    const type = TYPES.get(name.split(".").at(-1) ?? "");
    const servable = path === "/" || /^\/assets\/[A-Za-z0-9._-]+$/.test(path);
    if (type === undefined || !servable || assets.has(path)) continue;
    const asset = await readAsset(join(folder, name), path, type);
    total += asset.plain.length + asset.gzip.length;
    if (total > TOTAL_BYTES_MAX || assets.size >= FILES_MAX) {
      throw new Error(`${folder}: more than ${FILES_MAX} files or ${TOTAL_BYTES_MAX} bytes`);
    }
    assets.set(path, asset);
  }
  return assets;
}

/** The answer for a path of the table; `notModified` when the browser has it already. */
export function serveAsset(
  assets: Assets,
  path: string,
  header: (name: string) => string,
): WebAnswer {
  const asset = assets.get(path);
  if (asset === undefined) return refuse(path === "/" ? "web-page-missing" : "web-not-found");
  const gzipped = acceptsGzip(header("accept-encoding"));
  const etag = gzipped ? asset.etag.replace(/"$/, '-gz"') : asset.etag;
  const headers = {
    "content-type": asset.type,
    "cache-control": asset.immutable ? FOR_EVER : "no-cache",
    vary: "accept-encoding",
    etag,
    ...(gzipped ? { "content-encoding": "gzip" } : {}),
  };
  const status = matches(header("if-none-match"), etag) ? 304 : 200;
  return { kind: "bytes", status, bytes: gzipped ? asset.gzip : asset.plain, headers };
}

/** `gzip` or `*` with a weight above 0; an own word for gzip goes over the star. */
export function acceptsGzip(accept: string): boolean {
  const weights = new Map<string, number>();
  for (const part of accept.toLowerCase().split(",")) {
    const [coding = "", ...parameters] = part.split(";").map((word) => word.trim());
    const q = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
    const weight = q === undefined ? 1 : Number(q);
    if (coding !== "") weights.set(coding, Number.isFinite(weight) ? weight : 0);
  }
  return (weights.get("gzip") ?? weights.get("x-gzip") ?? weights.get("*") ?? 0) > 0;
}

/** Weak comparison, as RFC 9110 13.1.2 asks for If-None-Match. */
function matches(ifNoneMatch: string, etag: string): boolean {
  return ifNoneMatch
    .split(",")
    .map((tag) => tag.trim().replace(/^W\//, ""))
    .some((tag) => tag === etag || tag === "*");
}

async function filesOf(folder: string): Promise<string[]> {
  const names = async (sub: string): Promise<string[]> => {
    try {
      const entries = await readdir(join(folder, sub), { withFileTypes: true });
      return entries.filter((entry) => entry.isFile()).map((entry) => `${sub}${entry.name}`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw error;
    }
  };
  const all = [...(await names("")), ...(await names("assets/"))];
  // A file that exists gzipped only is served under its plain name as well.
  return [...new Set(all.map((name) => name.replace(/\.gz$/, "")))].sort();
}

async function readAsset(file: string, path: string, type: string): Promise<Asset> {
  const [plainFile, gzipFile] = [await readBounded(file), await readBounded(`${file}.gz`)];
  const options = { maxOutputLength: FILE_BYTES_MAX };
  const plain = plainFile ?? gunzipSync(gzipFile ?? new Uint8Array(), options);
  const gzip = gzipFile ?? gzipSync(plain, { level: GZIP_LEVEL });
  const etag = `"${createHash("sha256").update(plain).digest("base64url").slice(0, 22)}"`;
  const immutable = /[.-]([A-Z0-9]{8}|[0-9a-f]{8,64})\.[a-z0-9]+$/.test(path);
  return { type, plain, gzip, etag, immutable };
}

async function readBounded(file: string): Promise<Uint8Array | null> {
  try {
    const { size } = await stat(file);
    if (size > FILE_BYTES_MAX) throw new Error(`${file}: larger than ${FILE_BYTES_MAX} bytes`);
    return await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
