/**
 * The machine as the check reads it: files below a root, so that an image, a rescue system or a made-up
 * tree of a test is read by the same code. Nothing is opened for writing and no device that counts from
 * its opening (watchdog) is opened at all.
 * Source: work order 3 item 5; proc(5), sysfs(5).
 */
import { spawnSync } from "node:child_process";
import {
  accessSync,
  closeSync,
  constants,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  type Stats,
} from "node:fs";
import { dirname, join, resolve } from "node:path";

/** The largest file read whole; /proc/net/fib_trie of a router with 10,000 routes fits. */
const TEXT_BYTES_MAX = 4 * 1024 * 1024;
const LINKS_MAX = 40;
const TOOL_MS = 5000;
const TOOL_FOLDERS = [
  "/usr/local/sbin",
  "/usr/local/bin",
  "/usr/sbin",
  "/usr/bin",
  "/sbin",
  "/bin",
];

export interface ProcessRow {
  readonly pid: number;
  readonly argv: readonly string[];
}

export class Machine {
  readonly #root: string;
  readonly nodeVersion: string;

  /** `root` "/" = the running system; anything else is only files. */
  constructor(root: string, nodeVersion: string = process.versions.node) {
    this.#root = resolve(root);
    this.nodeVersion = nodeVersion;
  }

  get isLive(): boolean {
    return this.#root === "/";
  }

  /** Null = absent, unreadable or larger than 4 MiB. */
  text(path: string): string | null {
    const bytes = this.bytes(path, TEXT_BYTES_MAX + 1);
    return bytes === null || bytes.length > TEXT_BYTES_MAX ? null : bytes.toString("utf8");
  }

  /** The first `length` bytes or fewer; null = it cannot be read. */
  bytes(path: string, length: number): Buffer | null {
    const real = this.real(path);
    if (real === null) return null;
    return this.#quiet(() => {
      const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
      const fd = openSync(join(this.#root, real), flags);
      try {
        const parts: Buffer[] = [];
        for (let total = 0; total < length; ) {
          const part = Buffer.alloc(Math.min(65_536, length - total));
          const count = readSync(fd, part, 0, part.length, null);
          if (count === 0) break;
          parts.push(part.subarray(0, count));
          total += count;
        }
        return Buffer.concat(parts);
      } finally {
        closeSync(fd);
      }
    });
  }

  /** Names in a folder; empty when there is none. */
  list(path: string): readonly string[] {
    const real = this.real(path);
    if (real === null) return [];
    return this.#quiet(() => readdirSync(join(this.#root, real)).sort()) ?? [];
  }

  exists(path: string): boolean {
    return this.real(path) !== null;
  }

  stat(path: string): Stats | null {
    const real = this.real(path);
    return real === null ? null : this.#quiet(() => lstatSync(join(this.#root, real)));
  }

  /** The path without links, within the root; null = it leads nowhere. */
  real(path: string): string | null {
    let rest = path.split("/").filter(Boolean);
    let at = "/";
    for (let links = 0; rest.length > 0; ) {
      const [name = "", ...more] = rest;
      const next = name === ".." ? dirname(at) : join(at, name);
      const stat = this.#quiet(() => lstatSync(join(this.#root, next)));
      if (stat === null) return null;
      // Links of /proc name open files and mean no path.
      if (!stat.isSymbolicLink() || next.startsWith("/proc/")) {
        at = next;
        rest = more;
        continue;
      }
      links += 1;
      const target = this.#quiet(() => readlinkSync(join(this.#root, next)));
      if (target === null || links > LINKS_MAX) return null;
      if (target.startsWith("/")) at = "/";
      rest = [...target.split("/").filter((part) => part !== "" && part !== "."), ...more];
    }
    return at;
  }

  /** Target of a link as it stands; null = no link. */
  link(path: string): string | null {
    return this.#quiet(() => readlinkSync(join(this.#root, path)));
  }

  canOpen(path: string): boolean {
    const real = this.real(path);
    if (real === null) return false;
    const mode = constants.R_OK | constants.W_OK;
    return (
      this.#quiet(() => {
        accessSync(join(this.#root, real), mode);
        return true;
      }) ?? false
    );
  }

  /** Where a tool is, or null. */
  tool(name: string): string | null {
    const places = TOOL_FOLDERS.map((folder) => `${folder}/${name}`);
    return places.find((place) => this.exists(place)) ?? null;
  }

  /** Output of a tool that changes nothing; null = not the running system, absent or failed. */
  ask(argv: readonly string[]): string | null {
    const [name = "", ...args] = argv;
    if (!this.isLive || this.tool(name) === null) return null;
    const options = { encoding: "utf8", timeout: TOOL_MS, maxBuffer: 65_536 } as const;
    const ran = spawnSync(name, args, { ...options, stdio: ["ignore", "pipe", "ignore"] });
    return ran.status === 0 ? ran.stdout : null;
  }

  processes(): readonly ProcessRow[] {
    return this.list("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map((name) => {
        const argv = (this.text(`/proc/${name}/cmdline`) ?? "").split("\0");
        return { pid: Number(name), argv };
      });
  }

  /** `name (pid)` of everybody who has `path` open, as far as this user may look. */
  holders(path: string): readonly { readonly pid: number; readonly name: string }[] {
    const names = new Set([path, this.real(path) ?? path]);
    return this.processes().flatMap(({ pid }) => {
      const folder = `/proc/${pid}/fd`;
      const holds = this.list(folder).some((fd) => names.has(this.link(`${folder}/${fd}`) ?? ""));
      const name = (this.text(`/proc/${pid}/comm`) ?? "?").trim();
      return holds ? [{ pid, name }] : [];
    });
  }

  /** Null for what the system refuses; anything else is a fault of ours. */
  #quiet<T>(act: () => T): T | null {
    try {
      return act();
    } catch (error) {
      if (error instanceof Error && "code" in error) return null;
      throw error;
    }
  }
}
