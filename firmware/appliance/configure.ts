/**
 * Decides which configuration the appliance runs: a named file, the one that the operator has changed,
 * or a generated one. A generated text that nobody touched may be generated anew, with other options
 * or another block of addresses; a changed one is never overwritten.
 * Source: issue 2 items 6 and 8.
 */
import { createHash, randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type BlockClaim, claimBlock, claimFreeBlock } from "../../hal/rack/plan.ts";
import { type LoadedConfig, loadConfiguration } from "../../services/configuration/load.ts";
import { ApplianceFault, writeWhole } from "./folders.ts";
import { type Layout, layoutOf } from "./layout.ts";
import type { ApplianceOptions } from "./options.ts";
import { clusterText } from "./template.ts";

export interface Configured {
  readonly configFile: string;
  readonly config: LoadedConfig;
  readonly layout: Layout;
  /** Held for as long as the rack lives. */
  readonly claim: BlockClaim;
  /** The text differs from the one that the servers' memory belongs to. */
  readonly changed: boolean;
  /** True: written here, for a demonstration. */
  readonly generated: boolean;
  readonly warnings: readonly string[];
}

export interface ConfigurePlaces {
  readonly stateDir: string;
  readonly nodePath: string;
  readonly demoService: string;
}

/** What was generated last, to tell an untouched file from a changed one. */
interface Memo {
  readonly sha256: string;
  readonly block: string;
  readonly clusterId: string;
}

/** Throws ApplianceFault with every finding when the configuration is refused. */
export async function configure(
  options: ApplianceOptions,
  places: ConfigurePlaces,
): Promise<Configured> {
  const own = join(places.stateDir, "cluster.jsonc");
  const memoFile = join(places.stateDir, "generated.json");
  const memo = readMemo(memoFile);
  const standing = existsSync(own) ? readFileSync(own, "utf8") : null;
  const touched = standing !== null && sha256(standing) !== memo?.sha256;
  if (options.configFile !== null || touched) {
    if (options.templateGiven) {
      throw new ApplianceFault(
        `${own}: was changed by hand, so method, times and groups come from it alone`,
        "edit it, delete it to get a generated one, or leave the options away",
      );
    }
    return useFile(options.configFile === null ? own : resolve(options.configFile));
  }
  const claim = (memo === null ? null : await claimBlock(memo.block)) ?? (await claimFreeBlock());
  try {
    const clusterId = memo?.clusterId ?? randomBytes(4).toString("hex");
    const text = clusterText(options.template, { ...places, block: claim.block, clusterId });
    const fresh: Memo = { sha256: sha256(text), block: claim.block, clusterId };
    const checked = check(text, own);
    // The memo first: a crash between the two leaves a file that counts as untouched or as changed,
    // never a lost change, because an untouched text is what is written again.
    if (standing !== text) {
      writeWhole(memoFile, `${JSON.stringify(fresh)}\n`);
      writeWhole(own, text);
    }
    return { ...checked, claim, changed: standing !== text, generated: true };
  } catch (error) {
    await claim.release();
    throw error;
  }
}

async function useFile(configFile: string): Promise<Configured> {
  let text: string;
  try {
    text = readFileSync(configFile, "utf8");
  } catch (error) {
    const { message } = error as Error;
    throw new ApplianceFault(`cannot read the configuration: ${message}`, "check --config FILE");
  }
  const checked = check(text, configFile);
  const { block } = checked.layout.plan;
  const claim = await claimBlock(block);
  if (claim === null) {
    throw new ApplianceFault(
      `another rack runs on the addresses ${block}.0/24 of ${configFile}`,
      "stop it, or give this configuration another block 127.x.y",
    );
  }
  return { ...checked, claim, changed: false, generated: false };
}

type Checked = Pick<Configured, "configFile" | "config" | "layout" | "warnings">;

function check(text: string, configFile: string): Checked {
  const loaded = loadConfiguration(text, configFile);
  if (loaded.kind === "refused") {
    const lines = loaded.findings.map((finding) => finding.text).join("\n  ");
    throw new ApplianceFault(`configuration refused:\n  ${lines}`, "correct it and start again");
  }
  const fitted = layoutOf(loaded.config);
  if (fitted.kind === "refused") {
    throw new ApplianceFault(`${configFile}: ${fitted.message}`, "correct it and start again");
  }
  const warnings = loaded.warnings.map((finding) => finding.text);
  return { configFile, config: loaded.config, layout: fitted.layout, warnings };
}

function readMemo(file: string): Memo | null {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null) return null;
  const { sha256: sum, block, clusterId } = value as Readonly<Record<string, unknown>>;
  if (typeof sum !== "string" || typeof block !== "string" || typeof clusterId !== "string") {
    return null;
  }
  return { sha256: sum, block, clusterId };
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
