/**
 * The last will of a whole server: every program and every address that its configuration knows, running
 * or not. Drawn from the configuration alone, so that whoever has to execute it needs to ask nobody.
 * Source: architecture.md 2 (the will names a superset); protocol.md P1.
 */
import { dirname } from "node:path";
import { placeRecord } from "../hal/drivers/program-runner/record.ts";
import type { GroupConfig } from "../services/configuration/model.ts";
import type { ServerContext } from "./local.ts";
import type { Will, WillProgram } from "./will.ts";

/** `kill`: processes of the cluster itself that have to go first. */
export function drawFullWill(context: ServerContext, kill: Will["kill"]): Will {
  const { local, config } = context;
  const groups = config.groups.map(({ name, resources }) => {
    const programs: WillProgram[] = resources
      .filter((resource) => resource.kind === "program")
      .map((program) => placeRecord(local.runDir, local.server, name, program.name))
      .map(({ dir, cookie }) => ({ recordDir: dir, cookie }));
    programs.push(...scriptPrograms(context, name, resources));
    const addresses = resources.flatMap((resource) =>
      resource.kind === "floating-ip" ? [resource.address] : [],
    );
    return { name, programs, addresses };
  });
  const scripted = config.groups.filter(({ resources }) =>
    resources.some(({ kind }) => kind === "script"),
  );
  if (scripted.length === 0) return { groups, kill };
  const folders = scripted.map(({ name }) =>
    dirname(placeRecord(local.runDir, local.server, name, "any").dir),
  );
  return { groups, kill, services: { folders, host: context.host, runDir: local.runDir } };
}

/**
 * The runs of a script by their records, and by the script's own cookie all that it or its helper
 * commands have started.
 */
function scriptPrograms(
  { local }: ServerContext,
  group: string,
  resources: GroupConfig["resources"],
): WillProgram[] {
  return resources.flatMap(({ kind, name }) => {
    if (kind !== "script") return [];
    const places = ["", "~stop", "~recover"].map((run) =>
      placeRecord(local.runDir, local.server, group, `${name}${run}`),
    );
    const runs = places.map(({ dir, cookie }) => ({ recordDir: dir, cookie }));
    const { dir, cookie } = placeRecord(local.runDir, local.server, group, name);
    return [...runs, { recordDir: dir, cookie, variable: "KAGE_SCRIPT" as const }];
  });
}
