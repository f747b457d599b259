/**
 * The whole catalogue of faults, by name. Source: reliability.md 2.3; work order 4 item 5.
 */

import { straight } from "../../firmware/simulator/bends.ts";
import type { World } from "../../firmware/simulator/world.ts";
import { type FaultKind, markHealed } from "./fault-kind.ts";
import { ARRAY_FAULTS } from "./faults-array.ts";
import { COM_FAULTS } from "./faults-com.ts";
import { LAN_FAULTS, releaseDams } from "./faults-lan.ts";
import { MANY_FAULTS } from "./faults-many.ts";
import { ORDER_FAULTS, PROGRAM_FAULTS } from "./faults-order.ts";
import { CLOCK_FAULTS, POWER_FAULTS, WATCHDOG_FAULTS } from "./faults-power.ts";
import { PROCESS_FAULTS, rejoin } from "./faults-process.ts";
import { RELEASE_FAULTS } from "./faults-release.ts";
import { STORE_FAULTS } from "./faults-store.ts";
import { TEXT_FAULTS } from "./faults-text.ts";

export const FAULTS: readonly FaultKind[] = [
  ...LAN_FAULTS,
  ...MANY_FAULTS,
  ...COM_FAULTS,
  ...ARRAY_FAULTS,
  ...POWER_FAULTS,
  ...WATCHDOG_FAULTS,
  ...PROCESS_FAULTS,
  ...CLOCK_FAULTS,
  ...STORE_FAULTS,
  ...ORDER_FAULTS,
  ...PROGRAM_FAULTS,
  ...TEXT_FAULTS,
  ...RELEASE_FAULTS,
];

const BY_NAME = new Map(FAULTS.map((fault) => [fault.name, fault]));

export const faultNamed = (name: string): FaultKind | undefined => BY_NAME.get(name);

/** Everything that somebody can repair from outside is whole again; who is off stays off. */
export function healAll(world: World): void {
  world.trace("== heal");
  markHealed(world);
  world.wires.heal();
  releaseDams(world);
  world.array.spoilt.clear();
  for (const host of world.hosts) {
    host.disk.setFault("none");
    host.broken.clear();
    rejoin(host);
    host.bends = straight();
    if (host.on) host.bendClock(1, 0);
  }
}
