/**
 * The small parent of one monitored program: a shell that leads a session of its own, writes down
 * who runs and at last how it ended. It outlives the agent, so the program's end is known to the
 * next one.
 * Intuition: the agent may die at any instant; what it must know afterwards has to be on record
 * already.
 * Source: architecture.md 2; protocol.md P3, P4.
 *
 *   <record>/parent    "<pid> <start ticks> <boot id>\n"   the shell
 *   <record>/program   "<pid> <start ticks> <boot id>\n"   the program, written before its exec
 *   <record>/exit      "<status>\n"                        126/127 not executable, 128+n signal n
 *
 * A line without its newline is one that was being written: the reader treats it as absent. Pid and
 * start time are read with the builtin `read` from /proc/self/stat, so nothing is forked between
 * order and exec. The program runs in the foreground of the shell (a background one would have
 * SIGINT and SIGQUIT ignored); the traps keep the shell alive through signals to the group and are
 * back to default in the program.
 */

/**
 * Positional: record folder, cgroup folder or "", then program and arguments. fd 3 hears about the
 * start.
 */
export const PARENT_SCRIPT = `
dir=$1 cgroup=$2
shift 2
trap : HUP INT QUIT TERM USR1 USR2 ALRM PIPE
read -r boot </proc/sys/kernel/random/boot_id
note() {
  read -r pid f2 f3 f4 f5 f6 f7 f8 f9 f10 f11 f12 f13 f14 f15 f16 f17 f18 f19 f20 f21 start rest \\
    </proc/self/stat
  printf '%s %s %s\\n' "$pid" "$start" "$boot" >"$dir/$1"
}
if [ -n "$cgroup" ]; then
  printf '0\\n' >"$cgroup/cgroup.procs" || printf 'no-cgroup\\n' >&3
fi
note parent || exit 125
(
  note program || exit 125
  printf '%s %s %s\\n' "$pid" "$start" "$boot" >&3
  exec "$@" 3>&-
)
status=$?
printf '%s\\n' "$status" >"$dir/exit"
exit "$status"
`;

/** Boot-proof identity as the parent script writes it. */
export interface RecordLine {
  readonly pid: number;
  readonly startTicks: number;
  readonly bootId: string;
}

/** Null unless it is one whole line of the form above. */
export function parseRecordLine(text: string): RecordLine | null {
  const match = /^(\d{1,10}) (\d{1,16}) ([0-9a-f-]{36})\n/.exec(text);
  if (match === null) return null;
  const [, pid, startTicks, bootId] = match;
  if (bootId === undefined) return null;
  return { pid: Number(pid), startTicks: Number(startTicks), bootId };
}

/** Shell status 0-255; null unless it is one whole line. */
export function parseExitLine(text: string): number | null {
  const match = /^(\d{1,3})\n$/.exec(text);
  return match === null ? null : Number(match[1]);
}
