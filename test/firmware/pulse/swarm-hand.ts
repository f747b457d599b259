/**
 * By hand: `node swarm-hand.js FIRST COUNT [SETTING [FATE]]` runs seeds; one seed alone prints its trace.
 * FATE: `crash` or one of HARMLESS; without it a storm.
 */
import type { LoadedConfig } from "../../../services/configuration/load.ts";
import {
  HARMLESS,
  type Outcome,
  runCrash,
  runHarmless,
  runSeed,
  SETTINGS,
  swarmConfig,
} from "./swarm-plan.ts";

const first = Number(process.argv[2] ?? 1);
const count = Number(process.argv[3] ?? 1);
const only = process.argv[4];
const fate = process.argv[5];
const run = (config: LoadedConfig, seed: number): Outcome => {
  if (fate === undefined) return runSeed(config, seed);
  return HARMLESS.some((kind) => kind === fate)
    ? runHarmless(config, seed, fate)
    : runCrash(config, seed);
};
const kinds = new Map<string, number[]>();
for (const [index, setting] of SETTINGS.entries()) {
  if (only !== undefined && Number(only) !== index) continue;
  const config = swarmConfig(setting);
  const ends = new Map<string, number>();
  for (let seed = first; seed < first + count; seed += 1) {
    const { failures, trace, end } = run(config, seed);
    ends.set(end, (ends.get(end) ?? 0) + 1);
    if (count === 1) console.log(trace.join("\n"));
    for (const failure of failures) {
      const kind = `${index} ${failure.replace(/\d+\/\d+\/\w+/g, "E")}`;
      kinds.set(kind, [...(kinds.get(kind) ?? []), seed]);
    }
  }
  console.log(index, JSON.stringify(setting), JSON.stringify(Object.fromEntries(ends), null, 1));
}
for (const [kind, seeds] of kinds) console.log(kind, seeds.length, seeds.slice(0, 8).join(" "));
