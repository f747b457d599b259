/**
 * The swarm: two whole servers (pulse and agent cores, wires, array, power) under faults drawn from seeds.
 * Invariants in `swarm-checks.ts`; more seeds by hand with `swarm-hand.js`, which also prints one seed's
 * trace. Source: protocol.md chapter 3; guide 1.2.4.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  HARMLESS,
  type Outcome,
  runCrash,
  runHarmless,
  runSeed,
  SETTINGS,
  swarmConfig,
} from "./swarm-plan.ts";

/** Seeds whose storm once found something, or catches a mutant; some fresh ones follow them. */
const TELLING = [1066, 1290, 1708, 1772, 1790, 1906, 1962, 2161, 10319, 20033, 20203, 40265];
const FRESH_FIRST = 1;
const FRESH_COUNT = 4;
const SINGLES = 2;

function failuresOf(seed: number, name: string, outcome: Outcome): string[] {
  return outcome.failures.map((text) => `seed ${seed}, ${name}: ${text}`);
}

for (const [index, setting] of SETTINGS.entries()) {
  const { method, timeoutMs, watchdogMs } = setting;
  const name = `${method}, ${timeoutMs} ms${watchdogMs > 0 ? `, watchdog ${watchdogMs} ms` : ""}`;
  const config = swarmConfig(setting);

  test(`1.5, D53: ${name}: no storm makes two owners or ends in a corner`, () => {
    const fresh = Array.from({ length: FRESH_COUNT }, (_, at) => FRESH_FIRST + index * 100 + at);
    const failures = [...TELLING, ...fresh].flatMap((seed) =>
      failuresOf(seed, `setting ${index}`, runSeed(config, seed)),
    );
    assert.equal(failures, []);
  });

  // A timeout of 300 ms leaves a restarting pulse no time: its lease ends before it is back.
  const harmless =
    timeoutMs < 1000 ? HARMLESS.filter((kind) => kind !== "pulse restart") : HARMLESS;
  test(`R9, R13, R21, R64: ${name}: one harmless fault changes nothing`, () => {
    const failures = harmless.flatMap((kind, at) =>
      Array.from({ length: SINGLES }, (_, more) => 1 + at * SINGLES + more).flatMap((seed) =>
        failuresOf(seed, `setting ${index} "${kind}"`, runHarmless(config, seed, kind)),
      ),
    );
    assert.equal(failures, []);
  });

  test(`R59, R85: ${name}: one server dies, the other goes on with everything`, () => {
    const seeds = [1, 2, 3, 10, 27];
    const failures = seeds.flatMap((seed) =>
      failuresOf(seed, `setting ${index} crash`, runCrash(config, seed)),
    );
    assert.equal(failures, []);
  });
}

test.run();
