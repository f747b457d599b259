/**
 * Operators who bring another configuration text while the cluster may be anywhere, and what may befall a server in
 * the very moment in which a text moves on. A text is no fault by itself, as an order is none.
 * Source: reliability.md 2.3 (config push during partition), 1.2 (ChangeConfig); protocol.md 1.9, V3, L10.
 */
import type { TextStage } from "../../firmware/simulator/world.ts";
import { type Blow, type FaultKind, INSIDE, onAll, repeat } from "./fault-kind.ts";
import { bend } from "./faults-power.ts";
import { TEXTS_LAST, textIn } from "./texts.ts";

const text = (
  name: string,
  does: string,
  unit: FaultKind["unit"],
  range: readonly [number, number],
  strike: (blow: Blow) => void,
  end?: (blow: Blow) => void,
): FaultKind => ({
  name,
  medium: "text",
  does,
  unit,
  range,
  covers: INSIDE,
  strike,
  ...(end === undefined ? {} : { end }),
});

/** Between two texts of an operator who cannot decide, ms. */
const AGAIN_MS = 350;
/** From one stage to the next some 0.3 s pass. */
const AFTER_MAX_MS = 300;
/** A text that does not come so far within so long does not come, ms. */
const WAIT_MS = 3000;

const bring = ({ world, host }: Blow, number: number): void =>
  host.agent?.apply(textIn(world, number));

const anyText = ({ random }: Blow): number => 1 + random.below(TEXTS_LAST);

/** A text that every method takes live. */
const LIVE = [1, 2, 3, 4] as const;
const liveText = ({ random }: Blow): number => LIVE[random.below(LIVE.length)] ?? 1;

/** At the struck server a text is brought; once, as soon as any server has come so far with it, `act`. */
function when(blow: Blow, stage: TextStage, act: () => void): void {
  const { world } = blow;
  const untilMs = world.clock.nowMs + WAIT_MS;
  let isOver = false;
  world.textWatchers.push((_index, come) => {
    if (isOver || come !== stage || world.clock.nowMs > untilMs) return;
    isOver = true;
    // Not inside the step of a core that has just decided; half of them in the middle of what follows.
    world.clock.after(blow.random.chance(0.5) ? 0 : blow.random.below(AFTER_MAX_MS), act);
  });
  bring(blow, liveText(blow));
}

function cutOff({ world, host, amount }: Blow): void {
  for (const path of world.wires.paths) {
    for (const { index } of world.hosts) {
      if (index === host.index) continue;
      world.wires.changeLink(path, host.index, index, { cut: true });
      world.wires.changeLink(path, index, host.index, { cut: true });
    }
  }
  world.clock.after(amount, () => {
    for (const path of world.wires.paths) {
      for (const { index } of world.hosts) {
        if (index === host.index) continue;
        world.wires.changeLink(path, host.index, index, {});
        world.wires.changeLink(path, index, host.index, {});
      }
    }
  });
}

const at = (
  stage: TextStage,
  name: string,
  does: string,
  unit: FaultKind["unit"],
  range: readonly [number, number],
  act: (blow: Blow) => void,
): FaultKind =>
  text(
    `text-${stage}-${name}`,
    `a text is brought at the struck server; when a first pulse ${stage === "prepared" ? "holds it" : "goes on by it"}, ${does}`,
    unit,
    range,
    (blow) => when(blow, stage, () => act(blow)),
  );

const bothStages = (stage: TextStage): readonly FaultKind[] => [
  at(stage, "power", "the struck server is without power so long", "ms", [50, 4000], (blow) => {
    blow.host.off("cut");
    blow.world.clock.after(blow.amount, () => blow.host.power());
  }),
  at(stage, "mains", "all servers lose power for so long", "ms", [50, 2000], (blow) => {
    onAll(blow.world, (host) => host.off("cut"));
    blow.world.clock.after(blow.amount, () => onAll(blow.world, (host) => host.power()));
  }),
  at(stage, "kill-pulse", "every pulse dies", "-", [0, 0], ({ world }) =>
    onAll(world, (host) => host.killPulse("fault")),
  ),
  at(stage, "kill-agent", "the struck server's agent dies", "-", [0, 0], ({ host }) =>
    host.killAgent(),
  ),
  at(stage, "cut", "the struck server is cut off for so long", "ms", [50, 3000], cutOff),
  at(stage, "freeze", "the struck server stands still for so long", "ms", [50, 2500], (blow) =>
    blow.host.freeze(blow.amount),
  ),
];

export const TEXT_FAULTS: readonly FaultKind[] = [
  text(
    "text-apply",
    "at the struck server: that text of the nine",
    "count",
    [0, TEXTS_LAST],
    (blow) => bring(blow, blow.amount),
  ),
  text("text-crossed", "at every server in one instant another text", "-", [0, 0], (blow) => {
    for (const host of blow.world.hosts)
      bring({ ...blow, host }, LIVE[host.index % LIVE.length] ?? 1);
  }),
  text(
    "text-storm",
    "so many texts, 0.35 s apart, each at another server",
    "count",
    [2, 8],
    (blow) =>
      repeat(blow, blow.amount, AGAIN_MS, () => {
        const host = blow.world.at(blow.random.below(blow.world.hosts.length));
        bring({ ...blow, host }, anyText(blow));
      }),
  ),
  {
    ...text("text-refused", "the struck server takes no other text", "-", [0, 0], () => undefined),
    ...bend("refusesTexts", () => true, false),
  },
  ...bothStages("prepared"),
  ...bothStages("switched"),
];
