/**
 * The lab in place of systemd: reads the installed units and draws the script that starts what they say.
 * Taken over: the target's Wants, ExecCondition, ExecStart, real-time priority, niceness, Restart with its
 * pause and start limit. Not taken over: sandbox, memory limits, notify; a namespace is no cgroup tree.
 * Source: systemd.syntax(7), systemd.service(5); flash/package/*-units.ts.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Values of one section by key, in the order of the file. An empty value empties the list. */
export type Section = ReadonlyMap<string, readonly string[]>;
export type Unit = ReadonlyMap<string, Section>;

export function parseUnit(text: string): Unit {
  const unit = new Map<string, Map<string, string[]>>();
  let section = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    if (line === "" || /^[#;]/.test(line)) continue;
    const name = /^\[(.+)\]$/.exec(line)?.[1];
    if (name !== undefined) {
      section = unit.get(name) ?? new Map();
      unit.set(name, section);
      continue;
    }
    const [, key = "", value = ""] = /^(\w+)=(.*)$/.exec(line) ?? [];
    if (key === "") throw new Error(`not a line of a unit: ${line}`);
    section.set(key, value === "" ? [] : [...(section.get(key) ?? []), value]);
  }
  return unit;
}

/** The last value of a key; "" when there is none. */
export function lastValue(unit: Unit, section: string, key: string): string {
  return unit.get(section)?.get(key)?.at(-1) ?? "";
}

export interface BootPlan {
  /** Root of the installed tree. */
  readonly image: string;
  /** Where the installed paths are in this server: longest first. */
  readonly places: readonly (readonly [installed: string, here: string])[];
  /** Folder of `supervisor.log`. */
  readonly logDir: string;
}

/** Bash script that brings a server up as `systemctl start kage.target` does. */
export function bootByUnits(plan: BootPlan): string {
  const target = readUnit(plan, "kage.target");
  const names = (target.get("Unit")?.get("Wants") ?? []).flatMap((line) => line.split(" "));
  const units = names.map((name) => ({ name, unit: readUnit(plan, name) }));
  const once = units.filter(({ unit }) => lastValue(unit, "Service", "Type") === "oneshot");
  const kept = units.filter(({ unit }) => lastValue(unit, "Service", "Type") !== "oneshot");
  return [
    KEEP.replaceAll("@LOG@", quote(join(plan.logDir, "supervisor.log"))),
    ...once.map(({ unit }) => relocate(lastValue(unit, "Service", "ExecStart"), plan)),
    ...kept.map(({ name, unit }) => keepLine(name, unit, plan)),
    "wait",
    "",
  ].join("\n");
}

/** A command of a unit as it reads on this server. `-` (failure allowed) is left out. */
export function commandOf(plan: BootPlan, name: string, key: "ExecStart" | "ExecStop"): string {
  return relocate(lastValue(readUnit(plan, name), "Service", key).replace(/^-/, ""), plan);
}

function readUnit({ image }: BootPlan, name: string): Unit {
  return parseUnit(readFileSync(join(image, "etc/systemd/system", name), "utf8"));
}

function keepLine(name: string, unit: Unit, plan: BootPlan): string {
  const of = (key: string): string => lastValue(unit, "Service", key);
  const condition = relocate(of("ExecCondition"), plan);
  const priority = of("CPUSchedulingPriority");
  const prefix =
    of("CPUSchedulingPolicy") === "rr"
      ? `$(chrt -r ${priority} true 2>/dev/null && echo chrt -r ${priority})`
      : of("Nice") === ""
        ? ""
        : `nice -n ${of("Nice")}`;
  if (of("Restart") !== "always") throw new Error(`${name}: expected Restart=always`);
  const limits = [
    lastValue(unit, "Unit", "StartLimitIntervalSec") || "10",
    lastValue(unit, "Unit", "StartLimitBurst") || "5",
  ];
  const role = name.replace(/^kage-|\.service$/g, "");
  const words = [role, of("RestartSec"), ...limits, prefix, relocate(of("ExecStart"), plan)];
  const keep = `keep ${words.filter((word) => word !== "").join(" ")} &`;
  return condition === "" ? keep : `if ${condition}; then ${keep} fi`;
}

function relocate(command: string, { places }: BootPlan): string {
  return places.reduce((text, [from, to]) => text.replaceAll(from, to), command);
}

/** Arguments: role, pause in s, limit interval in s (0 = none), limit burst, command. */
const KEEP = `
say() { printf '%s %s\\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$1" >>@LOG@; } 2>/dev/null
keep() {
  local role=$1 pause=$2 interval=$3 burst=$4 since=$SECONDS starts=0 code
  shift 4
  while :; do
    if [ "$interval" -gt 0 ]; then
      if [ "$((SECONDS - since))" -ge "$interval" ]; then since=$SECONDS starts=0; fi
      starts=$((starts + 1))
      if [ "$starts" -gt "$burst" ]; then say "$role failed: start limit"; return; fi
    fi
    "$@" </dev/null
    code=$?
    say "$role ended with status $code, starts again in $pause s"
    [ "$pause" = 0 ] || sleep "$pause"
  done
}
`;

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
