/**
 * Looks at the processes of a rack's servers from outside: which programs of groups live where, and
 * what is left when the appliance has ended. Looks only; the power feed is the rack's business.
 * Source: proc(5); environment of hal/rack/power.ts and hal/drivers/program-runner/environment.ts.
 */
import { readFileSync } from "node:fs";
import {
  errorCode,
  findByEnvironment,
  waitUntilEmpty,
} from "../../hal/drivers/process-tree/process-tree.ts";
import type { LivingProgram, Machine } from "./world.ts";

/** After the appliance has ended, dying processes get this long to be gone. */
const GONE_WITHIN_MS = 3000;

export interface RackProcesses {
  /** Remembers the cookies of the trees that live now. */
  note(machines: readonly Machine[]): void;
  programs(): readonly LivingProgram[];
  /** A line per process that outlived the appliance. */
  leftBehind(): Promise<readonly string[]>;
}

/** `marker` is the `NAME=value` that the appliance was started with. */
export function createRackProcesses(marker: string): RackProcesses {
  /** `KAGE_TREE=cookie` of every tree seen, with its server. */
  const trees = new Map<string, string>();
  const seenPids = new Set<number>();
  return {
    note(machines) {
      for (const { name, pids } of machines) {
        for (const pid of Object.values(pids)) {
          if (pid === undefined || seenPids.has(pid)) continue;
          seenPids.add(pid);
          const cookie = environmentOf(pid).get("KAGE_TREE");
          if (cookie !== undefined) trees.set(`KAGE_TREE=${cookie}`, name);
        }
      }
    },
    programs() {
      const found: LivingProgram[] = [];
      for (const { pid } of findByEnvironment([...trees.keys()])) {
        const environment = environmentOf(pid);
        const group = environment.get("KAGE_GROUP");
        const server = trees.get(`KAGE_TREE=${environment.get("KAGE_TREE")}`);
        if (group === undefined || server === undefined) continue;
        found.push({ server, group, pid });
      }
      return found;
    },
    async leftBehind() {
      const entries = [marker, ...trees.keys()];
      const left = await waitUntilEmpty(() => findByEnvironment(entries), GONE_WITHIN_MS);
      return left.map(({ pid, state }) => `pid ${pid} (state ${state}) ${commandOf(pid)}`);
    },
  };
}

function environmentOf(pid: number): ReadonlyMap<string, string> {
  const entries = readProc(pid, "environ").split("\0");
  return new Map(
    entries.map((entry) => {
      const cut = entry.indexOf("=");
      return [entry.slice(0, cut), entry.slice(cut + 1)] as const;
    }),
  );
}

const commandOf = (pid: number): string => readProc(pid, "cmdline").split("\0").join(" ").trim();

/** Empty for a process that is gone. */
function readProc(pid: number, name: "environ" | "cmdline"): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "latin1");
  } catch (error) {
    if (errorCode(error) === "") throw error;
    return "";
  }
}
