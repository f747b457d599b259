/**
 * The last will of a whole server: every program and every address that its configuration knows, running
 * or not. Drawn from the configuration alone, so that whoever has to execute it needs to ask nobody.
 * Source: architecture.md 2 (the will names a superset); protocol.md P1.
 */
import { placeRecord } from "../hal/drivers/program-runner/record.ts";
import type { ServerContext } from "./local.ts";
import type { Will } from "./will.ts";

export function drawFullWill(context: ServerContext, kill: Will["kill"]): Will {
  const { local, config } = context;
  const groups = config.groups.map(({ name, resources }) => {
    const programs = resources
      .filter((resource) => resource.kind === "program")
      .map((program) => placeRecord(local.runDir, local.server, name, program.name))
      .map(({ dir, cookie }) => ({ recordDir: dir, cookie }));
    const addresses = resources.flatMap((resource) =>
      resource.kind === "floating-ip" ? [resource.address] : [],
    );
    return { name, programs, addresses };
  });
  return { groups, kill };
}
