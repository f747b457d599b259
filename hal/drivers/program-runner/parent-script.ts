/**
 * The small parent of one monitored program: a shell that leads a session of its own, waits for the
 * word to go, writes down who runs and at last how it ended. It outlives the agent, so the
 * program's end is known to the next one.
 * Intuition: the agent may die at any instant; what it must know afterwards has to be on record
 * already. And whatever takes time is done before the word: a takeover waits for one write. If the
 * word never comes (fd 3 ends with the agent), there was no program.
 * Source: architecture.md 2; protocol.md P3, P4.
 *
 *   <record>/parent    "<pid> <start ticks> <boot id>\n"   the shell
 *   <record>/program   "<pid> <start ticks> <boot id>\n"   the program, written before its exec
 *   <record>/exit      "<status>\n"                        126/127 not executable, 128+n signal n
 *
 * A line without its newline is one that was being written: the reader treats it as absent. Pid and
 * start time are read with the builtin `read` from /proc/self/stat, so nothing is forked between
 * order and exec but the program itself. The program runs in the foreground of the shell (a
 * background one would have SIGINT and SIGQUIT ignored); the traps keep the shell alive through
 * signals to the group and are back to default in the program. A protection of the agent from the
 * kernel's memory killer is not passed on: a program that leaks must be the one that ends.
 */

/** What the agent writes on fd 3. */
export const GO = "go\n";
/** What the parent says on fd 3 when it waits for GO. */
export const PARKED = "parked\n";
/** What it says before PARKED when the kernel did not let it into its cgroup. */
export const NO_CGROUP = "no-cgroup\n";

/**
 * Positional: record folder, cgroup folder or "", group, then program and arguments. fd 3 hears GO
 * and tells PARKED and the start. KAGE_GROUP is not in the environment of the parent: it marks the
 * program, and a parked parent is none. Variables are prefixed since those of the configuration are
 * exported: a name of theirs must reach the program unchanged.
 */
export const PARENT_SCRIPT = `
_kage_dir=$1 _kage_cgroup=$2 _kage_group=$3
shift 3
trap : HUP INT QUIT TERM USR1 USR2 ALRM PIPE
read -r _kage_boot </proc/sys/kernel/random/boot_id
_kage_note() {
  read -r _kage_pid _kage_x _kage_x _kage_x _kage_x _kage_x _kage_x _kage_x _kage_x _kage_x _kage_x \\
    _kage_x _kage_x _kage_x _kage_x _kage_x _kage_x _kage_x _kage_x _kage_x _kage_x \\
    _kage_start _kage_x </proc/self/stat
  printf '%s %s %s\\n' "$_kage_pid" "$_kage_start" "$_kage_boot" >"$_kage_dir/$1"
}
if [ -n "$_kage_cgroup" ]; then
  printf '0\\n' >"$_kage_cgroup/cgroup.procs" || printf 'no-cgroup\\n' >&3
fi
{ printf '0\\n' >/proc/self/oom_score_adj; } 2>/dev/null || :
printf 'parked\\n' >&3
read -r _kage_word <&3 && [ "$_kage_word" = go ] || exit 0
for _kage_x in program exit; do
  [ ! -e "$_kage_dir/$_kage_x" ] || printf '' >"$_kage_dir/$_kage_x" || exit 125
done
_kage_note parent || exit 125
(
  _kage_note program || exit 125
  printf '%s %s %s\\n' "$_kage_pid" "$_kage_start" "$_kage_boot" >&3
  export KAGE_GROUP="$_kage_group"
  exec "$@" 3>&-
)
_kage_status=$?
printf '%s\\n' "$_kage_status" >"$_kage_dir/exit"
exit "$_kage_status"
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
