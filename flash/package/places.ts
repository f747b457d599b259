/**
 * Where the package puts its things on a server. One table for installer, units, check and tests, so
 * that a path is written once. All are absolute on the installed system; an installer that works on an
 * image puts its root in front of them.
 * Source: Filesystem Hierarchy Standard 3.0; file-hierarchy(7); work order 3 item 5.
 */

export interface PackageOptions {
  /** Folder whose `lib/kagemusha` and `bin/kage` are ours, absolute, e.g. `/usr/local`. */
  readonly prefix: string;
  /** Node as the units start it, absolute. */
  readonly nodePath: string;
}

export interface PackagePlaces {
  readonly nodePath: string;
  /** Program and packages; entirely ours, replaced by every installation. */
  readonly lib: string;
  readonly mainJs: string;
  /** Switches this server off; its name tells the off driver that it must be armed. */
  readonly offScript: string;
  /** The operator's command, a link into `lib`. */
  readonly command: string;
}

export const ETC_DIR = "/etc/kagemusha";
export const LOCAL_FILE = `${ETC_DIR}/local.json`;
export const CLUSTER_FILE = `${ETC_DIR}/cluster.jsonc`;
export const KEY_FILE = `${ETC_DIR}/cluster.key`;
export const STATE_DIR = "/var/lib/kagemusha";
/** Sockets and run records; must outlive a restart of the agent and nothing else. */
export const RUN_DIR = "/run/kagemusha";
export const UNIT_DIR = "/etc/systemd/system";
export const TMPFILES_FILE = "/etc/tmpfiles.d/kagemusha.conf";
/** While it stands, a planned "off" ends the cluster's work and not the machine. */
export const LEAVING_FILE = `${RUN_DIR}/leaving`;
/** Held by the living disk process, so that there are never two. */
export const DISK_LOCK_FILE = `${RUN_DIR}/disk.lock`;

export function packagePlaces({ prefix, nodePath }: PackageOptions): PackagePlaces {
  const base = prefix === "/" ? "" : prefix;
  const lib = `${base}/lib/kagemusha`;
  return {
    nodePath,
    lib,
    mainJs: `${lib}/dist/firmware/main.js`,
    offScript: `${lib}/poweroff`,
    command: `${base}/bin/kage`,
  };
}
