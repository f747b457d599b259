/**
 * Seals beats into frames and opens received ones: who said it, to whom, on which path, in which life.
 * Intuition: one key per (sender's process, direction, channel), the frame number is the nonce, so
 * neither can repeat; a frame that cannot be opened is still presence, because a wrong key must not
 * look like a dead peer. Several cluster keys may be open at once while one takes the other's place: a LAN frame
 * names its key, a COM frame is tried with the key that fitted last and then with the others.
 * Source: reliability.md 4.3, protocol.md 1.3, requirements D56. Layout: `frame.ts`; keys: `key-ring.ts`.
 *
 * nonce = 6 zero bytes | seq 6          key and tag: `cipher.ts`
 */
import { assert } from "../../hal/base/assert.ts";
import { hexAt, Writer } from "../../hal/base/bytes.ts";
import { encodeCobs } from "../../hal/base/cobs.ts";
import type { ServerIndex } from "../../hal/base/ids.ts";
import type { Beat, ComBeat, LanBeat, Opened } from "./beat.ts";
import { AES_256_GCM, type BeatCipher, KEY_BYTES, NONCE_BYTES, TAG_BYTES } from "./cipher.ts";
import {
  decodeComBeat,
  decodeLanBeat,
  encodeComBeat,
  encodeLanBeat,
  LAN_PAYLOAD_BYTES_MAX,
} from "./codec.ts";
import {
  COM_CHANNEL,
  COM_LAYOUT,
  checkComFrame,
  checkLanFrame,
  type Expected,
  LAN_CHANNELS_MAX,
  LAN_KEY_AT,
  LAN_LAYOUT,
  type Layout,
  readSeq,
  refusedFor,
  SALT_BYTES,
  SERVERS_MAX,
  writeComHeader,
  writeComTrailer,
  writeLanHeader,
} from "./frame.ts";
import { KeyRing, type SealingKey } from "./key-ring.ts";
import { type Channel, keepOnly, PeerProcess, PeerProcesses } from "./peer-process.ts";

const NO_ECHO = new Uint8Array(SALT_BYTES);
/** The serial channel's slot lies behind the LAN channels'. */
const COM_SLOT = LAN_CHANNELS_MAX;
const SLOTS = LAN_CHANNELS_MAX + 1;

export interface SealerOptions {
  /** 32 secret bytes, the same on every server. */
  readonly clusterKey: Uint8Array;
  /** 32 bit, in clear in every frame. */
  readonly clusterId: number;
  readonly self: ServerIndex;
  /** 2 to 16. */
  readonly serverCount: number;
  /** 8 random bytes of this process start, never used before with this key. */
  readonly processSalt: Uint8Array;
  /** Number of the key in LAN frames, 0 to 255, default 0; a frame with an unknown one is `presence`. */
  readonly keyId?: number;
  /** For a simulation that counts its frames; everybody else leaves it at AES-256-GCM. */
  readonly cipher?: BeatCipher;
}

/** Counts since the sealer was made. */
export interface SealerCounters {
  sealed: number;
  opened: number;
  unproven: number;
  presence: number;
  malformed: number;
  /** Frames left unopened because a peer showed too many new salts in a short time; also `presence`. */
  throttled: number;
}

export function createSealer(options: SealerOptions): Sealer {
  return new Sealer(options);
}

interface Outgoing {
  /** Derived from each cluster key that was used, by its id. */
  readonly keys: Map<string, Uint8Array>;
  /** Goes on over a change of the key. */
  seq: number;
}

export class Sealer {
  readonly counters: SealerCounters = {
    sealed: 0,
    opened: 0,
    unproven: 0,
    presence: 0,
    malformed: 0,
    throttled: 0,
  };
  readonly #expected: Expected;
  readonly #cipher: BeatCipher;
  #ring: KeyRing;
  readonly #salt: Uint8Array;
  readonly #peers: readonly PeerProcesses[];
  /** By receiver * SLOTS + slot. */
  readonly #outgoing: (Outgoing | undefined)[] = [];
  readonly #plain = new Writer(SALT_BYTES + LAN_PAYLOAD_BYTES_MAX);
  readonly #nonce = new Uint8Array(NONCE_BYTES);

  constructor(options: SealerOptions) {
    const { self, serverCount, keyId = 0 } = options;
    assert(options.clusterKey.length === KEY_BYTES, "cluster key is 32 bytes");
    assert(options.processSalt.length === SALT_BYTES, "process salt is 8 bytes");
    assert(!startsWith(options.processSalt, NO_ECHO), "process salt is not all zero");
    assert(serverCount >= 2 && serverCount <= SERVERS_MAX, "a cluster has 2 to 16 servers");
    assert(Number.isInteger(self) && self >= 0 && self < serverCount, "self is in the server list");
    this.#expected = { clusterId: options.clusterId, self, serverCount };
    this.#cipher = options.cipher ?? AES_256_GCM;
    const clusterKey = new Uint8Array(options.clusterKey);
    this.#ring = new KeyRing([{ id: "first", hint: keyId, key: clusterKey, role: "active" }], []);
    this.#salt = new Uint8Array(options.processSalt);
    this.#peers = Array.from({ length: serverCount }, () => new PeerProcesses());
  }

  /**
   * The cluster keys from this moment on, the active one first. `holders`: servers that are known to open what
   * is sealed with the active key; to others it speaks under the key that they were heard under last.
   */
  setKeys(keys: readonly SealingKey[], holders: readonly ServerIndex[]): void {
    for (const { key } of keys) assert(key.length === KEY_BYTES, "cluster key is 32 bytes");
    this.#ring = new KeyRing(keys, holders);
    const ids = new Set(keys.map(({ id }) => id));
    for (const peer of this.#peers) peer.keepKeys(ids);
    for (const out of this.#outgoing) if (out !== undefined) keepOnly(out.keys, ids);
  }

  /** Ids of the cluster keys that are opened, the one that is sealed with first. */
  get keyIds(): readonly string[] {
    return this.#ring.keys.map(({ id }) => id);
  }

  /** A LAN frame (one datagram) for `beat.to` on LAN path `channel`; at most 1150 bytes. */
  sealLan(beat: LanBeat, channel: number): Uint8Array {
    assertLanChannel(channel);
    const out = this.#begin(beat, channel);
    encodeLanBeat(beat, this.#plain);
    const key = this.#ring.sealingFor(beat.to, this.#peer(beat.to).heardKey);
    const frame = this.#frame(LAN_LAYOUT);
    writeLanHeader(frame, this.#expected, beat.to, channel, this.#salt, out.seq, key.hint);
    this.#encrypt(frame, LAN_LAYOUT, this.#sealKey(out, key, beat.to, channel));
    return frame;
  }

  /** A COM frame for `beat.to` as it goes on the line: COBS and delimiters, `comFrameBytes` long. */
  sealCom(beat: ComBeat): Uint8Array {
    const out = this.#begin(beat, COM_SLOT);
    encodeComBeat(beat, this.#plain);
    const frame = this.#frame(COM_LAYOUT);
    writeComHeader(frame, this.#expected, beat.to, this.#salt, out.seq);
    const key = this.#ring.sealingFor(beat.to, this.#peer(beat.to).heardKey);
    this.#encrypt(frame, COM_LAYOUT, this.#sealKey(out, key, beat.to, COM_SLOT));
    writeComTrailer(frame);
    return encodeCobs(frame);
  }

  /** Opens a datagram received on LAN path `channel`; `atMs` monotonic, bounds work per second. */
  openLan(frame: Uint8Array, channel: number, atMs: number): Opened {
    assertLanChannel(channel);
    const checked = checkLanFrame(frame, this.#expected, channel);
    if (checked.kind !== "sealed") return this.#count(checked);
    return this.#count(this.#open(frame, LAN_LAYOUT, checked.from, channel, atMs));
  }

  /** Opens what stood between two delimiters of the serial line, COBS removed. */
  openCom(frame: Uint8Array, atMs: number): Opened {
    const checked = checkComFrame(frame, this.#expected);
    if (checked.kind !== "sealed") return this.#count(checked);
    return this.#count(this.#open(frame, COM_LAYOUT, checked.from, COM_SLOT, atMs));
  }

  /** The proven process of a peer (16 hex digits), null before its first proven frame. */
  peerProcess(from: ServerIndex): string | null {
    return this.#peer(from).current?.id ?? null;
  }

  #begin(beat: Beat, slot: number): Outgoing {
    const { self } = this.#expected;
    assert(beat.from === self && beat.to !== self, "a beat goes from this server to a peer");
    const echo = this.#peer(beat.to).takeEcho(slot) ?? NO_ECHO;
    const index = beat.to * SLOTS + slot;
    let out = this.#outgoing[index];
    if (out === undefined) {
      out = { keys: new Map(), seq: 0 };
      this.#outgoing[index] = out;
    }
    out.seq += 1;
    this.#plain.reset();
    this.#plain.bytes(echo);
    return out;
  }

  #frame(layout: Layout): Uint8Array {
    const plainBytes = this.#plain.length;
    // From Node's pool, since a separate allocation costs as much as a third of the cipher; every byte
    // is written before the frame leaves.
    const frame = Buffer.allocUnsafe(
      layout.headerBytes + plainBytes + TAG_BYTES + layout.trailerBytes,
    );
    return new Uint8Array(frame.buffer, frame.byteOffset, frame.length);
  }

  #sealKey(out: Outgoing, key: SealingKey, to: ServerIndex, slot: number): Uint8Array {
    let derived = out.keys.get(key.id);
    if (derived === undefined) {
      const { self } = this.#expected;
      derived = this.#cipher.derive(key.key, this.#salt, self, to, channelOf(slot));
      out.keys.set(key.id, derived);
    }
    return derived;
  }

  #encrypt(frame: Uint8Array, layout: Layout, key: Uint8Array): void {
    this.#setNonce(frame, layout);
    const into = { frame, from: layout.headerBytes, tagAt: tagAt(frame, layout) };
    this.#cipher.seal(key, this.#nonce, this.#plain.written(), into);
    this.counters.sealed += 1;
  }

  #open(frame: Uint8Array, layout: Layout, from: ServerIndex, slot: number, atMs: number): Opened {
    const peer = this.#peer(from);
    const hint = slot === COM_SLOT ? null : (frame[LAN_KEY_AT] ?? 0);
    const tried = this.#ring.toTry(hint, peer.heardKey);
    if (tried.length === 0) return { kind: "presence", from, reason: "tag" };
    let process = peer.find(frame, layout.saltAt);
    if (process === null) {
      const id = hexAt(frame, layout.saltAt, SALT_BYTES);
      if (peer.isRetired(id)) return refusedFor("replay");
      if (!peer.mayDerive(atMs)) {
        this.counters.throttled += 1;
        return { kind: "presence", from, reason: "tag" };
      }
      const salt = frame.subarray(layout.saltAt, layout.saltAt + SALT_BYTES);
      process = new PeerProcess(id, new Uint8Array(salt));
    }
    const channel = process.channel(slot);
    const seq = readSeq(frame, layout.seqAt);
    if (!channel.window.isFresh(seq)) return refusedFor("replay");
    const opened = this.#tryKeys(frame, layout, { from, slot, salt: process.salt, channel }, tried);
    if (opened === null) return { kind: "presence", from, reason: "tag" };
    const { plain, id: heardKey } = opened;
    const { self } = this.#expected;
    const beat =
      slot === COM_SLOT
        ? decodeComBeat(plain, from, self, SALT_BYTES)
        : decodeLanBeat(plain, from, self, SALT_BYTES, process.blob);
    if (beat === null) return refusedFor("shape");
    if (beat.kind === "lan-beat") process.blob = beat.blob;
    const echoes = startsWith(plain, this.#salt);
    const heardMs = beat.kind === "lan-beat" ? ownStamp(beat.heardStampMs, atMs) : undefined;
    const standing = peer.hear(process, echoes, beat.host, beat.stampMs, heardMs);
    if (standing === "past") return refusedFor("replay");
    channel.window.accept(seq);
    peer.heardKey = heardKey;
    return { kind: "beat", beat, process: process.id, seq, proven: standing === "proven" };
  }

  /** Echo and payload under the first key that fits; three tries at most, one for a LAN frame. */
  #tryKeys(
    frame: Uint8Array,
    layout: Layout,
    way: Way,
    keys: readonly SealingKey[],
  ): { readonly plain: Uint8Array; readonly id: string } | null {
    const { from, slot, salt, channel } = way;
    for (const { id, key } of keys) {
      let derived = channel.keys.get(id);
      if (derived === undefined) {
        const { self } = this.#expected;
        derived = this.#cipher.derive(key, salt, from, self, channelOf(slot));
        channel.keys.set(id, derived);
      }
      const plain = this.#decrypt(frame, layout, derived);
      if (plain !== null) return { plain, id };
    }
    return null;
  }

  /** Echo and payload, null when the tag is wrong. */
  #decrypt(frame: Uint8Array, layout: Layout, key: Uint8Array): Uint8Array | null {
    this.#setNonce(frame, layout);
    const sealed = { frame, from: layout.headerBytes, tagAt: tagAt(frame, layout) };
    return this.#cipher.open(key, this.#nonce, sealed);
  }

  #setNonce(frame: Uint8Array, layout: Layout): void {
    for (let i = 0; i < 6; i += 1) this.#nonce[6 + i] = frame[layout.seqAt + i] ?? 0;
  }

  #peer(index: ServerIndex): PeerProcesses {
    const peer = this.#peers[index];
    assert(peer !== undefined, "server index is in the server list");
    return peer;
  }

  #count(opened: Opened): Opened {
    if (opened.kind === "beat") {
      this.counters.opened += 1;
      if (!opened.proven) this.counters.unproven += 1;
    } else {
      this.counters[opened.kind] += 1;
    }
    return opened;
  }
}

/**
 * A peer that has not heard this boot yet repeats what it heard of the one before, by a clock that was further on:
 * that is none of our stamps.
 */
const ownStamp = (heardStampMs: number | null, atMs: number): number | null =>
  heardStampMs !== null && heardStampMs <= atMs ? heardStampMs : null;

/** On which way a frame came, and in which life of its sender. */
interface Way {
  readonly from: ServerIndex;
  readonly slot: number;
  readonly salt: Uint8Array;
  readonly channel: Channel;
}

const channelOf = (slot: number): number => (slot === COM_SLOT ? COM_CHANNEL : slot);

const tagAt = (frame: Uint8Array, layout: Layout): number =>
  frame.length - layout.trailerBytes - TAG_BYTES;

function assertLanChannel(channel: number): void {
  const isLan = Number.isInteger(channel) && channel >= 0 && channel < LAN_CHANNELS_MAX;
  assert(isLan, "LAN channel is 0 to 15");
}

function startsWith(bytes: Uint8Array, first: Uint8Array): boolean {
  for (let i = 0; i < first.length; i += 1) if (bytes[i] !== first[i]) return false;
  return true;
}
