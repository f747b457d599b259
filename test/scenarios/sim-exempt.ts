/**
 * Which stories the simulator leaves to the rack and the lab, and why. The reasons are those that the world
 * itself gives; a story is on the list if and only if it cannot be played, and sim.test.ts holds both.
 * Source: work order 4 item 9.
 */
import type { Scenario } from "./language.ts";

/** Stories by reason. */
export const EXEMPT: Readonly<Record<string, readonly string[]>> = {
  "a broker and a page": [
    "view-broker-killed",
    "view-configuration",
    "view-takeover-told",
    "view-telemetry-spins",
  ],
  "a second appliance": ["second-appliance"],
  // Both name a script as well.
  "kage group add": ["form-parallel", "form-parallel-majority"],
  // Files of keys, and a frame under one of two of them.
  "kage key rotate": [
    "disk-three-key-rotate",
    "key-rotate",
    "key-rotate-killed",
    "key-rotate-server-off",
    "majority-key-rotate",
  ],
  // The command waits itself and presses a switch: it is the command that is shown.
  "kage server force-stop": ["s07-forced-stop-frozen"],
  scripts: [
    "form-different-applications",
    "script-armfover",
    "script-cluster-names",
    "script-daemon",
    "script-events",
    "script-flood",
    "script-hanging-start",
    "script-lan-lost",
    "script-load",
    "script-missing",
    "script-monitor",
    "script-monitor-down",
    "script-service-will",
    "script-stubborn-stop",
    "script-switch-dead",
    "shared-failed-stop",
  ],
  "strangers on the segment": ["address-in-use"],
  "the black box": ["blackbox-emergency", "blackbox-pulse-killed", "blackbox-state-full"],
};

/** So many stories have been played; fewer means that the simulator has lost something it could do. */
export const PLAYED_LEAST = 207;

/** null = it has to be played. */
export function exemptionOf(story: string): string | null {
  return Object.entries(EXEMPT).find(([, stories]) => stories.includes(story))?.[0] ?? null;
}

/** Facts about files of real processes: nothing of them has a model. */
export function unsaid({ blocks }: Scenario): string | null {
  const facts = blocks.flatMap(({ facts }) => facts);
  const isBox = facts.some(
    ({ fact }) => fact.kind === "event" && fact.wanted && fact.key.startsWith("blackbox."),
  );
  return isBox ? "the black box" : null;
}
