/**
 * The server's side of its port on the public switch: floating addresses of the virtual appliance.
 * Loopback needs no address to be set, so "up" is the first announcement and "down" the withdrawal;
 * what the switch forwards is decided there, and it knows whether another station has an address (R115).
 * Source: contract "Public switch"; architecture.md 7.
 */
import { createSocket } from "node:dgram";
import { readAddressMessage } from "../../base/message.ts";
import {
  type AddressPort,
  type AddressUse,
  type ForeignClaim,
  HostFault,
} from "../../ports/host.ts";
import { splitAddress } from "./board.ts";

export interface RackAddressOptions {
  /** `host:port` of this server's port on the switch. */
  readonly publicSwitch: string;
  onTrouble(text: string): void;
}

const ANSWERS = ["foreign-claim", "in-use", "free"] as const;
/** The switch answers at once; behind a pulled cable it never does. */
const PROBE_WAIT_MS = 300;

/** No address is up at first. What the socket has to complain of goes to `onTrouble`, not into the answers. */
export function createRackAddresses(options: RackAddressOptions): AddressPort {
  const { host, port } = splitAddress(options.publicSwitch);
  const socket = createSocket("udp4");
  const held = new Set<string>();
  const asking = new Set<{
    readonly address: string;
    readonly settle: (use: AddressUse) => void;
  }>();
  let listener: (claim: ForeignClaim) => void = () => undefined;
  let closed = false;
  socket.on("error", (error) => options.onTrouble(`public switch: ${error.message}`));
  socket.on("message", (bytes, source) => {
    if (source.address !== host || source.port !== port) return;
    const heard = readAddressMessage(bytes, ANSWERS);
    if (heard === null) return;
    const { kind, address } = heard;
    if (kind === "foreign-claim") {
      if (held.has(address)) listener({ address, hardwareAddress: "" });
      return;
    }
    for (const question of [...asking]) if (question.address === address) question.settle(kind);
  });

  function send(kind: "announce" | "withdraw" | "probe", address: string): Promise<void> {
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

  function listen(address: string): Promise<AddressUse> {
    return new Promise((resolve) => {
      const settle = (use: AddressUse): void => {
        clearTimeout(timer);
        if (asking.delete(question)) resolve(use);
      };
      const question = { address, settle };
      const timer = setTimeout(() => {
        const why = `no answer in ${PROBE_WAIT_MS} ms; is the public cable in?`;
        options.onTrouble(`public switch: ${address} is not known to be free: ${why}`);
        settle("unknown");
      }, PROBE_WAIT_MS);
      asking.add(question);
    });
  }

  return {
    async probe(address) {
      if (held.has(address)) return "free";
      const answer = listen(address);
      await send("probe", address);
      return answer;
    },
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
      for (const question of [...asking]) question.settle("unknown");
      socket.close();
    },
  };
}
