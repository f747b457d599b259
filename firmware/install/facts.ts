/**
 * What every probe of the check starts from, and the one shape of what it finds.
 * Source: work order 3 item 5.
 */
import type { CheckKey } from "../../services/catalogue/install.ts";
import type { LoadedConfig } from "../../services/configuration/load.ts";
import type { Local } from "../local.ts";
import type { Machine } from "./machine.ts";

export type Verdict = "ok" | "warns" | "lacks";

export interface Found {
  readonly verdict: Verdict;
  readonly key: CheckKey;
  readonly values: Readonly<Record<string, string>>;
}

export interface CheckFacts {
  readonly machine: Machine;
  /** null = absent or refused; the files probe says which. */
  readonly local: Local | null;
  readonly config: LoadedConfig | null;
  /** Index of this server in the configuration; null = not known. */
  readonly self: number | null;
  /** Pids of this product's processes, by their command lines. */
  readonly ownPids: ReadonlySet<number>;
}

export type Probe = (facts: CheckFacts) => readonly Found[];

type Values = Readonly<Record<string, string | number>>;

const found = (verdict: Verdict, key: CheckKey, values: Values): Found => ({
  verdict,
  key,
  values: Object.fromEntries(Object.entries(values).map(([name, value]) => [name, `${value}`])),
});

export const ok = (key: CheckKey, values: Values = {}): Found => found("ok", key, values);
/** The cluster works, but not as well as it could. */
export const warns = (key: CheckKey, values: Values = {}): Found => found("warns", key, values);
/** The cluster cannot work as configured. */
export const lacks = (key: CheckKey, values: Values = {}): Found => found("lacks", key, values);
