/**
 * Sealers, beats and words that the tests of frames and of process lives share.
 */
import { AssertionFault } from "../../../hal/base/assert.ts";
import { CobsDecoder } from "../../../hal/base/cobs.ts";
import { hostIncarnation } from "../../../hal/base/ids.ts";
import type { ComBeat, LanBeat, Opened } from "../../../services/heartbeat/beat.ts";
import { createSealer, type SealerOptions } from "../../../services/heartbeat/seal.ts";

export const CLUSTER_ID = 0xc1a57e12;
export const KEY = Uint8Array.from({ length: 32 }, (_, i) => i);
export const HOST_A = "aaaaaaaaaaaaaaaa";
export const HOST_B = "bbbbbbbbbbbbbbbb";

export const saltOf = (digit: string) => Uint8Array.from(Buffer.from(digit.repeat(16), "hex"));
export const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
export const unhex = (text: string) => Uint8Array.from(Buffer.from(text, "hex"));

export function sealer(self: number, saltDigit: string, changes: Partial<SealerOptions> = {}) {
  return createSealer({
    clusterKey: KEY,
    clusterId: CLUSTER_ID,
    self,
    serverCount: 3,
    processSalt: saltOf(saltDigit),
    ...changes,
  });
}

export function lanBeat(from: number, to: number, changes: Partial<LanBeat> = {}): LanBeat {
  return {
    kind: "lan-beat",
    from,
    to,
    host: hostIncarnation(from === 0 ? HOST_A : HOST_B),
    stampMs: 1000,
    state: "member",
    view: null,
    promise: null,
    heardStampMs: null,
    ack: null,
    hearsLanBits: 3,
    hearsCom: false,
    claim: 0,
    mayOwn: false,
    configRevision: 1,
    configHash: "01020304",
    agentProgress: 5,
    blob: Uint8Array.of(0xee),
    ...changes,
  };
}

export function comBeat(from: number, to: number, changes: Partial<ComBeat> = {}): ComBeat {
  return {
    kind: "com-beat",
    from,
    to,
    host: hostIncarnation(from === 0 ? HOST_A : HOST_B),
    stampMs: 1000,
    state: "member",
    epochCounter: 6,
    hearsCom: true,
    sole: false,
    mayOwn: true,
    ...changes,
  };
}

/** What the receiver's decoder hands over for a line. */
export function uncobs(line: Uint8Array): Uint8Array {
  const frames: Uint8Array[] = [];
  new CobsDecoder(128).push(line, (frame) => frames.push(frame));
  const [frame] = frames;
  if (frame === undefined || frames.length !== 1) throw new Error("expected one frame on the line");
  return frame;
}

export const verdict = (opened: Opened) =>
  opened.kind === "beat"
    ? `beat ${opened.proven ? "proven" : "unproven"}`
    : `${opened.kind} ${opened.reason}`;

export const fault = (error: unknown) => error instanceof AssertionFault;

/** Two sealers that have proven themselves to each other. */
export function introduced() {
  const a = sealer(0, "1");
  const b = sealer(1, "2");
  b.openLan(a.sealLan(lanBeat(0, 1), 0), 0, 0);
  a.openLan(b.sealLan(lanBeat(1, 0), 0), 0, 0);
  b.openLan(a.sealLan(lanBeat(0, 1), 0), 0, 0);
  return { a, b };
}
