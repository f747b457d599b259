/**
 * Our NBD server driven by QEMU's client, and our NBD client against QEMU's server: two ends
 * written from the same reading of a document prove nothing about the document. Counterparts:
 * qemu-io and qemu-nbd (qemu-utils).
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { formatArbitration } from "../../firmware/disk/format.ts";
import { createNbdArray } from "../../hal/drivers/array-nbd/driver.ts";
import { type ArbitrationArray, ArrayError } from "../../hal/ports/array.ts";
import {
  type ArrayExport,
  type ArrayWrite,
  createArrayExport,
} from "../../hal/rack/array-export.ts";
import { untilWithin } from "../deadline.ts";
import { finish, gone } from "./command.ts";

const HOST = "127.0.0.1";
const SIZE = 1024 * 1024;
const folder = mkdtempSync(join(tmpdir(), "kage-array-lab-"));

test.after(() => rmSync(folder, { recursive: true }));

function present(tool: string): boolean {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  if (folders.some((path) => existsSync(join(path, tool)))) return true;
  process.stdout.write(`# skip ${tool} is not installed (package qemu-utils)\n`);
  return false;
}

async function withExport(
  body: (array: ArrayExport, writes: readonly ArrayWrite[]) => Promise<void>,
): Promise<void> {
  const writes: ArrayWrite[] = [];
  const array = await createArrayExport({
    host: HOST,
    ports: [0],
    sizeBytes: SIZE,
    onWrite: (write) => writes.push(write),
  });
  try {
    await body(array, writes);
  } finally {
    await array.close();
  }
}

async function qemuIo(array: ArrayExport, ...commands: string[]): Promise<string> {
  const url = `nbd://${HOST}:${array.ports[0]}/array`;
  const argv = ["qemu-io", "-f", "raw", ...commands.flatMap((command) => ["-c", command]), url];
  const { exit, stdout, stderr } = await finish(argv);
  return `exit ${exit}\n${stdout}${stderr}`;
}

if (present("qemu-io")) {
  test("R4: QEMU's client reads, writes and flushes on the rack's array", async () => {
    await withExport(async (array, writes) => {
      const output = await qemuIo(
        array,
        "write -P 0xa7 4096 4096",
        "write -f -P 0x5c 8192 512",
        "flush",
        "read -P 0xa7 4096 4096",
        "read -P 0x5c 8192 512",
        "read -P 0 8704 3584",
        "write -P 0x11 0 1M",
        "read -P 0x11 0 1M",
        "length",
      );
      assert.match(output, /^exit 0\n/);
      assert.not.match(output, /failed|error/i);
      assert.match(output, /\n1 MiB\n/);
      assert.equal(
        writes.map(({ offset, length }) => [offset, length]),
        [
          [4096, 4096],
          [8192, 512],
          [0, 1048576],
        ],
      );
      const ours = createNbdArray({ host: HOST, port: array.ports[0] ?? 0, exportName: "array" });
      assert.equal(await ours.readBlock(255), new Uint8Array(4096).fill(0x11));
      await ours.close();
    });
  });

  test("R4: QEMU's client hears the rack's errors, keeps the connection and sees them end", async () => {
    await withExport(async (array, writes) => {
      array.setFault(0, "error");
      assert.match(await qemuIo(array, "write -P 1 0 4096"), /Input\/output error/);
      assert.equal(writes, []);
      array.setFault(0, "none");
      assert.match(await qemuIo(array, "write -P 1 0 4096", "read -P 1 0 4096"), /^exit 0\n/);
    });
  });

  test("R4: QEMU's client waits through a stall and is served late", async () => {
    await withExport(async (array, writes) => {
      array.setFault("all", "stall");
      const late = qemuIo(array, "write -P 3 0 4096");
      const look = createNbdArray({ host: HOST, port: array.ports[0] ?? 0, exportName: "" });
      const held = look.readBlock(0);
      assert.equal(writes, []);
      array.setFault("all", "none");
      assert.match(await late, /wrote 4096\/4096 bytes/);
      await held;
      await look.close();
      assert.is(writes.length, 1);
    });
  });

  test("R4: an unknown export and a cut path are refused to QEMU's client", async () => {
    await withExport(async (array) => {
      const wrong = await finish([
        "qemu-io",
        "-f",
        "raw",
        "-c",
        "length",
        `nbd://${HOST}:${array.ports[0]}/elsewhere`,
      ]);
      assert.is.not(wrong.exit, 0);
      assert.match(wrong.stderr, /Requested export not available/);
      await array.cutPath(0, true);
      assert.match(await qemuIo(array, "length"), /Connection refused/);
    });
  });
}

/** null while the array does not answer. */
async function blockOrNull(array: ArbitrationArray, index: number): Promise<Uint8Array | null> {
  try {
    return await array.readBlock(index);
  } catch (error) {
    if (error instanceof ArrayError) return null;
    throw error;
  }
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, HOST, resolve));
  const address = probe.address();
  await new Promise<void>((resolve) => probe.close(() => resolve()));
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function withQemuNbd(
  extra: readonly string[],
  body: (
    array: ArbitrationArray,
    image: string,
    server: ChildProcess,
    port: number,
  ) => Promise<void>,
): Promise<void> {
  const image = join(folder, `image-${extra.length}.raw`);
  writeFileSync(image, new Uint8Array(SIZE));
  const port = await freePort();
  const server = startQemuNbd(image, port, extra);
  const array = createNbdArray({ host: HOST, port, exportName: "array" });
  try {
    await untilWithin("qemu-nbd answering", 10_000, () => blockOrNull(array, 0));
    await body(array, image, server, port);
  } finally {
    await array.close();
    server.kill("SIGKILL");
    await gone(server);
  }
}

function startQemuNbd(image: string, port: number, extra: readonly string[]): ChildProcess {
  const argv = ["-f", "raw", "-x", "array", "-b", HOST, "-p", String(port), "-t", ...extra, image];
  return spawn("qemu-nbd", argv, { stdio: "inherit" });
}

if (present("qemu-nbd")) {
  test("R4: QEMU's list of exports shows the rack's array with what it can do", async () => {
    await withExport(async (array) => {
      const argv = ["qemu-nbd", "-L", "-b", HOST, "-p", String(array.ports[0])];
      const { exit, stdout } = await finish(argv);
      assert.is(exit, 0);
      assert.match(
        stdout,
        /export: 'array'\n +size: +1048576\n +flags: 0x10d \( flush fua multi \)/,
      );
    });
  });

  test("R4: our client formats, writes and reads on QEMU's server", async () => {
    await withQemuNbd([], async (array, image) => {
      const identity = { clusterId: 7, clusterKey: new Uint8Array(32).fill(7) };
      assert.equal(await formatArbitration(array, identity), { kind: "formatted" });
      const block = Uint8Array.from({ length: 4096 }, (_, i) => (i * 13) & 0xff);
      await array.writeBlock(40, block);
      assert.equal(await array.readBlock(40), block);
      const file = readFileSync(image);
      assert.equal(new Uint8Array(file.subarray(40 * 4096, 41 * 4096)), block);
      assert.is(file.subarray(0, 8).toString("latin1"), "KAGEHEAD");
      assert.is(file.subarray(4096, 4104).toString("latin1"), "KAGECLAM");
      assert.equal(await formatArbitration(array, identity), { kind: "already-formatted" });
    });
  });

  test("R4: our client refuses QEMU's read-only server and says why", async () => {
    const image = join(folder, "read-only.raw");
    writeFileSync(image, new Uint8Array(SIZE));
    const port = await freePort();
    const server = startQemuNbd(image, port, ["-r"]);
    const array = createNbdArray({ host: HOST, port, exportName: "array" });
    const refusal = await untilWithin("the refusal", 10_000, async () => {
      const text = await array.readBlock(0).then(
        () => "it answered",
        (error: Error) => error.message,
      );
      return text.includes("ECONNREFUSED") ? null : text;
    });
    await array.close();
    server.kill("SIGKILL");
    await gone(server);
    assert.match(refusal, /the export is read-only/);
  });

  test("R4: our client outlives kill -9 of QEMU's server and finds the data again", async () => {
    await withQemuNbd(["-e", "4"], async (array, image, server, port) => {
      const block = new Uint8Array(4096).fill(9);
      await array.writeBlock(1, block);
      server.kill("SIGKILL");
      await gone(server);
      const down = await array.readBlock(1).then(
        () => "it answered",
        (error: Error) => error.message,
      );
      assert.match(down, /path to the array lost|no path to the array/);
      const next = startQemuNbd(image, port, ["-e", "4"]);
      const again = await untilWithin("qemu-nbd answering again", 10_000, () =>
        blockOrNull(array, 1),
      );
      assert.equal(again, block);
      await array.close();
      next.kill("SIGKILL");
      await gone(next);
    });
  });
}

test.run();
