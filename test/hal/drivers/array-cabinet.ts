/**
 * A rack's array with two servers' paths and a client on each, and what tests of both ends need.
 */
import type { Socket } from "node:net";
import { createNbdArray } from "../../../hal/drivers/array-nbd/driver.ts";
import { type ArbitrationArray, ArrayError } from "../../../hal/ports/array.ts";
import {
  type ArrayExport,
  type ArrayWrite,
  createArrayExport,
} from "../../../hal/rack/array-export.ts";
import { within } from "../../deadline.ts";

export const HOST = "127.0.0.1";
const SIZE = 33 * 4096;

export const pattern = (seed: number): Uint8Array =>
  Uint8Array.from({ length: 4096 }, (_, i) => (i * 31 + seed) & 0xff);

export interface Cabinet {
  readonly array: ArrayExport;
  readonly writes: ArrayWrite[];
  readonly clients: readonly [ArbitrationArray, ArbitrationArray];
}

export async function withCabinet(body: (cabinet: Cabinet) => Promise<void>): Promise<void> {
  const writes: ArrayWrite[] = [];
  const array = await createArrayExport({
    host: HOST,
    ports: [0, 0],
    sizeBytes: SIZE,
    onWrite: (write) => writes.push(write),
  });
  const client = (port = 0): ArbitrationArray =>
    createNbdArray({ host: HOST, port, exportName: "array" });
  const clients = [client(array.ports[0]), client(array.ports[1])] as const;
  try {
    await body({ array, writes, clients });
  } finally {
    await Promise.all(clients.map((one) => one.close()));
    await array.close();
  }
}

export async function failure(operation: Promise<unknown>): Promise<ArrayError> {
  try {
    await within("an error", operation);
  } catch (error) {
    if (error instanceof ArrayError) return error;
    throw error;
  }
  throw new Error("expected the operation to fail");
}

/** However the connection ends. */
export async function ended(socket: Socket): Promise<void> {
  await new Promise<void>((resolve) => socket.once("close", () => resolve()));
}

/** True when `operation` is still waiting after another client's round trip on the same array. */
export async function isHeld(
  operation: Promise<unknown>,
  other: ArbitrationArray,
): Promise<boolean> {
  let settled = false;
  const note = (): void => {
    settled = true;
  };
  operation.then(note, note);
  for (let i = 0; i < 3; i++) await within("answer to the other server", other.readBlock(0));
  return !settled;
}
