/**
 * The configuration of a simulated story, from the same template as the virtual appliance's, and the error
 * of what has no model. Source: work order 4 item 9; firmware/appliance/template.ts.
 */
import { parseApplianceOptions } from "../../firmware/appliance/options.ts";
import { clusterText } from "../../firmware/appliance/template.ts";
import { type LoadedConfig, loadConfiguration } from "../../services/configuration/load.ts";
import { applianceArguments } from "./appliance-process.ts";
import type { ClusterLine } from "./language.ts";

/** The story needs something that has no model; it is played on the rack or in the lab only. */
export class NotSimulated extends Error {
  override readonly name = "NotSimulated";
}

export function without(what: string): never {
  throw new NotSimulated(what);
}

/** Addresses stand in the configuration and are used by nobody. */
const BLOCK = "127.77.1";

export interface SimCluster {
  readonly config: LoadedConfig;
  /** The file that every server finds at its first start. */
  readonly text: Uint8Array;
}

/** Throws when the line makes no appliance: the parser of stories has let something through. */
export function clusterOf(cluster: ClusterLine): SimCluster {
  const parsed = parseApplianceOptions(applianceArguments(cluster, "/nowhere", null));
  if (parsed.kind !== "options")
    throw new Error(`the cluster line makes no appliance: ${parsed.kind}`);
  const facts = {
    block: BLOCK,
    clusterId: "00000051",
    nodePath: "/usr/bin/node",
    demoService: "x",
  };
  const text = clusterText(parsed.options.template, facts);
  const loaded = loadConfiguration(text, "cluster.jsonc");
  if (loaded.kind === "ok") return { config: loaded.config, text: Buffer.from(text) };
  throw new Error(loaded.findings.map(({ text }) => text).join("\n"));
}
