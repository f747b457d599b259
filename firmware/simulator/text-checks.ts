/**
 * L5 in every moment and at the end: a configuration text belongs to an epoch, whoever was told that his text is
 * in force has been told the truth, and no server is left with another one.
 * Intuition: two halves of a crew may not sail by two charts, and the harbour master's receipt counts.
 * Source: protocol.md 1.9, V3; reliability.md 2.5 (L5).
 */
import { sameEpoch } from "../../hal/base/view.ts";
import { isMember } from "../../services/membership/state.ts";
import type { SwarmHost } from "./host.ts";
import type { InvariantId, Violation } from "./invariants.ts";
import type { World } from "./world.ts";

/** After them an older text may be in force. */
const LOSES = ["force-return.ordered", "sole.conflict"];
/** A save takes milliseconds, and one that failed is tried again after a second. */
const UNSAVED_MS = 5000;

type Fail = (id: InvariantId, text: string) => void;

export class TextChecks {
  readonly #world: World;
  readonly #fail: Fail;
  /** Since when two servers hold leases of one epoch by two texts; null = they do not. */
  #mixedSinceMs: number | null = null;
  #failed = false;
  readonly #unsavedSinceMs: number[] = [];

  constructor(world: World, fail: Fail) {
    this.#world = world;
    this.#fail = fail;
  }

  look(): void {
    for (const host of this.#world.hosts) this.#lookAtFlash(host);
    const mixed = this.#mixed();
    if (mixed === null) {
      this.#mixedSinceMs = null;
      return;
    }
    const { clock, widest } = this.#world;
    this.#mixedSinceMs ??= clock.nowMs;
    // A pulse that was taught the epoch by its agent is handed the text only afterwards.
    if (this.#failed || clock.nowMs - this.#mixedSinceMs <= 2 * widest.timeoutMs) return;
    this.#failed = true;
    this.#fail("L5", mixed);
  }

  /** A power cut would bring the old text back here, and nobody would know why. */
  #lookAtFlash(host: SwarmHost): void {
    const { clock, widest } = this.#world;
    const { pulse, agent, texts, bends, index } = host;
    const hash = pulse?.config.hash ?? "";
    const isSaved = texts?.index?.current.hash.startsWith(hash) === true;
    const mayWait = agent?.isAble !== true || pulse?.isAble !== true || bends.savesLie;
    if (
      mayWait ||
      isSaved ||
      agent?.desk?.isSaving === true ||
      host.isFrozen ||
      bends.saveMs > 0 ||
      bends.ipcMs > 0
    ) {
      this.#unsavedSinceMs[index] = clock.nowMs;
      return;
    }
    const sinceMs = this.#unsavedSinceMs[index] ?? clock.nowMs;
    if (clock.nowMs - sinceMs <= UNSAVED_MS + widest.timeoutMs) return;
    this.#unsavedSinceMs[index] = Number.POSITIVE_INFINITY;
    this.#fail("L5", `S${index} has lived by ${hash} for long, and it is not on its flash`);
  }

  #mixed(): string | null {
    const holders = this.#world.hosts.filter((host) => {
      const { pulse } = host;
      if (!host.on || pulse === null || host.isFrozen || pulse.isFrozen) return false;
      return isMember(pulse.state.membership) && pulse.holdsLease;
    });
    for (const [at, a] of holders.entries()) {
      for (const b of holders.slice(at + 1)) {
        const views = [a, b].map((host) => host.pulse?.state.membership.view ?? null);
        const [mine, theirs] = views;
        if (mine == null || theirs == null || !sameEpoch(mine.epoch, theirs.epoch)) continue;
        if (a.pulse?.config.hash === b.pulse?.config.hash) continue;
        return `S${a.index} and S${b.index} hold leases of epoch ${mine.epoch.counter} by two texts`;
      }
    }
    return null;
  }
}

/** A configuration text is installed everywhere or nowhere, and nobody waits with one. */
export function judgeTexts(world: World, members: readonly SwarmHost[]): Violation[] {
  const told = members.flatMap((host) => host.agent?.state.facts?.revision ?? []);
  const hashes = new Set(told.map(({ hash }) => hash));
  if (hashes.size > 1) return [{ id: "L5", text: `members run by ${[...hashes].join(" and ")}` }];
  const waits = told.find(({ prepared }) => prepared !== null);
  if (waits !== undefined) return [{ id: "L5", text: `a member still holds ${waits.prepared}` }];
  return world.text === null ? [] : [...judgeFolders(members), ...judgeAnswers(world, members)];
}

/** Agent, folder and configuration file say what the pulse says. */
function judgeFolders(members: readonly SwarmHost[]): Violation[] {
  return members.flatMap((host): Violation[] => {
    const { pulse, agent, texts } = host;
    if (pulse === null || agent === null || texts === null) return [];
    const { hash } = pulse.config;
    const found: Violation[] = [];
    const say = (what: string): void => {
      found.push({ id: "L5", text: `S${host.index} runs by ${hash}, ${what}` });
    };
    if (agent.config.hash !== hash) say(`its agent by ${agent.config.hash}`);
    const stored = texts.index?.current.hash ?? "nothing";
    if (!stored.startsWith(hash)) say(`on flash is ${stored}`);
    // A file that refused is known to be behind, and the revision on disk rules over it.
    const isBehind = texts.index?.isFileBehind === true;
    if (!isBehind && !texts.fileHash.startsWith(hash)) say(`its file is ${texts.fileHash}`);
    return found;
  });
}

/** An operator who was told that a text is in force does not find an older one there. */
function judgeAnswers(world: World, members: readonly SwarmHost[]): Violation[] {
  // Going on with one server by force gives up what the others know (protocol.md 1.8), and so does the one of
  // two owners that gives way (D53).
  if (world.notes.some(({ key }) => LOSES.includes(key))) return [];
  // A7, H2: what one of two that went on alone was told goes down with it.
  const { method } = world.config;
  const survivors = world.notes.filter(({ key }) => key === "verdict.survive");
  const areTwo = new Set(survivors.map(({ index }) => index)).size > 1;
  if (areTwo && (method === "com" || method === "none")) return [];
  const answered = Math.max(0, ...world.textAnswers.map(({ rev }) => rev));
  return members.flatMap((host): Violation[] => {
    const revision = host.agent?.revision ?? 0;
    if (revision >= answered) return [];
    const text = `S${host.index} runs by revision ${revision}, ${answered} was answered as installed`;
    return [{ id: "L5", text }];
  });
}
