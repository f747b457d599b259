/**
 * NBD frames as both ends speak them: numbers, encoders, and decoders of one whole frame.
 * Intuition: a handshake in which options are haggled over one at a time, then requests and simple
 * replies matched by a cookie. Structured replies, TLS and metadata are never asked for and refused
 * when asked.
 * Source: the NBD protocol document (fixed newstyle negotiation, transmission phase). All big
 * endian.
 *
 *   greeting   S  NBDMAGIC 8 | IHAVEOPT 8 | handshake flags 2       C  client flags 4
 *   option     C  IHAVEOPT 8 | option 4 | length 4 | data
 *   answer     S  0003e889045565a9 8 | option 4 | type 4 | length 4 | data
 *   GO / INFO  data = name length 4 | name | count 2 | info type 2 ...
 *   INFO answer  data = type 2 (0 export) | size 8 | flags 2
 *              or type 2 (3 block size) | minimum 4 | preferred 4 | maximum 4
 *   EXPORT_NAME  data = name; the answer is bare: size 8 | flags 2 | (124 zeros)
 *
 *   request    C  25609513 4 | flags 2 | command 2 | cookie 8 | offset 8 | length 4 | (write's data)
 *   reply      S  67446698 4 | error 4 | cookie 8 | (data of a read without error)
 */

export const NBD_MAGIC = 0x4e42_444d_4147_4943n;
export const OPTION_MAGIC = 0x4948_4156_454f_5054n;
export const ANSWER_MAGIC = 0x0003_e889_0455_65a9n;
export const REQUEST_MAGIC = 0x2560_9513;
export const REPLY_MAGIC = 0x6744_6698;

export const GREETING_BYTES = 18;
export const CLIENT_FLAGS_BYTES = 4;
export const OPTION_BYTES = 16;
export const ANSWER_BYTES = 20;
export const EXPORT_BYTES = 10;
/** Padding of the EXPORT_NAME answer unless both sides set NO_ZEROES. */
export const EXPORT_ZEROES = 124;
export const REQUEST_BYTES = 28;
export const REPLY_BYTES = 16;

/** Greeting flags; the client answers with the same bits in 32. */
export const HANDSHAKE = { fixedNewstyle: 1, noZeroes: 2 } as const;
export const OPTION = { exportName: 1, abort: 2, list: 3, info: 6, go: 7 } as const;
export const ANSWER = {
  ack: 1,
  server: 2,
  info: 3,
  unsupported: 0x8000_0001,
  invalid: 0x8000_0003,
  unknownExport: 0x8000_0006,
} as const;
/** Every error answer has this bit. */
export const ANSWER_ERROR_BIT = 0x8000_0000;
export const INFO = { export: 0, blockSize: 3 } as const;
export const TRANSMISSION = {
  hasFlags: 1,
  readOnly: 2,
  flush: 4,
  fua: 8,
  multiConn: 0x100,
} as const;
export const COMMAND = { read: 0, write: 1, disconnect: 2, flush: 3 } as const;
/** Command flag of a write: answer only when it is on stable storage. */
export const COMMAND_FUA = 1;
export const NBD_ERROR = { EPERM: 1, EIO: 5, ENOMEM: 12, EINVAL: 22, ENOSPC: 28 } as const;

/** Longest string of the protocol, bytes; longer names and texts are refused. */
export const STRING_BYTES_MAX = 4096;
/** Longest option or answer taken, bytes: name, length, count and a generous list of info types. */
export const OPTION_DATA_MAX = 2 * STRING_BYTES_MAX;
/** Largest read or write, bytes: what every client may assume without asking. */
export const PAYLOAD_MAX = 32 * 1024 * 1024;

export interface NbdRequest {
  readonly flags: number;
  readonly command: number;
  readonly cookie: bigint;
  readonly offset: number;
  readonly length: number;
}

export interface ExportInfo {
  readonly sizeBytes: number;
  /** Bits of `TRANSMISSION`. */
  readonly flags: number;
}

export function encodeGreeting(flags: number): Uint8Array {
  const { bytes, view } = frame(GREETING_BYTES);
  view.setBigUint64(0, NBD_MAGIC);
  view.setBigUint64(8, OPTION_MAGIC);
  view.setUint16(16, flags);
  return bytes;
}

export function encodeU32(value: number): Uint8Array {
  const { bytes, view } = frame(4);
  view.setUint32(0, value);
  return bytes;
}

export function encodeOption(option: number, data: Uint8Array): Uint8Array {
  const { bytes, view } = frame(OPTION_BYTES + data.length);
  view.setBigUint64(0, OPTION_MAGIC);
  view.setUint32(8, option);
  view.setUint32(12, data.length);
  bytes.set(data, OPTION_BYTES);
  return bytes;
}

/** Data of GO: the export's name and the one piece of information asked for besides its size. */
export function encodeGoData(exportName: Uint8Array): Uint8Array {
  const { bytes, view } = frame(4 + exportName.length + 4);
  view.setUint32(0, exportName.length);
  bytes.set(exportName, 4);
  view.setUint16(4 + exportName.length, 1);
  view.setUint16(6 + exportName.length, INFO.blockSize);
  return bytes;
}

/** Data of GO or INFO as the server reads it; null when lengths do not add up. */
export function decodeGoData(
  data: Uint8Array,
): { readonly name: string; readonly infos: readonly number[] } | null {
  if (data.length < 6) return null;
  const view = viewOf(data);
  const nameLength = view.getUint32(0);
  if (nameLength > STRING_BYTES_MAX || data.length < 6 + nameLength) return null;
  const count = view.getUint16(4 + nameLength);
  if (data.length !== 6 + nameLength + 2 * count) return null;
  const infos: number[] = [];
  for (let i = 0; i < count; i++) infos.push(view.getUint16(6 + nameLength + 2 * i));
  return { name: textOf(data.subarray(4, 4 + nameLength)), infos };
}

export function encodeAnswer(option: number, type: number, data: Uint8Array): Uint8Array {
  const { bytes, view } = frame(ANSWER_BYTES + data.length);
  view.setBigUint64(0, ANSWER_MAGIC);
  view.setUint32(8, option);
  view.setUint32(12, type);
  view.setUint32(16, data.length);
  bytes.set(data, ANSWER_BYTES);
  return bytes;
}

export function encodeExportInfo(info: ExportInfo): Uint8Array {
  const { bytes, view } = frame(12);
  view.setUint16(0, INFO.export);
  view.setBigUint64(2, BigInt(info.sizeBytes));
  view.setUint16(10, info.flags);
  return bytes;
}

export function encodeBlockSizes(minimum: number, preferred: number, maximum: number): Uint8Array {
  const { bytes, view } = frame(14);
  view.setUint16(0, INFO.blockSize);
  view.setUint32(2, minimum);
  view.setUint32(6, preferred);
  view.setUint32(10, maximum);
  return bytes;
}

/** Bare answer to EXPORT_NAME, with or without its padding. */
export function encodeExport(info: ExportInfo, zeroes: boolean): Uint8Array {
  const { bytes, view } = frame(EXPORT_BYTES + (zeroes ? EXPORT_ZEROES : 0));
  view.setBigUint64(0, BigInt(info.sizeBytes));
  view.setUint16(8, info.flags);
  return bytes;
}

/** Size and flags at `offset`; null for a size that no number can hold. */
export function decodeExport(bytes: Uint8Array, offset: number): ExportInfo | null {
  const view = viewOf(bytes);
  const size = view.getBigUint64(offset);
  if (size > BigInt(Number.MAX_SAFE_INTEGER)) return null;
  return { sizeBytes: Number(size), flags: view.getUint16(offset + 8) };
}

export function encodeRequest(request: NbdRequest, data: Uint8Array): Uint8Array {
  const { bytes, view } = frame(REQUEST_BYTES + data.length);
  view.setUint32(0, REQUEST_MAGIC);
  view.setUint16(4, request.flags);
  view.setUint16(6, request.command);
  view.setBigUint64(8, request.cookie);
  view.setBigUint64(16, BigInt(request.offset));
  view.setUint32(24, request.length);
  bytes.set(data, REQUEST_BYTES);
  return bytes;
}

/**
 * One request head; null when the magic is wrong. An offset beyond every export reads as the
 * largest.
 */
export function decodeRequest(bytes: Uint8Array): NbdRequest | null {
  const view = viewOf(bytes);
  if (view.getUint32(0) !== REQUEST_MAGIC) return null;
  const offset = view.getBigUint64(16);
  const largest = BigInt(Number.MAX_SAFE_INTEGER);
  return {
    flags: view.getUint16(4),
    command: view.getUint16(6),
    cookie: view.getBigUint64(8),
    offset: Number(offset > largest ? largest : offset),
    length: view.getUint32(24),
  };
}

export function encodeReply(error: number, cookie: bigint, data: Uint8Array): Uint8Array {
  const { bytes, view } = frame(REPLY_BYTES + data.length);
  view.setUint32(0, REPLY_MAGIC);
  view.setUint32(4, error);
  view.setBigUint64(8, cookie);
  bytes.set(data, REPLY_BYTES);
  return bytes;
}

export function decodeReply(
  bytes: Uint8Array,
): { readonly error: number; readonly cookie: bigint } | null {
  const view = viewOf(bytes);
  if (view.getUint32(0) !== REPLY_MAGIC) return null;
  return { error: view.getUint32(4), cookie: view.getBigUint64(8) };
}

/** errno name of an error number on the wire; servers map anything else to EINVAL. */
export function nbdErrorCode(error: number): string {
  for (const [code, value] of Object.entries(NBD_ERROR)) if (value === error) return code;
  const others: Record<number, string> = { 75: "EOVERFLOW", 95: "ENOTSUP", 108: "ESHUTDOWN" };
  return others[error] ?? "EIO";
}

export const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function frame(length: number): { bytes: Uint8Array; view: DataView } {
  const bytes = new Uint8Array(length);
  return { bytes, view: viewOf(bytes) };
}
