/**
 * The stage on which disk processes are tried: a fake pulse, a rack's array, and an eye of the
 * test's own on it.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { type DiskOptions, type RunningDisk, runDisk } from "../../../firmware/disk/disk.ts";
import { formatArbitration } from "../../../firmware/disk/format.ts";
import { type HostIncarnation, hostIncarnation } from "../../../hal/base/ids.ts";
import { createNbdArray } from "../../../hal/drivers/array-nbd/driver.ts";
import type { ArbitrationArray } from "../../../hal/ports/array.ts";
import {
  type ArrayExport,
  type ArrayWrite,
  createArrayExport,
} from "../../../hal/rack/array-export.ts";
import { type Claim, encodeClaimCopy } from "../../../services/quorum/claim.ts";
import { ClaimKeys } from "../../../services/quorum/claim-tag.ts";
import { FakePulse } from "./fake-pulse.ts";

export const HOST = "127.0.0.1";
export const CLUSTER = 0xc1a5_7e12;
/** Bytes 00 to 1f. */
export const CLUSTER_KEY = Uint8Array.from({ length: 32 }, (_, i) => i);
export const IDENTITY = { clusterId: CLUSTER, clusterKey: CLUSTER_KEY };
export const KEYS = new ClaimKeys(CLUSTER_KEY);
const SERVER_NAMES = ["SERVER1", "SERVER2"];

/** The boot that a server's disk process belongs to. */
export const hostOf = (server: number): HostIncarnation =>
  hostIncarnation(`00112233445566f${server}`);

/**
 * A copy as a server of the cluster writes it, `serial` ms after its start; the nonce matters to
 * nobody here.
 */
export const copyBy = (
  server: number,
  serial: number,
  claimed: Claim | null,
  writer = hostOf(server),
): Uint8Array =>
  encodeClaimCopy(
    { clusterId: CLUSTER, server, serial, writer, writtenMs: serial, claim: claimed },
    KEYS,
    new Uint8Array(12).fill(serial),
  );

export const claim = (number: number): Claim => ({
  state: "claimed",
  host: hostIncarnation("00112233445566ff"),
  epoch: { counter: 2, coordinator: 0, host: hostIncarnation("00112233445566ff") },
  number,
  stampMs: 1000 + number,
});

export interface Stage {
  readonly array: ArrayExport;
  readonly writes: ArrayWrite[];
  /** A path of its own to look at the array and to change it. */
  readonly eye: ArbitrationArray;
  readonly pulse: FakePulse;
  readonly socketPath: string;
  readonly reports: string[];
  options(server: number): DiskOptions;
  start(server: number): RunningDisk;
}

/** Two servers' paths and a third for the test itself; the pulse is listening already. */
export async function onStage(
  body: (stage: Stage) => Promise<void>,
  prepare: (eye: ArbitrationArray) => Promise<unknown> = (eye) => formatArbitration(eye, IDENTITY),
): Promise<void> {
  const writes: ArrayWrite[] = [];
  const reports: string[] = [];
  const array = await createArrayExport({
    host: HOST,
    ports: [0, 0, 0],
    sizeBytes: 33 * 4096,
    onWrite: (write) => {
      if (write.server < 2) writes.push(write);
    },
  });
  const url = (path: number): string => `nbd://${HOST}:${array.ports[path]}/array`;
  const eye = createNbdArray({ host: HOST, port: array.ports[2] ?? 0, exportName: "array" });
  const pulse = new FakePulse();
  const folder = mkdtempSync(join(tmpdir(), "kage-disk-"));
  const socketPath = join(folder, "pulse.sock");
  const running: RunningDisk[] = [];
  const options = (server: number): DiskOptions => ({
    arrayUrl: url(server),
    ...IDENTITY,
    self: server,
    host: hostOf(server),
    serverNames: SERVER_NAMES,
    pulseSocketPath: socketPath,
  });
  try {
    await prepare(eye);
    await pulse.listen(socketPath);
    await body({
      array,
      writes,
      eye,
      pulse,
      socketPath,
      reports,
      options,
      start: (server) => {
        const disk = runDisk({ ...options(server), report: (text) => reports.push(text) });
        running.push(disk);
        return disk;
      },
    });
  } finally {
    await Promise.all(running.map((disk) => disk.close()));
    await pulse.die();
    await eye.close();
    await array.close();
    rmSync(folder, { recursive: true });
  }
}

/** A result without the time it took, which must be there and be a time. */
export function withoutTime(message: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { tookMs, ...rest } = message;
  assert.type(tookMs, "number");
  assert.ok(typeof tookMs === "number" && tookMs >= 0 && tookMs < 10_000);
  return rest;
}
