/**
 * The files of the package that are no program: units, folders at boot, off script, and the local file
 * that a new server starts with. Pure: options in, texts out.
 * Source: work order 3 item 5; tmpfiles.d(5), systemd.unit(5); protocol.md 2.5 ("OS off").
 */
import { agentUnit, diskUnit, pulseUnit } from "./deciding-units.ts";
import {
  CLUSTER_FILE,
  ETC_DIR,
  KEY_FILE,
  LEAVING_FILE,
  type PackageOptions,
  packagePlaces,
  RUN_DIR,
  STATE_DIR,
  TMPFILES_FILE,
  UNIT_DIR,
} from "./places.ts";
import { leaveUnit, SLICE_UNIT, sweepUnit, TARGET_UNIT, telemetryUnit } from "./serving-units.ts";

export interface PackageFile {
  /** Absolute on the installed system. */
  readonly path: string;
  readonly mode: number;
  readonly text: string;
}

export interface PackageFolder {
  readonly path: string;
  readonly mode: number;
}

/** Folders that hold the site's own; made when absent, never removed. */
export const SITE_FOLDERS: readonly PackageFolder[] = [
  { path: ETC_DIR, mode: 0o755 },
  { path: STATE_DIR, mode: 0o700 },
  { path: RUN_DIR, mode: 0o700 },
];

/** Names of all units, for removal and for the check. */
export const UNIT_NAMES = [
  "kage.target",
  "kage.slice",
  "kage-sweep.service",
  "kage-pulse.service",
  "kage-agent.service",
  "kage-disk.service",
  "kage-telemetry.service",
  "kage-leave.service",
] as const;
export type UnitName = (typeof UNIT_NAMES)[number];

/** Everything that is rendered and replaced by every installation. */
export function packageFiles(options: PackageOptions): readonly PackageFile[] {
  const places = packagePlaces(options);
  const units: Readonly<Record<UnitName, string>> = {
    "kage.target": TARGET_UNIT,
    "kage.slice": SLICE_UNIT,
    "kage-sweep.service": sweepUnit(places),
    "kage-pulse.service": pulseUnit(places),
    "kage-agent.service": agentUnit(places),
    "kage-disk.service": diskUnit(places),
    "kage-telemetry.service": telemetryUnit(places),
    "kage-leave.service": leaveUnit(places),
  };
  return [
    ...UNIT_NAMES.map((name) => ({ path: `${UNIT_DIR}/${name}`, mode: 0o644, text: units[name] })),
    { path: TMPFILES_FILE, mode: 0o644, text: TMPFILES },
    { path: places.offScript, mode: 0o755, text: OFF_SCRIPT },
  ];
}

/** The run folder is emptied with every boot; the two others are only seen to. */
const TMPFILES = `# Folders of Kagemusha. Written by "kage install".
d ${RUN_DIR} 0700 root root -
d ${STATE_DIR} 0700 root root -
d ${ETC_DIR} 0755 root root -
`;

/**
 * Positional: `emergency` or `planned`. A planned end that systemd itself has asked for (stop of
 * kage.target, reboot) is left to it. In an emergency the groups are gone already: PID 1 kills and unmounts,
 * and when it hangs the kernel is asked directly. The watchdog is what remains when that hangs as well.
 */
const OFF_SCRIPT = `#!/bin/sh
# Switches this server off: off.argv of local.json, after "armed": true. Written by "kage install".
case "$1" in
planned)
  [ ! -e ${LEAVING_FILE} ] || exit 0
  exec systemctl poweroff
  ;;
emergency)
  systemctl --no-wall poweroff --force && sleep 20
  exec systemctl --no-wall poweroff --force --force
  ;;
*)
  echo "usage: poweroff planned|emergency" >&2
  exit 2
  ;;
esac
`;

/** Start of a new server's local file; `off` is not armed, so nothing is switched off by a first try. */
export function localTemplate(server: string, offScript: string): string {
  const local = {
    server,
    configFile: CLUSTER_FILE,
    keyFile: KEY_FILE,
    stateDir: STATE_DIR,
    runDir: RUN_DIR,
    off: { kind: "command", argv: [offScript, "{reason}"], armed: false },
    watchdog: { kind: "none" },
    addresses: { kind: "linux" },
  };
  return `${JSON.stringify(local, null, 2)}\n`;
}
