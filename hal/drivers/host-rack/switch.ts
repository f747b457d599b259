/**
 * The server's side of its port on the public switch: floating addresses of the virtual appliance.
 * Loopback needs no address to be set, so "up" is the first announcement and "down" the withdrawal;
 * what the switch forwards is decided there. Source: contract "Public switch"; architecture.md 7.
 */
import { createSocket } from "node:dgram";
import { type AddressPort, type ForeignClaim, HostFault } from "../../ports/host.ts";
import { splitAddress } from "./board.ts";

export interface RackAddressOptions {
  /** `host:port` of this server's port on the switch. */
  readonly publicSwitch: string;
  onTrouble(text: string): void;
}

/** A switch message is about 60 bytes. */
const MESSAGE_BYTES_MAX = 512;

export function createRackAddresses(options: RackAddressOptions): AddressPort {
  const { host, port } = splitAddress(options.publicSwitch);
  const socket = createSocket("udp4");
  const held = new Set<string>();
  let listener: (claim: ForeignClaim) => void = () => undefined;
  let closed = false;
  socket.on("error", (error) => options.onTrouble(`public switch: ${error.message}`));
  socket.on("message", (bytes, source) => {
    if (source.address !== host || source.port !== port) return;
    const address = foreignAddress(bytes);
    if (address !== null && held.has(address)) listener({ address, hardwareAddress: "" });
  });

  function send(kind: "announce" | "withdraw", address: string): Promise<void> {
    return new Promise((resolve, reject) => {
      if (closed) {
        reject(new HostFault("closed", `${kind} ${address}: the address port is closed`));
        return;
      }
      socket.send(JSON.stringify({ kind, address }), port, host, (error) => {
        if (error === null) resolve();
        else reject(new HostFault("refused", `${kind} ${address}: ${error.message}`));
      });
    });
  }

  return {
    up(address) {
      held.add(address);
      return send("announce", address);
    },
    down(address) {
      held.delete(address);
      return send("withdraw", address);
    },
    announce(address) {
      if (!held.has(address) || closed) return;
      send("announce", address).catch((error: Error) => options.onTrouble(error.message));
    },
    onForeignClaim(heard) {
      listener = heard;
    },
    close() {
      if (closed) return;
      closed = true;
      socket.close();
    },
  };
}

/** The address of a `foreign-claim`, or null for anything else. */
function foreignAddress(bytes: Buffer): string | null {
  if (bytes.length > MESSAGE_BYTES_MAX) return null;
  let message: unknown;
  try {
    message = JSON.parse(bytes.toString("utf8"));
  } catch {
    return null;
  }
  if (typeof message !== "object" || message === null) return null;
  const { kind, address } = message as Readonly<Record<string, unknown>>;
  return kind === "foreign-claim" && typeof address === "string" ? address : null;
}
