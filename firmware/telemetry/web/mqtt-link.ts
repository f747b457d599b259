/**
 * One live dashboard: a WebSocket on one side, a TCP connection to the broker on the other, and never more
 * than a bounded number of bytes in between. Whoever reads slowly stops the other side from being read; who
 * does not catch up is cut off, because the broker would queue for it. Ends with the session.
 * Source: issue 3 item 7; MQTT 5.0 6 (WebSocket transport); RFC 6455 7.4 (close codes).
 */
import type { Socket } from "node:net";
import type { WebSocket } from "ws";
import type { WebLimits } from "./limits.ts";
import {
  type BrokerAccount,
  firstPacket,
  type ProtocolVersion,
  rewriteConnack,
  rewriteConnect,
} from "./mqtt-connect.ts";
import { createFrameWatch, type FrameWatch } from "./mqtt-frames.ts";

export interface Dialled {
  readonly socket: Socket;
  /** Event after which bytes may be written. */
  readonly readyEvent: "connect" | "secureConnect";
}

export interface LinkOptions {
  readonly webSocket: WebSocket;
  readonly account: BrokerAccount;
  readonly limits: WebLimits;
  nowMs(): number;
  /** Opens the connection to the broker. */
  dial(): Dialled;
  /** The operator gave a command. */
  onUse(): void;
  /** Once; `code` as sent to the browser. */
  onEnd(code: number, reason: string): void;
}

export interface MqttLink {
  end(code: number, reason: string): void;
  /** Looks at deadlines: opening, stall, ping. */
  sweep(nowMs: number): void;
}

export const CLOSE = {
  normal: 1000,
  goingAway: 1001,
  protocol: 1002,
  text: 1003,
  policy: 1008,
  tooLarge: 1009,
  tryLater: 1013,
  /** Own code: log in again. */
  sessionEnded: 4401,
} as const;

/** A peer that does not take part in closing is cut off after this. */
const FAREWELL_MS = 2_000;
const MINUTE_MS = 60_000;

type Phase = "connect" | "dialling" | "open" | "ended";

interface Link {
  readonly options: LinkOptions;
  readonly watch: FrameWatch;
  phase: Phase;
  version: ProtocolVersion;
  broker: Socket | null;
  /** Of the browser, not yet sent on; of the broker, before its CONNACK is whole. */
  fromBrowser: Buffer;
  fromBroker: Buffer;
  stepMs: number;
  /** Since when the browser has not caught up; null = it has. */
  stalledMs: number | null;
  pingedMs: number;
  answered: boolean;
  /** Messages of the browser since `minuteMs`. */
  publishes: number;
  minuteMs: number;
}

export function openLink(options: LinkOptions): MqttLink {
  const { webSocket } = options;
  const link = createLink(options);
  webSocket.on("message", (data: Buffer, isBinary: boolean) => {
    if (link.phase === "ended") return;
    if (isBinary) takeFromBrowser(link, data);
    else end(link, CLOSE.text, "MQTT is binary");
  });
  webSocket.on("pong", () => {
    link.answered = true;
  });
  // Malformed or too large frames; `close` follows with the code that was sent.
  webSocket.on("error", () => webSocket.terminate());
  webSocket.on("close", (code) => end(link, code, "closed by the browser"));
  return {
    end: (code, reason) => end(link, code, reason),
    sweep: (atMs) => sweep(link, atMs),
  };
}

function createLink(options: LinkOptions): Link {
  const atMs = options.nowMs();
  return {
    options,
    watch: createFrameWatch(options.limits.messageBytesMax),
    phase: "connect",
    version: 5,
    broker: null,
    fromBrowser: Buffer.alloc(0),
    fromBroker: Buffer.alloc(0),
    ...{ stepMs: atMs, stalledMs: null, pingedMs: atMs, answered: true },
    ...{ publishes: 0, minuteMs: atMs },
  };
}

function end(link: Link, code: number, reason: string): void {
  if (link.phase === "ended") return;
  link.phase = "ended";
  const { broker, options } = link;
  const { webSocket } = options;
  webSocket.close(code, reason);
  // A paused socket would never see the browser's part of the farewell.
  webSocket.resume();
  // What the operator sent last is still delivered.
  broker?.resume();
  broker?.end();
  const farewell = setTimeout(() => {
    webSocket.terminate();
    broker?.destroy();
  }, FAREWELL_MS);
  farewell.unref();
  options.onEnd(code, reason);
}

function takeFromBrowser(link: Link, bytes: Buffer): void {
  if (link.phase === "open") return sendOn(link, bytes);
  const { limits } = link.options;
  link.fromBrowser = Buffer.concat([link.fromBrowser, bytes]);
  const most = limits.connectBytesMax + 2 * limits.messageBytesMax;
  if (link.fromBrowser.length > most) return end(link, CLOSE.tooLarge, "too much before CONNACK");
  if (link.phase === "connect") readConnect(link);
}

function readConnect(link: Link): void {
  const { limits, account, nowMs } = link.options;
  const first = firstPacket(link.fromBrowser, limits.connectBytesMax);
  if (first.kind === "more") return;
  if (first.kind === "malformed") return end(link, CLOSE.protocol, first.reason);
  const connect = rewriteConnect(first.packet, account);
  if (connect.kind === "malformed") return end(link, CLOSE.protocol, connect.reason);
  link.fromBrowser = first.rest;
  link.version = connect.version;
  link.phase = "dialling";
  link.stepMs = nowMs();
  dialWith(link, connect.bytes);
}

/** The browser is read again once the broker has accepted. */
function dialWith(link: Link, connect: Buffer): void {
  const { webSocket, dial } = link.options;
  webSocket.pause();
  const { socket, readyEvent } = dial();
  link.broker = socket;
  socket.setNoDelay(true);
  socket.once(readyEvent, () => socket.write(connect));
  socket.on("data", (bytes: Buffer) => takeFromBroker(link, bytes));
  socket.on("drain", () => webSocket.resume());
  socket.on("error", () => socket.destroy());
  socket.on("close", () => end(link, CLOSE.tryLater, "the broker is away"));
}

function takeFromBroker(link: Link, bytes: Buffer): void {
  if (link.phase === "open") return sendBack(link, bytes);
  if (link.phase !== "dialling") return;
  const { limits, account, webSocket } = link.options;
  link.fromBroker = Buffer.concat([link.fromBroker, bytes]);
  const first = firstPacket(link.fromBroker, limits.connectBytesMax);
  if (first.kind === "more") return;
  if (first.kind === "malformed") return end(link, CLOSE.tryLater, first.reason);
  const connack = rewriteConnack(first.packet, link.version, account.clientId);
  if (connack.kind === "malformed") return end(link, CLOSE.tryLater, connack.reason);
  link.fromBroker = Buffer.alloc(0);
  link.phase = "open";
  link.pingedMs = link.options.nowMs();
  sendBack(link, connack.bytes);
  if (!connack.accepted) return end(link, CLOSE.tryLater, "the broker refused the account");
  if (first.rest.length > 0) sendBack(link, first.rest);
  const held = link.fromBrowser;
  link.fromBrowser = Buffer.alloc(0);
  webSocket.resume();
  if (held.length > 0) sendOn(link, held);
}

function sendOn(link: Link, bytes: Buffer): void {
  const watched = link.watch.feed(bytes);
  if (watched.kind === "refused") return end(link, CLOSE.policy, watched.reason);
  if (watched.publishes > 0) {
    if (!isWithinRate(link, watched.publishes)) {
      return end(link, CLOSE.policy, "too many messages in a minute");
    }
    link.options.onUse();
  }
  if (link.broker?.write(bytes) === false) link.options.webSocket.pause();
}

function isWithinRate(link: Link, publishes: number): boolean {
  const { limits, nowMs } = link.options;
  const atMs = nowMs();
  if (atMs - link.minuteMs >= MINUTE_MS) {
    link.minuteMs = atMs;
    link.publishes = 0;
  }
  link.publishes += publishes;
  return link.publishes <= limits.publishesPerMinute;
}

function sendBack(link: Link, bytes: Buffer): void {
  const { webSocket, limits, nowMs } = link.options;
  webSocket.send(bytes, { binary: true }, () => {
    if (link.stalledMs === null || webSocket.bufferedAmount > limits.unsentLowBytes) return;
    link.stalledMs = null;
    link.broker?.resume();
  });
  if (link.stalledMs === null && webSocket.bufferedAmount > limits.unsentHighBytes) {
    link.stalledMs = nowMs();
    link.broker?.pause();
  }
}

function sweep(link: Link, atMs: number): void {
  const { limits, webSocket } = link.options;
  if (link.phase === "connect" || link.phase === "dialling") {
    const what = link.phase === "connect" ? "no CONNECT came" : "the broker does not answer";
    if (atMs - link.stepMs >= limits.openMs) end(link, CLOSE.tryLater, what);
    return;
  }
  if (link.phase === "ended") return;
  if (link.stalledMs !== null && atMs - link.stalledMs >= limits.stalledMs) {
    end(link, CLOSE.tryLater, "too slow");
    webSocket.terminate();
    return;
  }
  if (atMs - link.pingedMs < limits.pingMs) return;
  if (!link.answered) return webSocket.terminate();
  link.answered = false;
  link.pingedMs = atMs;
  webSocket.ping();
}
