/**
 * What ARMRSP looks at: whether the group's addresses are still on this server's interface, and with
 * `/A` whether the cable of the public LAN is in. Reads the kernel's own tables only.
 * The virtual appliance's switch keeps addresses of its own, so nothing can be looked at there.
 * Source: guide 1.2.1 (2), 2.2.4; requirements R38, R154; D21, D22.
 */
import { readFile } from "node:fs/promises";
import { networkInterfaces } from "node:os";
import { errorCode } from "../../hal/drivers/process-tree/process-tree.ts";
import { canonicalIp } from "../../services/configuration/address.ts";
import type { GroupConfig } from "../../services/configuration/model.ts";
import type { ServerContext } from "../local.ts";

/** One line per trouble; empty = all is well, or nothing can be looked at. */
export async function lookAtResources(
  context: ServerContext,
  group: GroupConfig,
  all: boolean,
): Promise<readonly string[]> {
  if (context.local.addresses.kind !== "linux") return [];
  const here = new Set(
    Object.values(networkInterfaces()).flatMap((list) =>
      (list ?? []).map(({ address }) => canonicalIp(address)),
    ),
  );
  const troubles = group.resources.flatMap((resource) =>
    resource.kind === "floating-ip" && !here.has(canonicalIp(resource.address))
      ? [`address ${resource.address} is not on this server`]
      : [],
  );
  const name = context.config.servers[context.self]?.publicInterface ?? "";
  if (all && name !== "" && (await hasNoCarrier(name))) {
    troubles.push(`interface ${name}: no carrier`);
  }
  return troubles;
}

/** True only when the kernel says so; an interface without a cable (loopback, tunnel) has no word. */
async function hasNoCarrier(name: string): Promise<boolean> {
  try {
    return (await readFile(`/sys/class/net/${name}/carrier`, "latin1")).trim() === "0";
  } catch (error) {
    // EINVAL: the interface is down by order, which is a trouble of the same kind.
    if (errorCode(error) === "") throw error;
    return errorCode(error) === "EINVAL";
  }
}
