/**
 * What the terminal of the virtual appliance says when a server loses or gets power: above all why one has
 * switched itself off, which is otherwise told by nobody, for who is off cannot be asked, and how to go on.
 * Intuition: the cabinet knows that it is off, the server's folder knows why.
 * Source: requirements R108, R203; guide 3.3 (6); hal/rack/record.ts.
 */
import type { RackEvent } from "../../hal/rack/record.ts";
import { lastEnd } from "../cli/last-end.ts";

export interface PowerNewsOptions {
  readonly servers: readonly string[];
  readonly groups: readonly string[];
  /** ` --state DIR` where the commands need it, else empty. */
  readonly state: string;
  stateDirOf(server: string): string;
  isPowered(server: string): boolean;
  cutPaths(): readonly string[];
  /** The appliance is being shut down: what goes off then is no news. */
  isEnding(): boolean;
  say(text: string): void;
}

/** Servers that decide the same end themselves within a lease of each other; the advice follows the last. */
const QUIET_MS = 1000;

export class PowerNews {
  readonly #options: PowerNewsOptions;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: PowerNewsOptions) {
    this.#options = options;
  }

  /** Every event of the rack, in its order. */
  hear(event: RackEvent): void {
    if (event.kind !== "power") return;
    const { server, to, reason } = event;
    const { say, isEnding } = this.#options;
    if (to === "dark" || (isEnding() && reason !== "emergency")) return;
    if (to === "on") {
      // The launcher tells of its own; a reset was told when the power went.
      if (reason === "operator") say(`power: ${server} on`);
      return;
    }
    for (const line of this.#whyOff(server, reason)) say(line);
    if (reason === "emergency" && !isEnding()) this.#adviseSoon();
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #whyOff(server: string, reason: string): string[] {
    const off = `power: ${server} off`;
    switch (reason) {
      case "emergency":
        return this.#whyEmergency(server);
      case "planned":
        return [`${off}, it was shut down in order`];
      case "watchdog":
        return [`power: ${server} reset by its watchdog; it comes up detached`];
      case "supervisor-ended": {
        const file = `${this.#options.stateDirOf(server)}/supervisor.log`;
        return [`${off}, its processes ended and were not restarted; see ${file}`];
      }
      default:
        return [off];
    }
  }

  #whyEmergency(server: string): string[] {
    const stateDir = this.#options.stateDirOf(server);
    const end = lastEnd(stateDir, server, "en");
    const off = `power: ${server} off`;
    if (end === null) {
      return [
        `${off}, it ended itself and could not leave the reason; see ${stateDir}/console.log`,
      ];
    }
    const { told, cause } = end;
    return [`${off}. ${told.text} (${told.code})`, `  why: ${cause}`];
  }

  #adviseSoon(): void {
    this.close();
    this.#timer = setTimeout(() => {
      this.#timer = null;
      if (!this.#options.isEnding()) for (const line of this.#advice()) this.#options.say(line);
    }, QUIET_MS);
  }

  #advice(): string[] {
    const { servers, groups, isPowered, cutPaths } = this.#options;
    const kage = (words: string): string => `  npx kage ${words}${this.#options.state}`;
    const off = servers.filter((name) => !isPowered(name));
    const on = servers.filter(isPowered);
    if (off.length === 0) return [];
    const cut = cutPaths();
    const repair = [
      ...(cut.length === 0 ? [] : [kage(`rack restore ${cut.join(" ")}`)]),
      ...off.map((name) => kage(`rack power on ${name}`)),
    ];
    if (on.length > 0) {
      const back = off.map((name) => kage(`server return ${name}`));
      return [`Still on: ${on.join(", ")}. To bring ${off.join(", ")} back:`, ...repair, ...back];
    }
    return [
      "No server has power, nobody serves. To go on, remove the cause and switch them on; they come up detached:",
      ...repair,
      ...beginAnew(servers, groups, this.#options.state),
    ];
  }
}

/** Nobody can say whose information is right: a person chooses the base (guide 3.3(6), R208). */
export function beginAnew(
  servers: readonly string[],
  groups: readonly string[],
  state: string,
): string[] {
  const [base = "", ...others] = servers;
  return [
    "Choose the one whose information counts, return the others, start the groups:",
    `  npx kage server force-return ${base}${state}`,
    ...others.map((name) => `  npx kage server return ${name}${state}`),
    ...groups.map((name) => `  npx kage group start ${name}${state}`),
  ];
}
