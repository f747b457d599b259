/**
 * `kage install --check`: does this machine have what the cluster needs? All probes in the order in which
 * a person would work: software, files, host, devices, network. Reads, and changes nothing.
 * Source: work order 3 item 5.
 */
import { LOCAL_FILE } from "../../flash/package/places.ts";
import { type LoadedConfig, loadConfiguration } from "../../services/configuration/load.ts";
import { type Local, parseLocal, StartFault } from "../local.ts";
import type { CheckFacts, Found, Probe } from "./facts.ts";
import type { Machine } from "./machine.ts";
import { probeDisk, probeSerial, probeWatchdog } from "./probe-devices.ts";
import { probeDirectory } from "./probe-directory.ts";
import { probeClock, probeFiles, probeKey, probeOff, probePanic, probeZone } from "./probe-host.ts";
import { probeFloating, probeInterfaces, probeLans, probePorts } from "./probe-network.ts";
import {
  ownProcesses,
  probeBroker,
  probeCgroups,
  probeNode,
  probePackage,
  probeRealtime,
  probeSystemd,
  probeTools,
} from "./probe-software.ts";

const SOFTWARE: readonly Probe[] = [
  probeNode,
  probeSystemd,
  probeTools,
  probePackage,
  probeRealtime,
  probeCgroups,
];
const SITE: readonly Probe[] = [
  probeKey,
  probeOff,
  probeClock,
  probeZone,
  probePanic,
  probeDirectory,
  probeWatchdog,
  probeSerial,
  probeDisk,
  probeInterfaces,
  probeLans,
  probeFloating,
  probePorts,
  probeBroker,
];

/** Every line in order; what depends on a file that cannot be read is left out. */
export function checkMachine(machine: Machine): readonly Found[] {
  const local = readLocal(machine);
  const config = local.kind === "read" ? readConfig(machine, local.local) : null;
  const known = local.kind === "read" ? local.local : null;
  const loaded = config?.kind === "read" ? config.config : null;
  const at = loaded?.servers.findIndex(({ name }) => name === known?.server) ?? -1;
  const facts: CheckFacts = {
    machine,
    local: known,
    config: loaded,
    self: at < 0 ? null : at,
    ownPids: ownProcesses({ machine }),
  };
  const troubles = {
    local: local.kind === "bad" ? local.detail : null,
    config: config?.kind === "bad" ? config.detail : null,
  };
  return [
    ...SOFTWARE.flatMap((probe) => probe(facts)),
    ...probeFiles(facts, troubles),
    ...SITE.flatMap((probe) => probe(facts)),
  ];
}

interface Bad {
  readonly kind: "bad";
  readonly detail: string;
}

function readLocal(machine: Machine): { readonly kind: "read"; readonly local: Local } | Bad {
  const text = machine.text(LOCAL_FILE);
  if (text === null) return { kind: "bad", detail: "cannot be read" };
  try {
    return { kind: "read", local: parseLocal(text, LOCAL_FILE) };
  } catch (error) {
    if (!(error instanceof StartFault)) throw error;
    return { kind: "bad", detail: error.message };
  }
}

function readConfig(
  machine: Machine,
  { configFile }: Local,
): { readonly kind: "read"; readonly config: LoadedConfig } | Bad {
  const text = machine.text(configFile);
  if (text === null) return { kind: "bad", detail: "cannot be read" };
  const loaded = loadConfiguration(text, configFile);
  if (loaded.kind === "ok") return { kind: "read", config: loaded.config };
  const [first] = loaded.findings;
  const more = loaded.findings.length > 1 ? ` (+${loaded.findings.length - 1})` : "";
  return { kind: "bad", detail: `${first?.text ?? ""}${more}` };
}
