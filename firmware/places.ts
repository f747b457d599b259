/**
 * Where the virtual appliance keeps its things, so that launcher and command line agree without a
 * setting: state survives, the run folder (sockets) does not and has a short name, because a Unix
 * socket's path may not exceed 107 bytes.
 * Source: XDG Base Directory Specification; unix(7); issue 2 items 6 and 7.
 */
import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { userInfo } from "node:os";
import { isAbsolute, join, resolve } from "node:path";

export interface ApplianceDirs {
  /** Configuration, keys, stores of all virtual servers. */
  readonly stateDir: string;
  /** Sockets and `appliance.json`; one per user and state folder. */
  readonly runDir: string;
}

/** Everything one virtual server has of its own. */
export interface ServerPlaces {
  /** The per-server file that every process of the server is started with. */
  readonly localFile: string;
  readonly stateDir: string;
  readonly runDir: string;
  readonly agentSocket: string;
  /** Standard output and error of the server's processes. */
  readonly consoleFile: string;
}

/** unix(7): sun_path holds 108 bytes with the closing zero. */
export const SOCKET_PATH_BYTES_MAX = 107;
/** `/` + server name of 15 + `/agent.sock`, the longest socket below the run folder. */
const BELOW_RUN_DIR_BYTES = 1 + 15 + "/agent.sock".length;

/**
 * `stateDir` over KAGE_STATE_DIR over `$XDG_STATE_HOME/kagemusha` over `~/.local/state/kagemusha`.
 * The run folder is in the user's runtime folder, or in /tmp where there is none or its name is long.
 */
export function applianceDirs(
  stateDir?: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): ApplianceDirs {
  const home = env["XDG_STATE_HOME"] || join(env["HOME"] || userInfo().homedir, ".local", "state");
  const state = resolve(stateDir || env["KAGE_STATE_DIR"] || join(home, "kagemusha"));
  const hash = createHash("sha256").update(state).digest("hex").slice(0, 8);
  const { uid } = userInfo();
  // A shell of the same user without a login session (su, cron) must find the same folder.
  const runtime = [env["XDG_RUNTIME_DIR"], `/run/user/${uid}`].find(
    (dir) => dir !== undefined && isRuntimeFolder(dir, uid),
  );
  const runDir = join(runtime ?? "/tmp", `kagemusha-${hash}`);
  const long = Buffer.byteLength(runDir) + BELOW_RUN_DIR_BYTES > SOCKET_PATH_BYTES_MAX;
  if (runtime !== undefined && !long) return { stateDir: state, runDir };
  return { stateDir: state, runDir: `/tmp/kagemusha-${uid}-${hash}` };
}

export const applianceFile = (dirs: ApplianceDirs): string => join(dirs.runDir, "appliance.json");
/** A file of its own and no argument, so that `ps` stays readable. */
export const supervisorFile = (dirs: ApplianceDirs): string => join(dirs.runDir, "supervisor.sh");
export const rackSocket = (dirs: ApplianceDirs): string => join(dirs.runDir, "rack.sock");

export function serverPlaces(dirs: ApplianceDirs, server: string): ServerPlaces {
  const stateDir = join(dirs.stateDir, server);
  const runDir = join(dirs.runDir, server);
  return {
    localFile: join(stateDir, "local.json"),
    stateDir,
    runDir,
    agentSocket: join(runDir, "agent.sock"),
    consoleFile: join(stateDir, "console.log"),
  };
}

function isRuntimeFolder(dir: string, uid: number): boolean {
  if (!isAbsolute(dir)) return false;
  const stat = statSync(dir, { throwIfNoEntry: false });
  return stat?.isDirectory() === true && stat.uid === uid;
}
