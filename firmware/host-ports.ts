/**
 * Opens the makes of address, watchdog and off that this server's local file names.
 * Source: architecture.md 7 ("OS off" is a host port with several makes).
 */
import { openLinuxAddresses } from "../hal/drivers/address-linux/driver.ts";
import { createRackBoard, type RackBoard } from "../hal/drivers/host-rack/board.ts";
import { createRackAddresses } from "../hal/drivers/host-rack/switch.ts";
import { createOffCommand } from "../hal/drivers/off-command/driver.ts";
import { openWatchdogDevice } from "../hal/drivers/watchdog-device/driver.ts";
import type { AddressPort, OffPort } from "../hal/ports/host.ts";
import type { WatchdogPort } from "../hal/ports/watchdog.ts";
import { type ServerContext, StartFault } from "./local.ts";

export interface HostPorts {
  readonly addresses: AddressPort;
  readonly watchdog: WatchdogPort;
  readonly off: OffPort;
}

const NO_WATCHDOG: WatchdogPort = {
  arm: () => undefined,
  feed: () => undefined,
  disarm: () => undefined,
};

export function openHostPorts(
  context: ServerContext,
  onTrouble: (text: string) => void,
): HostPorts {
  const { local } = context;
  const board = local.rack === undefined ? null : createRackBoard(local.rack.board, onTrouble);
  return {
    addresses: openAddresses(context, onTrouble),
    watchdog: openWatchdog(context, board, onTrouble),
    off: openOff(context, board, onTrouble),
  };
}

function openAddresses(context: ServerContext, onTrouble: (text: string) => void): AddressPort {
  const { local, config, self } = context;
  if (local.addresses.kind === "rack" && local.rack !== undefined) {
    return createRackAddresses({ publicSwitch: local.rack.publicSwitch, onTrouble });
  }
  const networkInterface = config.servers[self]?.publicInterface ?? "";
  if (networkInterface === "") {
    throw new StartFault(
      `${local.configFile}: server "${local.server}" has no "publicInterface"; expected the interface ` +
        "that carries floating addresses, e.g. eth0",
    );
  }
  return openLinuxAddresses({
    networkInterface,
    onAlert: (alert) => onTrouble(JSON.stringify(alert)),
  });
}

function openWatchdog(
  context: ServerContext,
  board: RackBoard | null,
  onTrouble: (text: string) => void,
): WatchdogPort {
  const { watchdog } = context.local;
  if (watchdog.kind === "rack" && board !== null) return board;
  if (watchdog.kind !== "device") return NO_WATCHDOG;
  const { path } = watchdog;
  return openWatchdogDevice({ path, onTrouble: ({ detail }) => onTrouble(detail) });
}

function openOff(
  context: ServerContext,
  board: RackBoard | null,
  onTrouble: (text: string) => void,
): OffPort {
  const { off } = context.local;
  if (off.kind === "rack" && board !== null) return board;
  const argv = off.kind === "command" ? off.argv : ["false"];
  const isArmed = off.kind === "command" && off.armed === true;
  return createOffCommand({ argv, isArmed, onTrouble: ({ detail }) => onTrouble(detail) });
}
