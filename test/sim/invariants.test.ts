/**
 * No invariant is vacuous: for each id there is a world that breaks it, by a fault outside every envelope or by
 * hand, and the check that has the id says so; the same world without that is silent.
 * Source: reliability.md 1.3 ("validate the oracle, not the system"), 2.5.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { findAtEnd } from "../../firmware/simulator/checks.ts";
import type { SwarmHost } from "../../firmware/simulator/host.ts";
import {
  INVARIANT_IDS,
  type InvariantId,
  type Violation,
} from "../../firmware/simulator/invariants.ts";
import { World } from "../../firmware/simulator/world.ts";
import { streamOf } from "./fault-kind.ts";
import { faultNamed } from "./faults.ts";
import { compareDecisions, pester } from "./outside.ts";
import { judgeCrew } from "./run-storm.ts";
import { configOf, type SettingName } from "./settings.ts";

const CALM_MS = 3500;

function calm(setting: SettingName = "com-disk"): World {
  const world = new World(configOf(setting), 7);
  for (const host of world.hosts) host.power();
  world.run(CALM_MS);
  assert.equal(world.checks.found, []);
  return world;
}

function strike(world: World, name: string, at = 0, amount = 0): void {
  const random = streamOf(7, name, at);
  faultNamed(name)?.strike({ world, host: world.at(at), amount, random });
  world.moved();
}

/** The cores of this server show what they would never show. */
function pretend(host: SwarmHost, what: object): void {
  const { pulse } = host;
  if (pulse === null) throw new Error("no pulse to pretend for");
  const said = new Map<PropertyKey, unknown>(Object.entries(what));
  const shown = new Proxy(pulse.state, {
    get: (cores, key) => {
      const value = said.has(key) ? said.get(key) : Reflect.get(cores, key);
      return typeof value === "function" ? value.bind(cores) : value;
    },
  });
  Object.defineProperty(pulse, "state", { value: shown, configurable: true });
}

function pretendMember(host: SwarmHost, what: object): void {
  const membership = { ...host.pulse?.state.membership, ...what };
  pretend(host, { membership });
}

const TRIPS: Readonly<Record<InvariantId, () => readonly Violation[]>> = {
  S1: () => {
    const world = calm();
    world.at(1).running[0] = true;
    return look(world);
  },
  S2: () => {
    const world = calm();
    strike(world, "array-misplaced");
    return look(world, 3000);
  },
  S3: () => {
    // A clock that runs twice too fast outwaits nobody.
    const world = calm("none");
    strike(world, "clock-fast", 0, 100);
    strike(world, "lans-cut");
    return look(world, 2000);
  },
  S4: () => {
    const world = calm();
    for (const name of ["will-hangs", "off-fails", "lans-cut"]) strike(world, name);
    return look(world, 4000);
  },
  S5: () => {
    const world = calm();
    for (const name of ["array-lost", "lans-cut", "com-cut"]) strike(world, name);
    return look(world, 3000);
  },
  S6: () => {
    const world = calm();
    const host = world.at(0);
    const view = host.pulse?.state.membership.view;
    if (view == null) throw new Error("a member has a view");
    const older = { ...view, epoch: { ...view.epoch, counter: view.epoch.counter - 1 } };
    pretendMember(host, { view: older });
    world.checks.viewChanged(host);
    return world.checks.found;
  },
  S7: () => {
    const world = calm();
    world.at(1).off("cut");
    world.run(6000);
    const host = world.at(0);
    const peers = host.pulse?.state.peers.map((peer) => ({
      ...peer,
      lanHeardAtMs: host.localMs(),
    }));
    pretend(host, { peers });
    return look(world, 300);
  },
  S8: () => {
    const world = calm("none");
    const host = world.at(0);
    pretend(host, { holdsLease: () => true, membership: host.pulse?.state.membership });
    strike(world, "lans-cut");
    host.freeze(3000);
    return look(world, 3300);
  },
  S9: () => dropHeard([false, false]),
  S10: () => dropHeard([true, true]),
  S11: () => {
    const world = calm();
    world.at(0).agent?.order("cluster.shutdown", 0, null);
    world.run(4000);
    world.at(0).power();
    world.run(100);
    strike(world, "clock-forward", 0, 60_000);
    return look(world, 1500);
  },
  S12: () => {
    const world = calm();
    world.clock.after(5, () => world.at(0).off("planned"));
    return look(world);
  },
  S13: () => {
    const world = calm();
    const host = world.at(0);
    host.bends.loads = (loaded) =>
      loaded.kind === "loaded" ? { ...loaded, record: { ...loaded.record, groups: [] } } : loaded;
    host.off("cut");
    host.power();
    return look(world);
  },
  S14: () => {
    const world = calm();
    world.checks.answered("order-1");
    world.checks.answered("order-1");
    return world.checks.found;
  },
  S15: () => {
    const [mine, theirs] = [calm(), calm()];
    theirs.at(0).agent?.order("group.move", 0, 1);
    for (const world of [mine, theirs]) world.run(2000);
    return compareDecisions(mine, theirs);
  },
  L1: () => {
    const world = calm();
    world.at(0).running[0] = false;
    return findAtEnd(world, { stopsAsked: false });
  },
  L2: () => {
    const world = calm("none");
    strike(world, "lans-cut");
    world.run(8000);
    return findAtEnd(world, { stopsAsked: false });
  },
  L3: () => {
    const world = calm();
    strike(world, "mains-off");
    return judgeCrew(world);
  },
  L4: () => {
    const world = calm();
    strike(world, "power-off", 1);
    world.run(1500);
    return findAtEnd(world, { stopsAsked: false });
  },
  L5: () => {
    const world = calm();
    const { agent } = world.at(0);
    const facts = agent?.state.facts;
    if (agent == null || facts == null) throw new Error("an agent has facts");
    const revision = { hash: "0badc0de", prepared: null };
    agent.state = { ...agent.state, facts: { ...facts, revision } };
    return findAtEnd(world, { stopsAsked: false });
  },
  L6: () => {
    const world = calm();
    for (const name of ["off-fails", "lans-cut"]) strike(world, name);
    world.run(8000);
    return findAtEnd(world, { stopsAsked: false });
  },
  L7: () => {
    const world = calm();
    world.checks.announced.last[0] = 1;
    return findAtEnd(world, { stopsAsked: false });
  },
  L8: () => {
    const world = calm();
    const host = world.at(0);
    host.disk.setFault("stall");
    for (let id = 0; id < 100; id += 1) {
      host.disk.submit({ kind: "claim.read", id, server: 1 as never }, () => undefined);
    }
    return look(world);
  },
};

function look(world: World, forMs = 50): readonly Violation[] {
  world.moved();
  world.run(forMs);
  return world.checks.found;
}

/** S0 shows a view of itself alone while S1 is heard as a member of the common one. */
function dropHeard(running: readonly boolean[]): readonly Violation[] {
  const world = calm();
  const [host, other] = [world.at(0), world.at(1)];
  other.running = [...running];
  world.checks.viewChanged(host);
  const found = world.checks.found.length;
  const view = host.pulse?.state.membership.view;
  if (view == null) throw new Error("a member has a view");
  const epoch = { ...view.epoch, counter: view.epoch.counter + 1 };
  pretendMember(host, { view: { ...view, epoch, members: [host.index] } });
  world.checks.viewChanged(host);
  return world.checks.found.slice(found);
}

test("reliability 2.5: S1-S15 and L1-L8 are all there", () => {
  const ids = [
    ...Array.from({ length: 15 }, (_, at) => `S${at + 1}`),
    ...Array.from({ length: 8 }, (_, at) => `L${at + 1}`),
  ];
  assert.equal([...INVARIANT_IDS], ids);
});

for (const id of INVARIANT_IDS) {
  test(`reliability 2.5: ${id} can be broken, and is noticed`, () => {
    const found = TRIPS[id]();
    assert.ok(
      found.some((violation) => violation.id === id),
      `found ${JSON.stringify(found.slice(0, 5))}`,
    );
  });
}

for (const left of [0, 1, 2]) {
  test(`reliability 2.5: of three, S${left} stays in a view that the others have left, and is noticed`, () => {
    const world = calm("majority-3");
    const others = world.hosts.filter(({ index }) => index !== left);
    for (const host of others) {
      const view = host.pulse?.state.membership.view;
      if (view == null) throw new Error("a member has a view");
      const epoch = { ...view.epoch, counter: view.epoch.counter + 1 };
      const members = others.map(({ index }) => index);
      pretendMember(host, { view: { ...view, epoch, members } });
    }
    const found = look(world, 4000).filter(({ id }) => id === "L2");
    assert.equal(found, [
      { id: "L2", text: `S${left} stays in a view that S${others[0]?.index} has left` },
    ]);
  });
}

test("reliability 2.5: a calm world breaks none of them", () => {
  for (const setting of ["com-disk", "com", "none", "disk", "majority-3"] as const) {
    const world = calm(setting);
    world.run(4000);
    const found = [...findAtEnd(world, { stopsAsked: false }), ...judgeCrew(world)];
    assert.equal([...world.checks.found, ...found], [], setting);
  }
});

test("L7: an owner that hears another one announce its group's address answers, and only then", () => {
  for (const [isCut, last] of [
    [false, 0],
    [true, 1],
  ] as const) {
    const world = calm("none");
    if (isCut) strike(world, "lans-cut");
    world.checks.announced.announce(world.at(1), 0);
    world.run(20);
    assert.is(world.checks.announced.last[0], last, isCut ? "not heard" : "heard");
  }
});

test("S15: orders that are refused, again and again, change no decision", () => {
  for (const [setting, fault] of [
    ["com-disk", "power-off"],
    ["com", "lans-cut"],
    ["disk", "freeze"],
    ["majority-3", "power-off"],
  ] as const) {
    const [mine, theirs] = [calm(setting), calm(setting)];
    pester(theirs, CALM_MS, CALM_MS + 4000);
    for (const world of [mine, theirs]) {
      strike(world, fault, 1, 3000);
      world.run(8000);
    }
    assert.equal(compareDecisions(mine, theirs), [], `${fault} in ${setting}`);
    assert.ok(theirs.answers.length > 50, "the flood has been answered");
  }
});

test.run();
