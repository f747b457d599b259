/**
 * Services of the operating system that a script has loaded (ARMLOAD /S): watched as if they were programs,
 * asked to stop with their group, and ended at once by the last will.
 * Intuition: the runner knows how to watch a process, so the service gets one that stands for it. The service
 * itself is the child of its manager and bears no mark of ours; only the manager can end it for good, and only
 * the manager knows that it is gone.
 * Source: guide 2.2.4 (`ARMLOAD WWWPS /S /M "W3SVC"`); R158; systemctl(1), service(8); protocol.md P1.
 */
import { spawn } from "node:child_process";
import { inheritedEnvironment } from "../../hal/drivers/program-runner/environment.ts";
import type { LoadRecord } from "./load-record.ts";

/**
 * `none`: there is no manager. `crush` begins the stop before it kills, so that nothing is restarted.
 * "inactive" and "failed" are the two states in which systemd has no process of it left.
 */
const MANAGER = `
if command -v systemctl >/dev/null 2>&1; then
  up() { systemctl start -- "$1"; }
  down() { systemctl stop -- "$1"; }
  active() { systemctl is-active --quiet -- "$1"; }
  gone() { case $(systemctl show --property=ActiveState --value -- "$1") in inactive|failed) ;; *) return 1 ;; esac; }
  crush() { systemctl stop --no-block -- "$1"; systemctl kill --kill-who=all --signal=SIGKILL -- "$1"; }
elif command -v service >/dev/null 2>&1; then
  up() { service "$1" start; }
  down() { service "$1" stop; }
  active() { service "$1" status >/dev/null 2>&1; }
  gone() { ! active "$1"; }
  crush() { service "$1" stop; }
else
  none=yes
fi
`;

/** Argument: the service's name. Status: 1 it ended or did not start, 127 no service manager here. */
export const SERVICE_WATCH = `${MANAGER}
if [ -n "$none" ]; then
  echo "armload /S: neither systemctl nor service is here; load the program itself instead" >&2
  exit 127
fi
name=$1
ends=
trap 'ends=yes' TERM INT
up "$name" || { echo "armload /S: service $name did not start" >&2; exit 1; }
while [ -z "$ends" ] && active "$name"; do
  sleep 1 &
  wait "$!"
done
if [ -n "$ends" ]; then
  trap '' TERM INT
  down "$name"
  exit 0
fi
echo "armload /S: service $name is not active any more" >&2
exit 1
`;

/** Both end with 0 only when the manager says that the service is gone; without a manager none can run. */
const SERVICE_STOP = `${MANAGER}
[ -n "$none" ] || gone "$1" || { down "$1"; gone "$1"; }
`;
const SERVICE_CRUSH = `${MANAGER}
[ -n "$none" ] || gone "$1" || { crush "$1"; gone "$1"; }
`;

export interface ServiceEnd {
  readonly name: string;
  /** As its watch had it; the path decides which manager is asked. */
  readonly env: Readonly<Record<string, string>>;
  /** `stop` waits for an orderly end, `crush` kills. */
  readonly how: "stop" | "crush";
  readonly timeoutMs: number;
}

/** How to reach the manager of a loaded service as its watch did. */
export function serviceEnd(
  { argv, env }: LoadRecord,
  runDir: string,
): Pick<ServiceEnd, "name" | "env"> {
  const own = { ...inheritedEnvironment(), ...env, KAGE_RUN_DIR: runDir };
  return { name: argv[0] ?? "", env: own };
}

/** Null when the service is gone; else why that is not known. Never rejects. */
export function endService({ name, env, how, timeoutMs }: ServiceEnd): Promise<string | null> {
  const script = how === "stop" ? SERVICE_STOP : SERVICE_CRUSH;
  return new Promise((resolve) => {
    const child = spawn("/bin/sh", ["-c", script, "kage-service", name], {
      env,
      cwd: "/",
      stdio: "ignore",
      timeout: timeoutMs,
      killSignal: "SIGKILL",
    });
    child.once("error", (error) => resolve(`service ${name}: ${error.message}`));
    child.once("exit", (status, signal) => {
      const why = signal === null ? "it is not gone" : `its manager did not answer (${signal})`;
      resolve(status === 0 ? null : `service ${name}: ${why}`);
    });
  });
}
