/**
 * The configuration texts that an operator of a storm brings: the first one again, and eight that differ from it in
 * what may be changed live, with a stopped group, or not at all. Source: README, "Changing the configuration of a
 * running cluster"; services/configuration/changes.ts.
 */
import type { World } from "../../firmware/simulator/world.ts";

/** What is touched of a text; the rest stays as it is written. */
interface Shape {
  readonly timing: Readonly<Record<string, number | boolean>>;
  readonly groups: readonly {
    readonly name: string;
    readonly policy: readonly string[];
    readonly resources: readonly object[];
  }[];
}

/** T so much longer at the same interval, and shorter at half the interval: near enough for one step. */
const LONGER = 1.5;
const SHORTER = 0.9;

const longer = ({ timing }: Shape): Shape["timing"] => ({
  ...timing,
  heartbeatTimeoutMs: Math.round(Number(timing["heartbeatTimeoutMs"]) * LONGER),
});

const shorter = ({ timing }: Shape): Shape["timing"] => ({
  ...timing,
  heartbeatTimeoutMs: Math.round(Number(timing["heartbeatTimeoutMs"]) * SHORTER),
  heartbeatIntervalMs: Number(timing["heartbeatIntervalMs"]) / 2,
});

type Change = (shape: Shape) => Partial<Shape>;

/** By number; what each needs is said in README's table. */
const CHANGES: readonly Change[] = [
  // 0: as it was in the beginning. 1: the same in other words.
  () => ({}),
  () => ({}),
  // 2: group one prefers its servers the other way round; live.
  ({ groups }) => ({
    groups: groups.map((group) =>
      group.name === "one" ? { ...group, policy: [...group.policy].reverse() } : group,
    ),
  }),
  // 3: one group more; live, and it stays stopped.
  ({ groups }) => ({
    groups: [...groups, ...groups.slice(0, 1).map((group) => ({ ...group, name: "three" }))],
  }),
  // 4: a longer wait at the start; live with every method.
  ({ timing }) => ({
    timing: { ...timing, startSyncWaitMs: 2 * Number(timing["startSyncWaitMs"]) },
  }),
  // 5 and 6: longer and shorter times; live with com, com-disk, none.
  (shape) => ({ timing: longer(shape) }),
  (shape) => ({ timing: shorter(shape) }),
  // 7: another program in group two; it has to be stopped.
  ({ groups }) => ({
    groups: groups.map((group) =>
      group.name === "two"
        ? { ...group, resources: [{ type: "program", name: "other", argv: ["/bin/true"] }] }
        : group,
    ),
  }),
  // 8: another watchdog; not while the cluster runs.
  ({ timing }) => ({
    timing: { ...timing, watchdogTimeoutMs: Number(timing["watchdogTimeoutMs"]) + 1 },
  }),
];
export const TEXTS_LAST = CHANGES.length - 1;

const KNOWN = new Map<string, Uint8Array>();

/** Text `number` of the cluster whose first text is `first`. */
export function textNumber(first: Uint8Array, number: number): Uint8Array {
  if (number === 0) return first;
  const text = Buffer.from(first).toString("utf8");
  const key = `${number} ${text}`;
  const known = KNOWN.get(key);
  if (known !== undefined) return known;
  const shape = JSON.parse(text) as Shape;
  const changed = { ...shape, ...CHANGES[number]?.(shape) };
  const bytes = Buffer.from(`// text ${number}\n${JSON.stringify(changed)}`, "utf8");
  KNOWN.set(key, bytes);
  return bytes;
}

/** Text `number` of this world's cluster; worlds of fault proofs and storms have one. */
export function textIn({ text }: World, number: number): Uint8Array {
  if (text === null) throw new Error("this world has no configuration text");
  return textNumber(text, number);
}
