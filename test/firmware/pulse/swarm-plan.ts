/**
 * What befalls a run: random faults drawn from the seed, alone or in a storm, then everything healed.
 */

import type { DiskFault } from "../../../firmware/simulator/array.ts";
import { judgeEnd } from "../../../firmware/simulator/checks.ts";
import type { SwarmHost } from "../../../firmware/simulator/host.ts";
import { COM, type Wire } from "../../../firmware/simulator/wires.ts";
import { type Manner, World } from "../../../firmware/simulator/world.ts";
import { Prng } from "../../../hal/base/prng.ts";
import { type LoadedConfig, loadConfiguration } from "../../../services/configuration/load.ts";

export interface Setting {
  readonly method: "com" | "com-disk" | "disk" | "none";
  readonly timeoutMs: number;
  readonly watchdogMs: number;
  /** Default 1000. */
  readonly diskWaitMs?: number;
  readonly earlyVerdict?: boolean;
}

export const SETTINGS: readonly Setting[] = [
  { method: "com-disk", timeoutMs: 1000, watchdogMs: 0 },
  { method: "com-disk", timeoutMs: 1000, watchdogMs: 500 },
  { method: "com", timeoutMs: 1000, watchdogMs: 0 },
  { method: "none", timeoutMs: 1000, watchdogMs: 0 },
  { method: "none", timeoutMs: 300, watchdogMs: 0 },
  { method: "disk", timeoutMs: 1000, watchdogMs: 0 },
  { method: "disk", timeoutMs: 1000, watchdogMs: 0, earlyVerdict: true },
  { method: "disk", timeoutMs: 1000, watchdogMs: 500, diskWaitMs: 1600 },
];

const SERVERS = ["SERVER1", "SERVER2"] as const;

export function swarmConfig(setting: Setting): LoadedConfig {
  const perServer = (value: (index: number) => string): Record<string, string> =>
    Object.fromEntries(SERVERS.map((name, index) => [name, value(index)]));
  const group = (name: string, policy: readonly string[]): object => ({
    name,
    policy,
    resources: [{ type: "program", name: `${name}-program`, argv: ["/bin/true"] }],
  });
  const com = { id: "com1", devices: perServer((index) => `tcp://127.1.1.9:710${index}`) };
  const disk = { paths: perServer((index) => `nbd://127.1.1.9:1080${index}/array`) };
  const lan = (id: string, kind: string, net: number): object => ({
    id,
    kind,
    addresses: perServer((index) => `127.1.${net}.${index + 1}:7001`),
  });
  const text = JSON.stringify({
    cluster: { name: "swarm" },
    virtual: true,
    method: setting.method,
    timing: {
      heartbeatTimeoutMs: setting.timeoutMs,
      heartbeatIntervalMs: setting.timeoutMs / 10,
      diskWaitMs: setting.diskWaitMs ?? 1000,
      earlyVerdict: setting.earlyVerdict ?? false,
      startSyncWaitMs: 2500,
      watchdogTimeoutMs: setting.watchdogMs,
    },
    servers: SERVERS.map((name) => ({ name })),
    lans: [lan("lan1", "private", 1), lan("lan2", "public", 2)],
    ...(setting.method === "none" || setting.method === "disk" ? {} : { com }),
    ...(setting.method === "com-disk" || setting.method === "disk" ? { disk } : {}),
    groups: [group("one", [...SERVERS]), group("two", [...SERVERS].reverse())],
  });
  const loaded = loadConfiguration(text, "swarm.jsonc");
  if (loaded.kind === "ok") return loaded.config;
  throw new Error(loaded.findings.map(({ text: why }) => why).join("\n"));
}

export interface Outcome {
  readonly failures: readonly string[];
  readonly trace: readonly string[];
  readonly end: string;
}

/** One run of one seed: start, storm, heal, calm. */
export function runSeed(config: LoadedConfig, seed: number, manner: Manner = {}): Outcome {
  const world = new World(config, seed, manner);
  const storm = new Storm(world, new Prng(seed ^ 0x5eed));
  storm.begin();
  world.run(storm.random.chance(0.8) ? 3500 : 100 + storm.random.below(3000));
  storm.rage();
  storm.heal();
  world.run(7000);
  storm.heal();
  world.run(8000);
  const end = world.hosts.map((host) => world.shows(host.index)).join(" | ");
  const ended = judgeEnd(world, { stopsAsked: storm.stopsAsked });
  return { failures: [...world.checks.failures, ...ended], trace: world.traced, end };
}

/** Faults after which nothing at all may have changed; the array and the COM line among them. */
export const HARMLESS = [
  "pulse restart",
  "agent restart",
  "short freeze",
  "one LAN",
  "COM line",
  "array",
  "all LANs, briefly",
] as const;

/** One fault in a calm cluster: where everything ran it must run on, in the same view, without a will. */
export function runHarmless(config: LoadedConfig, seed: number, kind: string): Outcome {
  const world = new World(config, seed);
  const storm = new Storm(world, new Prng(seed ^ 0x5eed));
  for (const host of world.hosts) host.power();
  world.run(3000 + storm.random.below(1000));
  const before = picture(world);
  storm.harmless(kind);
  world.run(3000);
  storm.heal();
  world.run(4000);
  const after = picture(world);
  const changed = before === after ? [] : [`${kind}: ${before} became ${after}`];
  return { failures: [...world.checks.failures, ...changed], trace: world.traced, end: after };
}

/** One server dies in a calm cluster: the other one runs everything. */
export function runCrash(config: LoadedConfig, seed: number): Outcome {
  const world = new World(config, seed);
  const storm = new Storm(world, new Prng(seed ^ 0x5eed));
  for (const host of world.hosts) host.power();
  world.run(3000 + storm.random.below(1000));
  const lost = world.at(storm.random.below(2));
  const other = world.at(1 - lost.index);
  lost.off("cut");
  world.run(storm.random.below(2500));
  if (storm.random.chance(0.5)) lost.power();
  world.run(6000);
  const served = other.running.every((runs) => runs) && world.isSole(other.index);
  const failures = served ? [] : [`S${other.index} does not go on: ${picture(world)}`];
  return {
    failures: [...world.checks.failures, ...failures],
    trace: world.traced,
    end: picture(world),
  };
}

function picture(world: World): string {
  return world.hosts
    .map((host) => {
      const epoch = host.pulse?.state.membership.view?.epoch.counter ?? 0;
      return `${world.shows(host.index)} ${epoch} ${host.running.map(Number).join("")}`;
    })
    .join(" | ");
}

class Storm {
  readonly world: World;
  readonly random: Prng;
  stopsAsked = false;

  constructor(world: World, random: Prng) {
    this.world = world;
    this.random = random;
  }

  begin(): void {
    const late = this.random.chance(0.3);
    for (const host of this.world.hosts) {
      const ms = late ? this.random.below(4000) : this.random.below(50);
      this.world.clock.after(ms, () => host.power());
    }
    if (this.random.chance(0.1)) this.cutLans([0, 1], [0, 1]);
    if (this.random.chance(0.1)) this.cutCom([0, 1]);
  }

  /** One to eight blows, close together or apart; the array's faults are among them. */
  rage(): void {
    const blows = 1 + this.random.below(8);
    for (let blow = 0; blow < blows; blow += 1) {
      this.strike();
      const pause = this.random.below(10);
      if (pause < 3) continue;
      this.world.run(pause < 7 ? this.random.below(700) : this.random.below(3500));
    }
  }

  heal(): void {
    this.world.trace("heal");
    this.world.wires.heal();
    for (const host of this.world.hosts) host.disk.setFault("none");
  }

  harmless(kind: string): void {
    const { random, world } = this;
    const host = world.at(random.below(2));
    switch (kind) {
      case "pulse restart":
        return host.killPulse("harmless");
      case "agent restart":
        return host.killAgent();
      case "short freeze":
        return host.freeze(this.shortMs());
      case "one LAN":
        return this.cutLans([0, 1], [random.below(2)]);
      case "COM line":
        return this.cutCom([0, 1]);
      case "array":
        return this.spoilDisk(host);
      default: {
        this.cutLans([0, 1], [0, 1]);
        world.clock.after(this.shortMs(), () => this.heal());
      }
    }
  }

  /** Shorter than anything is suspected in, and than a watchdog waits for. */
  shortMs(): number {
    const { a1Ms, sigmaMs, intervalMs, watchdogMs } = this.world.config.budget;
    const patienceMs = watchdogMs > 0 ? watchdogMs - 3 * intervalMs : a1Ms;
    return Math.min(patienceMs, a1Ms - sigmaMs);
  }

  strike(): void {
    const { random } = this;
    const host = this.world.at(random.below(2));
    const side = random.chance(0.7) ? [0, 1] : [random.below(2)];
    switch (random.below(22)) {
      case 0:
      case 1:
        this.cutLans(side, [0, 1]);
        return;
      case 2:
      case 3:
        this.cutLans([0, 1], [0, 1]);
        return this.cutCom(side);
      case 4:
        return this.cutLans(side, [random.below(2)]);
      case 5:
        return this.cutCom(side);
      case 6:
      case 7:
        return this.worsen();
      case 8:
      case 9:
        return host.freeze(50 + random.below(random.chance(0.5) ? 600 : 4950));
      case 10:
        return host.pulse?.freeze(this.world.clock.nowMs + 50 + random.below(2000));
      case 11:
        return host.agent?.freeze(this.world.clock.nowMs + 50 + random.below(2000));
      case 12:
        return host.killPulse("storm");
      case 13:
        return host.killAgent();
      case 14:
        host.killPulse("storm");
        return host.killAgent();
      case 15:
        return host.off("cut");
      case 16:
        return this.cycle(host);
      case 17:
      case 18:
        return this.spoilDisk(host);
      case 19:
        return this.heal();
      default:
        return this.operate(host);
    }
  }

  cutLans(side: readonly number[], paths: readonly number[]): void {
    this.world.trace(`cut lan ${paths} from ${side}`);
    for (const path of paths) {
      for (const from of side) this.world.wires.change(path, from, { cut: true });
    }
  }

  cutCom(side: readonly number[]): void {
    this.world.trace(`cut com from ${side}`);
    for (const from of side) this.world.wires.change(COM, from, { cut: true });
  }

  /** Loss, delay, jitter or a foreign key on some wires. */
  worsen(): void {
    const { random } = this;
    const kind = random.below(4);
    const faults: Partial<Wire> =
      kind === 0
        ? { loss: random.below(100) / 100 }
        : kind === 1
          ? { delayMs: random.below(500) }
          : kind === 2
            ? { jitterMs: random.below(400), loss: random.below(30) / 100 }
            : { garbled: true };
    this.world.trace(`worsen ${JSON.stringify(faults)}`);
    for (const path of [0, 1, COM]) {
      for (const from of [0, 1]) {
        if (random.chance(0.6)) this.world.wires.change(path, from, faults);
      }
    }
  }

  cycle(host: SwarmHost): void {
    host.off("cut");
    this.world.clock.after(this.random.below(4000), () => host.power());
  }

  spoilDisk(host: SwarmHost): void {
    const common: readonly DiskFault[] = ["stall", "error", "torn", "slow"];
    // Claims rest on the disk process alone to know an old block; the stamps' core knows one as well.
    const onDisk = this.world.config.method === "disk";
    const faults: readonly DiskFault[] = onDisk ? [...common, "stale"] : common;
    const fault = faults[this.random.below(faults.length)] ?? "error";
    const both = this.random.chance(0.3);
    this.world.trace(`disk ${fault} at ${both ? "both" : host.index}`);
    for (const spoilt of both ? this.world.hosts : [host]) spoilt.disk.setFault(fault);
  }

  operate(host: SwarmHost): void {
    const { random } = this;
    const target = this.world.at(random.below(2));
    switch (random.below(9)) {
      case 0:
      case 1:
        return host.agent?.order("server.detach", 0, target.index);
      case 2:
      case 3:
        return host.agent?.order("server.return", 0, target.index);
      case 4:
        return host.agent?.order("group.move", random.below(2), null);
      case 5:
        this.stopsAsked = true;
        return host.agent?.order("group.stop", random.below(2), null);
      case 6:
        return host.power();
      case 7:
        this.stopsAsked = true;
        return host.agent?.order("cluster.shutdown", 0, null);
      default:
        return host.agent?.order("server.shutdown", 0, target.index);
    }
  }
}
