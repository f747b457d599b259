/**
 * Frame of a test file on machines under systemd: one pair for the file, opened before the first test; a
 * failed test prints the machines' journals, because its own words are about the outside only.
 */
import { suite } from "uvu";
import { machinesMissing } from "./machine.ts";
import { openPair, type Pair } from "./pair.ts";

export interface Stage {
  readonly pair: () => Pair;
  readonly test: (name: string, act: () => Promise<void>) => void;
  /** Says in place of the tests why none could run. */
  readonly run: () => void;
}

export async function openStage(title: string): Promise<Stage> {
  const missing = await machinesMissing();
  const tests = suite(title);
  let opened: Pair | null = null;
  let broken: string | null = null;
  const pair = (): Pair => {
    if (opened === null) throw new Error("the machines are not open");
    return opened;
  };
  tests.before(async () => {
    opened = await openPair();
  });
  tests.after(async () => {
    await opened?.close();
  });
  return {
    pair,
    test: (name, act) => {
      if (missing !== null) return;
      tests(name, async () => {
        // Every test begins where the one before has ended.
        if (broken !== null) throw new Error(`not tried after: ${broken}`);
        try {
          await act();
        } catch (error) {
          broken = name;
          process.stdout.write(`${await pair().blackBox()}\n`);
          throw error;
        }
      });
    },
    run: () => {
      if (missing === null) tests.run();
      else process.stdout.write(`# skip ${missing}\n`);
    },
  };
}
