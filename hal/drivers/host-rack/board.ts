/**
 * The server's side of its board in the rack: feeds the watchdog and asks for power off.
 * Datagrams: an answer is never needed (being fed shows in not being reset), and a send must never
 * block or outlive the pulse. Source: contract "Rack board protocol"; architecture.md 7.
 */
import { createSocket } from "node:dgram";
import type { OffPort, OffReason } from "../../ports/host.ts";
import type { WatchdogPort } from "../../ports/watchdog.ts";

export interface RackBoard extends WatchdogPort, OffPort {
  close(): void;
}

/** An off request is repeated: one lost datagram must not keep a server on that wants to be off. */
const OFF_REPEATS = 3;

/**
 * `address`: `host:port` of this server's board. A send that fails is the watchdog's business: not fed
 * in time, it resets. `onTrouble` hears of it for the log.
 */
export function createRackBoard(address: string, onTrouble: (text: string) => void): RackBoard {
  const { host, port } = splitAddress(address);
  const socket = createSocket("udp4");
  let timeoutMs = 0;
  let closed = false;
  socket.unref();
  socket.on("error", (error) => onTrouble(`board ${address}: ${error.message}`));

  function send(message: Readonly<Record<string, unknown>>): void {
    if (!closed) socket.send(JSON.stringify(message), port, host);
  }

  return {
    arm(wantedMs) {
      timeoutMs = wantedMs;
      send({ kind: "feed", timeoutMs });
    },
    feed() {
      if (timeoutMs > 0) send({ kind: "feed", timeoutMs });
    },
    disarm() {
      timeoutMs = 0;
      send({ kind: "disarm" });
    },
    off(reason: OffReason) {
      for (let turn = 0; turn < OFF_REPEATS; turn += 1) send({ kind: "off", reason });
    },
    close() {
      if (closed) return;
      closed = true;
      socket.close();
    },
  };
}

/** Splits `host:port`; throws when the local file holds something else. */
export function splitAddress(address: string): { readonly host: string; readonly port: number } {
  const at = address.lastIndexOf(":");
  const host = address.slice(0, at);
  const port = Number(address.slice(at + 1));
  if (at < 1 || !Number.isInteger(port) || port < 1 || port > 65535) {
    throw new Error(`expected host:port of a rack socket, found ${JSON.stringify(address)}`);
  }
  return { host, port };
}
