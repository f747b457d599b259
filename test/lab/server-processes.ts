/**
 * What runs inside a server of the lab, by name: the product's roles and the groups' programs.
 * Read from /proc of the host; nothing inside is asked, so a stopped or dying server is read as
 * well.
 */
import { type Role, roleOf } from "../../firmware/supervisor.ts";
import type { LivingProgram } from "../scenarios/world.ts";
import { mainJsOf } from "./appliance-files.ts";
import type { Bay } from "./cabinet.ts";
import { readProc } from "./command.ts";
import { processesOf } from "./server.ts";

const listProc = (pid: number, name: "cmdline" | "environ"): readonly string[] =>
  (readProc(`/proc/${pid}/${name}`) ?? "").split("\0");

const livePids = (bay: Bay): readonly number[] => (bay.life === null ? [] : processesOf(bay.life));

/** Pids as the host counts them. */
export function rolePids(bay: Bay): Partial<Record<Role, number>> {
  const pids: Partial<Record<Role, number>> = {};
  const mainJs = mainJsOf(bay);
  for (const pid of livePids(bay)) {
    const argv = listProc(pid, "cmdline");
    // The supervisor's shells have the same words further back.
    if (argv[0] !== process.execPath) continue;
    const role = roleOf(mainJs, argv);
    if (role !== null) pids[role] = pid;
  }
  return pids;
}

/**
 * Every process that bears the name of a group: programs and what they started. Their small parents
 * do not bear it.
 */
export function groupPrograms(bay: Bay): LivingProgram[] {
  return livePids(bay).flatMap((pid) => {
    const entry = listProc(pid, "environ").find((text) => text.startsWith("KAGE_GROUP="));
    return entry === undefined ? [] : [{ server: bay.name, group: entry.slice(11), pid }];
  });
}

/** From the pid that a program knows of itself to the host's; null = no such program. */
export function programByOwnPid(bay: Bay, own: number): number | null {
  const found = groupPrograms(bay).find(({ pid }) => {
    const line = /^NSpid:\s+(.+)$/m.exec(readProc(`/proc/${pid}/status`) ?? "")?.[1] ?? "";
    return Number(line.split(/\s+/).at(-1)) === own;
  });
  return found?.pid ?? null;
}
