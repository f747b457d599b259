/**
 * Every bound of the web server in one table. Intuition: whatever a browser, a scanner or an attacker
 * does, memory, sockets and processor time stay below figures that can be added up here.
 * Source: issue 3 item 7; reliability.md 4.1; style 13.
 */

export interface WebLimits {
  /** Request line and headers together, bytes. A browser sends below 2 KiB. */
  readonly headerBytesMax: number;
  /** Headers must be there after this, and a whole request after `requestMs`: slow senders end. */
  readonly headersMs: number;
  readonly requestMs: number;
  /** From the whole request to the last byte taken by the browser. */
  readonly responseMs: number;
  /** Body of a POST, bytes. */
  readonly bodyBytesMax: number;
  /** TCP connections, all and of one address. A browser opens six. */
  readonly connectionsMax: number;
  readonly connectionsPerAddress: number;
  /** Requests being answered at once; above it 503. */
  readonly requestsMax: number;
  /** Live dashboards, all and of one session. */
  readonly socketsMax: number;
  readonly socketsPerSession: number;
  /** Largest WebSocket message of a browser, and largest MQTT packet in it, bytes: commands are < 2 KiB. */
  readonly messageBytesMax: number;
  /** Messages a browser may publish in any minute: an operator gives a few, a program would not stop. */
  readonly publishesPerMinute: number;
  /** First packet of each side, bytes. */
  readonly connectBytesMax: number;
  /** Each step of opening (CONNECT, TCP to the broker, CONNACK), ms. */
  readonly openMs: number;
  /** Unsent bytes towards a browser at which the broker is read no further, and at which it is again. */
  readonly unsentHighBytes: number;
  readonly unsentLowBytes: number;
  /** A browser that has not caught up after this is cut off: the broker must not queue for it. */
  readonly stalledMs: number;
  /** Ping period; a browser that has not answered by the next ping is gone. */
  readonly pingMs: number;
  readonly sessionsMax: number;
  /** The same user in that many browsers; the next login ends the oldest. */
  readonly sessionsPerUser: number;
  readonly idleMs: number;
  readonly absoluteMs: number;
  /** How often ends of sessions, stalls and the users file are looked at. */
  readonly sweepMs: number;
  /** Age of the agent's last word from which on data counts as stale. It comes at least every 2 s. */
  readonly staleMs: number;
}

export const WEB_LIMITS: WebLimits = {
  headerBytesMax: 8 * 1024,
  headersMs: 5_000,
  requestMs: 10_000,
  responseMs: 60_000,
  bodyBytesMax: 16 * 1024,
  connectionsMax: 256,
  connectionsPerAddress: 64,
  requestsMax: 64,
  socketsMax: 64,
  socketsPerSession: 8,
  messageBytesMax: 64 * 1024,
  publishesPerMinute: 600,
  connectBytesMax: 8 * 1024,
  openMs: 5_000,
  unsentHighBytes: 256 * 1024,
  unsentLowBytes: 64 * 1024,
  stalledMs: 20_000,
  pingMs: 15_000,
  sessionsMax: 128,
  sessionsPerUser: 8,
  idleMs: 30 * 60_000,
  absoluteMs: 12 * 3_600_000,
  sweepMs: 1_000,
  staleMs: 6_000,
};
