/**
 * Keeps the processes of one server running: pulse, agent and disk, each in a loop of its own that
 * starts it again only after the old one was reaped. None is another's child, so none falls with
 * another. It is a shell script on purpose: it must not share a fault with what it starts.
 * Its standard input is the power feed: when that ends, everything of the server is killed.
 * Source: architecture.md 2; protocol.md P4, P6, P7; contract "supervisor".
 */

/** Processes of one server, in the order in which they are started; `disk` only where there is an array. */
export const ROLES = ["pulse", "agent", "disk"] as const;
/** Started only where the server's local file has a section for it. */
export const VIEW_ROLE = "telemetry";
export type Role = (typeof ROLES)[number] | typeof VIEW_ROLE;

/** Telemetry holds the picture of 16 servers and 10,000 events in less; a leak ends it, nobody else. */
const VIEW_HEAP_MIB = 96;

/**
 * Arguments: node, main.js, local.json, state folder, then the roles beside pulse and agent. Works under dash.
 * Backoff 0, 0.1 ... 2 s while a process lives less than 2 s. Every end is written to
 * `supervisor.log`, which is turned over at 1 MiB. Without the right to real-time priority the pulse
 * runs at normal priority. A tree without KAGE_TREE gets a cookie here, so that its end finds all.
 */
export const SUPERVISOR_SCRIPT = `
node=$1 main=$2 local=$3 log=$4/supervisor.log
shift 4
if [ -z "$KAGE_TREE" ]; then
  read -r KAGE_TREE </proc/sys/kernel/random/uuid
  export KAGE_TREE
fi

say() {
  if [ -f "$log" ] && [ "$(wc -c <"$log")" -gt 1048576 ]; then mv -f "$log" "$log.1"; fi
  printf '%s %s\\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$1" >>"$log"
} 2>/dev/null

clock() {
  read -r up rest </proc/uptime
  now=\${up%.*}\${up#*.}
}

keep() {
  role=$1
  shift
  tenths=0
  while :; do
    clock
    born=$now
    "$@" "$node" "$main" "$role" --local "$local" </dev/null
    code=$?
    clock
    lived=$(((now - born) * 10))
    if [ "$lived" -ge 2000 ]; then tenths=0; fi
    say "$role ended with status $code after $lived ms, starts again in $((tenths * 100)) ms"
    if [ "$tenths" -gt 0 ]; then sleep "$((tenths / 10)).$((tenths % 10))"; fi
    if [ "$tenths" -lt 20 ]; then tenths=$((tenths + 1)); fi
  done
}

end_all() {
  trap '' TERM INT HUP
  kill -KILL $loops 2>/dev/null
  round=0
  alive=yes
  while [ -n "$alive" ] && [ "$round" -lt 200 ]; do
    alive=
    round=$((round + 1))
    for file in $(env -u KAGE_TREE grep -lzxF "KAGE_TREE=$KAGE_TREE" /proc/[0-9]*/environ 2>/dev/null); do
      pid=\${file#/proc/}
      pid=\${pid%/environ}
      if [ "$pid" != "$$" ] && kill -KILL "$pid" 2>/dev/null; then alive=yes; fi
    done
  done
  say "power lost: all processes ended after $round rounds"
  exit 0
}

loops=
trap end_all TERM INT HUP
realtime= late=
if [ "$KAGE_REALTIME" = late ]; then late=', by itself when it has started'
elif chrt -r 50 true 2>/dev/null; then realtime='chrt -r 50'; fi
say "start, real-time priority for the pulse: \${realtime:-no}$late"
keep pulse $realtime &
loops=$!
for role in agent "$@"; do
  if [ "$role" = ${VIEW_ROLE} ]; then
    heap="--max-old-space-size=${VIEW_HEAP_MIB}"
    keep "$role" nice -n 10 env NODE_OPTIONS="$NODE_OPTIONS $heap" &
  else
    keep "$role" &
  fi
  loops="$loops $!"
done
while read -r line; do :; done
end_all
`;

export interface SupervisorOptions {
  /** Where the caller has put SUPERVISOR_SCRIPT; the shell reads it while it runs. */
  readonly scriptFile: string;
  readonly nodePath: string;
  /** Compiled entry point; started as `node main.js ROLE --local FILE`. */
  readonly mainJs: string;
  readonly localFile: string;
  /** Folder of `supervisor.log`. */
  readonly stateDir: string;
  /** Keep a disk process; default true. A configuration without array needs none. */
  readonly disk?: boolean;
  /** Keep a telemetry process as well; default false. */
  readonly telemetry?: boolean;
}

export interface SupervisorCommand {
  readonly file: string;
  readonly argv: readonly string[];
}

/**
 * What to start for one server. Its standard input must be held open for as long as the server has
 * power; /dev/null is a power cut at once.
 */
export function supervisorCommand(options: SupervisorOptions): SupervisorCommand {
  const { scriptFile, nodePath, mainJs, localFile, stateDir } = options;
  const disk = options.disk === false ? [] : ["disk"];
  const view = options.telemetry === true ? [VIEW_ROLE] : [];
  const roles = [...disk, ...view];
  return { file: "/bin/sh", argv: [scriptFile, nodePath, mainJs, localFile, stateDir, ...roles] };
}

/** Role of a process by its command line; null when it is none of ours. */
export function roleOf(mainJs: string, argv: readonly string[]): Role | null {
  const at = argv.indexOf(mainJs);
  if (at < 0) return null;
  const roles: readonly Role[] = [...ROLES, VIEW_ROLE];
  return roles.find((role) => role === argv[at + 1]) ?? null;
}
