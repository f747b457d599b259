/**
 * `npm run bench -- [--only NAME] [--json FILE] [--cuts N] [--minutes N] [--seconds N]
 * [--servers N,N]`: how fast, how steady, how small, with keepalived beside it in the same run. Needs root, gcc, keepalived
 * and stress-ng (`.ci/packages.sh`), but for store, servers and sim. NAME: takeover-1000, takeover-300, takeover-100,
 * move, crash, stress, footprint, telemetry, store (flash writes), servers (2, 4, 8 and 16 of them),
 * sim (speed of the simulator), keepalived (the yardstick alone).
 * Exit code 0 = every target met, 1 = one missed, 2 = usage. Source: issue 2, Speed.
 */
import { writeFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { parseArgs } from "node:util";
import { type Row, showTable } from "./figures.ts";
import { measureFlashWrites } from "./flash-writes.ts";
import { measureFootprint } from "./footprint.ts";
import { measureCrashes, measureMoves } from "./orders.ts";
import { measureServers } from "./servers.ts";
import { measureSimulator } from "./simulator.ts";
import { measureStress } from "./stress.ts";
import { measureTakeovers, type TakeoverPlan } from "./takeover.ts";
import { measureTelemetry } from "./telemetry-faults.ts";
import { buildTools, type Tools } from "./tools.ts";

interface Sizes {
  readonly cuts: number;
  readonly minutes: number;
  readonly seconds: number;
  /** Sizes of cluster that `servers` measures. */
  readonly servers: readonly number[];
}

type Say = (line: string) => void;
type Measure = (tools: Tools, sizes: Sizes, say: Say) => Promise<{ readonly rows: readonly Row[] }>;

const takeover =
  (plan: Omit<TakeoverPlan, "cuts">): Measure =>
  (tools, { cuts }, say) =>
    measureTakeovers(tools, { ...plan, cuts }, say);

const measures: Readonly<Record<string, Measure>> = {
  "takeover-1000": takeover({ method: "com-disk", timeoutMs: 1000, ours: true }),
  "takeover-300": takeover({ method: "none", timeoutMs: 300, ours: true }),
  "takeover-100": takeover({ method: "none", timeoutMs: 100, ours: true }),
  move: (tools, { cuts }, say) => measureMoves(tools, cuts, say),
  crash: (tools, { cuts }, say) => measureCrashes(tools, cuts, say),
  stress: (tools, { minutes }, say) => measureStress(tools, minutes * 60, say),
  footprint: (tools, { seconds }, say) => measureFootprint(tools, seconds, say),
  telemetry: (tools, { seconds }, say) => measureTelemetry(tools, seconds, say),
  store: (_tools, { cuts, seconds }, say) => measureFlashWrites(seconds, cuts, say),
  servers: (_tools, { seconds, servers }, say) => measureServers(servers, seconds, say),
  sim: (_tools, _sizes, say) => measureSimulator(say),
  keepalived: takeover({ method: "none", timeoutMs: 300, ours: false }),
};

/** On the virtual appliance: neither namespaces nor compiled tools. */
const ROOTLESS: readonly string[] = ["store", "servers", "sim"];
const NO_TOOLS: Tools = { echo: "", probe: "", beats: "", remove: () => undefined };

/** Proves the harness; no part of a full run. */
const YARDSTICK = "keepalived";

const say: Say = (line) => process.stderr.write(`${new Date().toISOString()} ${line}\n`);

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: "string" },
      json: { type: "string" },
      cuts: { type: "string", default: "20" },
      minutes: { type: "string", default: "5" },
      seconds: { type: "string", default: "60" },
      servers: { type: "string", default: "2,4,8,16" },
    },
  });
  const names = values.only?.split(",") ?? Object.keys(measures).filter((n) => n !== YARDSTICK);
  const unknown = names.filter((name) => measures[name] === undefined);
  const sizes: Sizes = {
    cuts: Number(values.cuts),
    minutes: Number(values.minutes),
    seconds: Number(values.seconds),
    servers: values.servers.split(",").map(Number),
  };
  const { cuts, minutes, seconds, servers } = sizes;
  const isUnfit = [cuts, minutes, seconds].some((size) => !(size > 0));
  const isNoCluster = servers.some(
    (count) => !(Number.isInteger(count) && count >= 2 && count <= 16),
  );
  if (unknown.length > 0 || isUnfit || isNoCluster) {
    const all = Object.keys(measures).join("|");
    process.stderr.write(
      `bench: expected --only ${all}, positive numbers, and --servers of 2 to 16\n`,
    );
    return 2;
  }
  const usesLab = names.some((name) => !ROOTLESS.includes(name));
  if (usesLab && process.getuid?.() !== 0) {
    process.stderr.write("bench: it builds network namespaces; do: run it as root\n");
    return 2;
  }
  const tools = usesLab ? await buildTools() : NO_TOOLS;
  const results: Record<string, unknown> = {};
  const rows: Row[] = [];
  try {
    for (const name of names) {
      const result = await measures[name]?.(tools, sizes, say);
      if (result === undefined) continue;
      results[name] = result;
      rows.push(...result.rows);
    }
  } finally {
    tools.remove();
  }
  const machine = { node: process.version, kernel: release(), cores: cpus().length };
  const record = { at: new Date().toISOString(), machine, sizes, results };
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(record, null, 1)}\n`);
  process.stdout.write(`${showTable(rows)}\n`);
  return rows.some((row) => row.met === false) ? 1 : 0;
}

// So that what was started is ended on the way out.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

process.exitCode = await main();
