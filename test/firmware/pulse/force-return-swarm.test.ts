/**
 * Force-returns at random beside power cuts and cut cables, in virtual time: with a claim on the array two
 * servers never own at one time, whatever an operator orders; only a false statement that a server is off
 * could do that, and none is made here. Source: protocol.md 1.5 (two never win), 1.8, V4.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { cutAll, Pair, pairConfig } from "./pair.ts";

const SEEDS = 60;
const ACTIONS = 30;
const LOOK_MS = 10;

/** mulberry32: small, and the same everywhere. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

interface Count {
  founded: number;
  owned: number;
}

function act(pair: Pair, random: () => number, count: Count): void {
  const self = random() < 0.5 ? 0 : 1;
  const choice = Math.floor(random() * 9);
  const { on } = pair.at(self);
  const floor = pair.at(self).state.membership.floor;
  if (choice === 0) cutAll(pair, true);
  else if (choice === 1 || choice === 2) cutAll(pair, false);
  else if (choice === 3) pair.cutLan(true);
  else if (choice === 4) pair.cutCom(true);
  else if (choice === 5 && on) pair.power(self, false);
  else if (!on) pair.power(self, true, "detached", floor);
  else if (pair.shows(self) === "detached") {
    const kind = choice === 6 ? "return" : "found";
    if (kind === "found") count.founded += 1;
    pair.setWish(self, { kind, floor });
  }
}

/** The agents: they own while they hold a lease, and stop what they have once they are outside. */
function follow(pair: Pair, count: Count): void {
  for (const self of [0, 1]) {
    const node = pair.at(self);
    if (!node.on || node.will !== null) continue;
    const { server } = node.state.membership;
    // One group: whoever is alone has it, in a common view it stays where it is.
    const takes = pair.shows(self) === "sole" && pair.holds(self);
    if (takes && !node.owns) {
      count.owned += 1;
      pair.own(self, true);
    }
    if (node.owns && server === "detached") pair.own(self, false);
  }
}

test("1.8: force-returns at random: with COM + disk never two owners", () => {
  const count: Count = { founded: 0, owned: 0 };
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const random = randomOf(seed);
    const pair = new Pair(pairConfig("com-disk"), ["detached", "detached"]);
    for (let action = 0; action < ACTIONS; action += 1) {
      act(pair, random, count);
      const endMs = pair.nowMs + 50 + Math.floor(random() * 2500);
      while (pair.nowMs < endMs) {
        pair.run(LOOK_MS);
        follow(pair, count);
        assert.not(
          pair.acts(0) && pair.acts(1),
          `seed ${seed}, action ${action}, at ${pair.nowMs}`,
        );
      }
    }
  }
  // A swarm in which nothing happens proves nothing.
  assert.ok(count.founded > 100, `${count.founded} force-returns`);
  assert.ok(count.owned > 60, `${count.owned} owners`);
});

test.run();
