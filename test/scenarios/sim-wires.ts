/**
 * The wires of a simulated story, path by path as a story names them: cut, under another version of the
 * protocol, under another key; noise and frames of earlier, put on a wire by hand.
 * Intuition: several hands may have done something to one wire, and it is what is left of all that.
 * Source: R10, D56; protocol.md 2 (the faults of the media).
 */
import { COM, type Frame, type Wire } from "../../firmware/simulator/wires.ts";
import type { World as Simulation } from "../../firmware/simulator/world.ts";
import type { WireOrder } from "./command-grammar.ts";
import { garbagePiece } from "./garbage.ts";
import type { ClusterLine } from "./language.ts";
import { NotSimulated } from "./sim-cluster.ts";
import { directionsOf } from "./wire-directions.ts";

/** The switch between servers and clients; no beat goes through it. */
const PUBLIC_SWITCH = "public-switch";
/** From one injected piece to the next, ms: a hand-written loop is not quicker. */
const INJECT_EVERY_MS = 1;

export class SimWires {
  readonly #sim: Simulation;
  readonly #cluster: ClusterLine;
  /** Directions under a cut, as `path from to`. */
  readonly #cut = new Set<string>();
  /** Servers whose frames bear another version. */
  readonly #versions = new Set<number>();
  /** Servers that run with a key of their own. */
  readonly #keys = new Set<number>();
  /** What each direction was told last. */
  readonly #told = new Map<string, string>();
  /** Clients reach nobody. */
  isPublicCut = false;

  constructor(sim: Simulation, cluster: ClusterLine) {
    this.#sim = sim;
    this.#cluster = cluster;
  }

  /** Throws NotSimulated for a path that is none of the wires between servers and clients. */
  order(order: WireOrder, path: string): void {
    const cut = order.verb === "cut";
    if (path === PUBLIC_SWITCH) {
      this.isPublicCut = cut;
      return;
    }
    for (const [a, b] of directionsOf(order, this.#cluster.servers)) {
      const name = `${this.#path(path)} ${a} ${b}`;
      if (cut) this.#cut.add(name);
      else this.#cut.delete(name);
    }
    this.#tell();
  }

  /** Every frame that `server` sends from here on bears another version, or its own again. */
  version(server: number, other: boolean): void {
    if (other) this.#versions.add(server);
    else this.#versions.delete(server);
    this.#tell();
  }

  /** From here on nothing between `server` and the others has a tag that fits. */
  otherKey(server: number): void {
    this.#keys.add(server);
    this.#tell();
  }

  /** Random bytes, `count` pieces, one after the other. */
  garbage(path: string, to: number, count: number): void {
    const from = this.#cluster.servers.findIndex((_, index) => index !== to);
    const [frame] = this.#sim.wires.recordsOf(this.#path(path), from, to);
    if (frame === undefined) throw new Error(`no frame was seen on ${path}`);
    const pieces = Array.from({ length: count }, (_, index) => {
      return { ...frame, bytes: new Uint8Array(garbagePiece(index)) };
    });
    this.#inject(pieces, to);
  }

  /** What the wire remembers of `from`, over and over, to each of the others. */
  replay(path: string, from: number, count: number): void {
    for (const to of this.#cluster.servers.keys()) {
      if (to === from) continue;
      const known = this.#sim.wires.recordsOf(this.#path(path), from, to);
      if (known.length === 0) throw new Error(`no frame was seen on ${path}`);
      const frames = Array.from({ length: count }, (_, i) => known[i % known.length]);
      this.#inject(
        frames.filter((frame) => frame !== undefined),
        to,
      );
    }
  }

  #inject(frames: readonly Frame[], to: number): void {
    for (const [index, frame] of frames.entries()) {
      this.#sim.clock.after(index * INJECT_EVERY_MS, () => {
        this.#sim.at(to).pulse?.hear(frame, "no");
      });
    }
  }

  /** Only wires that are different are touched: a wire that nobody touches has been clean all the time. */
  #tell(): void {
    const { servers } = this.#cluster;
    for (const path of this.#sim.wires.paths) {
      for (const from of servers.keys()) {
        for (const to of servers.keys()) {
          if (from !== to) this.#tellOne(path, from, to);
        }
      }
    }
  }

  #tellOne(path: number, from: number, to: number): void {
    const name = `${path} ${from} ${to}`;
    const cut = this.#cut.has(name);
    const garbled = this.#keys.has(from) !== this.#keys.has(to);
    const isOther = this.#versions.has(from);
    const text = `${cut} ${garbled} ${isOther}`;
    if ((this.#told.get(name) ?? "false false false") === text) return;
    this.#told.set(name, text);
    const tamper: Wire["tamper"] = isOther ? (frame, pass) => pass(frame, 0, "version") : null;
    this.#sim.wires.changeLink(path, from, to, { cut, garbled, tamper });
  }

  #path(name: string): number {
    if (name === "com") return COM;
    const path = this.#sim.config.lans.findIndex(({ id }) => id === name);
    if (path < 0) throw new NotSimulated(`the path ${name}`);
    return path;
  }
}
