/**
 * The small worlds by name: what is in them, how much may befall them, and what was given up so that the
 * search comes to its end. Source: issue 4 item 7; protocol.md chapter 3.
 */
import { CrewModel, type CrewOptions } from "./crew.ts";
import { type CrewMenu, NO_MENU } from "./crew-events.ts";
import { PairModel, type PairOptions } from "./pair.ts";
import { type Cut, NO_PAIR_MENU, type PairMenu } from "./pair-events.ts";
import type { Model } from "./search.ts";

export interface SmallWorld {
  readonly name: string;
  /** What is looked at, in one line. */
  readonly about: string;
  /** What is not, although it could befall such servers. */
  readonly bounds: string;
  readonly events: number;
  /** default: about a minute of one core or two; deep: longer, or more memory; mutant: to show a removed rule. */
  readonly set: "default" | "deep" | "mutant";
  readonly make: (events: number) => Model;
}

const LINKS = ["one-way", "two-way", "isolate", "heal-all"] as const;
const CUTS: readonly Cut[] = ["LAN", "LAN 0>1", "LAN 1>0", "COM", "LAN and COM"];
/** Less than a lease; longer than T, so that a gap and a takeover lie in it. */
const CREW_PAUSES = [4, 12];
const PAIR_PAUSES = [4, 16];

function crew(menu: Partial<CrewMenu>, more: Partial<CrewOptions> = {}): SmallWorld["make"] {
  return (events) =>
    new CrewModel({
      servers: 3,
      agent: "small",
      starts: ["settled"],
      within: null,
      heals: false,
      isInstant: true,
      isPeaceful: false,
      counterMax: null,
      ...more,
      events,
      menu: { ...NO_MENU, ...menu },
    });
}

function pair(menu: Partial<PairMenu>, more: Partial<PairOptions> = {}): SmallWorld["make"] {
  return (events) =>
    new PairModel({
      method: "com-disk",
      timeoutMs: 1500,
      nextTimeoutMs: 2000,
      tight: false,
      watchdog: true,
      agent: "fixed",
      isBound: true,
      forms: ["both", "0", "1", "nobody"],
      starts: ["together"],
      within: null,
      heals: false,
      free: [],
      ...more,
      events,
      menu: { ...NO_PAIR_MENU, ...menu },
    });
}

const MAJORITY = { pauses: CREW_PAUSES, restarts: ["remembers", "forgets"] } as const;
const CLAIM = { cuts: CUTS, pauses: PAIR_PAUSES, disks: ["fast", "slow", "hung"] } as const;
const ANEW = ["remembers", "forgets"] as const;
const POWER = ["off", "on"] as const;
const REAL_CREW = { links: ["two-way", "isolate", "heal-all"], power: POWER } as const;
const AGENTS = ["remembers", "agent"] as const;
const REAL = { agent: "real", forms: ["nobody"] } as const;
const TOLD = ["leave", "return", "move"] as const;
const STARTS = ["cold", "one-cold", "one-detached"] as const;
const TEXT_MENU = {
  cuts: ["LAN", "LAN and COM", "LAN and COM 0>1", "LAN and COM 1>0"],
  texts: ["prepare", "install", "drop"],
  restarts: ANEW,
} as const;
/** LAN beats may be lost in every round, T of six rounds as in chapter 3. */
const MODEL_TIMES =
  "T of six rounds, A1-A3 of the model and not of the product; good disks unprobed";
const LOSSY = { timeoutMs: 600, tight: true, free: ["lan"] } as const;

const CREW_WORLDS: readonly SmallWorld[] = [
  {
    name: "majority",
    about: "three servers: links, a pause, a pulse restarted with or without memory, at any time",
    bounds: "three events; beats take no time",
    events: 3,
    set: "default",
    make: crew({ links: LINKS, ...MAJORITY }),
  },
  {
    name: "majority-heals",
    about: "the same, and from every state all is healed and must come to rest as one view",
    bounds: "two events",
    events: 2,
    set: "default",
    make: crew({ links: LINKS, ...MAJORITY }, { heals: true }),
  },
  {
    name: "majority-links",
    about: "three servers: single directions cut and healed at any time",
    bounds: "four events; no pause, no restart",
    events: 4,
    set: "default",
    make: crew({ links: ["one-way"] }),
  },
  {
    name: "majority-late",
    about: "three servers whose beats take a round: links, a pause, a restart, at any time",
    bounds: "two events",
    events: 2,
    set: "default",
    make: crew({ links: LINKS, ...MAJORITY }, { isInstant: false }),
  },
  {
    name: "majority-start",
    about: "a cold start of three, and of two while the third is off: links, restarts, power",
    bounds: "two events; epochs above 6 are not followed",
    events: 2,
    set: "default",
    make: crew(
      { ...REAL_CREW, restarts: AGENTS },
      { agent: "real", starts: ["cold", "cold-one-off"], counterMax: 6 },
    ),
  },
  {
    name: "majority-orders",
    about: "the real agents: leave, return, move, each with links, loss of power and restarts",
    bounds: "three events",
    events: 3,
    set: "default",
    make: crew({ ...REAL_CREW, restarts: AGENTS, orders: TOLD }, { agent: "real" }),
  },
  {
    name: "majority-orders-late",
    about: "the real agents, beats that take a round: moves that overtake each other, with links",
    bounds: "three events",
    events: 3,
    set: "default",
    make: crew(
      { links: ["two-way", "isolate", "heal-all"], orders: ["move"] },
      { agent: "real", isInstant: false },
    ),
  },
  {
    name: "majority-orders-heals",
    about: "the same with a cluster shutdown, and from every state all is healed",
    bounds: "two events",
    events: 2,
    set: "default",
    make: crew(
      { ...REAL_CREW, restarts: AGENTS, orders: [...TOLD, "shutdown", "stop", "start"] },
      { agent: "real", heals: true },
    ),
  },
];

const TEXTS = { texts: ["prepare", "install", "drop"] } as const;
const HELD = ["prepared", "half-prepared"] as const;

const CREW_TEXT_WORLDS: readonly SmallWorld[] = [
  {
    name: "majority-texts",
    about:
      "a new configuration, held by all or all but one: prepare, install, drop, a server cut off, " +
      "a pause, a restart",
    bounds: "three events; the times stay; beats take no time",
    events: 3,
    set: "default",
    make: crew({ links: ["isolate", "heal-all"], ...MAJORITY, ...TEXTS }, { starts: HELD }),
  },
  {
    name: "majority-texts-late",
    about: "the same with all links and power, and beats that take a round",
    bounds: "two events",
    events: 2,
    set: "default",
    make: crew(
      { links: LINKS, ...MAJORITY, ...TEXTS, power: POWER },
      { starts: HELD, isInstant: false },
    ),
  },
  {
    name: "majority-texts-heals",
    about: "all of it, and from every state all is healed and must come to rest by one text",
    bounds: "two events",
    events: 2,
    set: "default",
    make: crew(
      { links: LINKS, ...MAJORITY, ...TEXTS, power: POWER },
      { starts: HELD, heals: true },
    ),
  },
];

const PEACEFUL_TEXTS: SmallWorld = {
  name: "majority-texts-peace",
  about: "nothing but a new configuration, prepared, installed and dropped in every order",
  bounds: "six events; nobody may end, and by one text they come to rest",
  events: 6,
  set: "default",
  make: crew(TEXTS, {
    starts: ["settled", ...HELD],
    isPeaceful: true,
    isInstant: false,
    heals: true,
  }),
};

/** Worlds of few events, for rules that other rules cover nearly everywhere. */
const NARROW_WORLDS: readonly SmallWorld[] = [
  {
    name: "rivals",
    about: "five servers, the last owns: it loses power, and the candidate is late with its view",
    bounds: "three given events in any order at any time; beats take a round",
    events: 3,
    set: "default",
    make: crew(
      {
        links: ["isolate"],
        pauses: [14],
        power: ["off"],
        only: ["power off 4", "pause for 14 rounds 0", "isolate 0"],
      },
      { servers: 5, starts: ["last-owns"], isInstant: false },
    ),
  },
];

const PAIR_WORLDS: readonly SmallWorld[] = [
  {
    name: "claim",
    about: "COM + disk, all four forms of ownership: cuts, slow and hung disks, a pause, a restart",
    bounds: "two events; beats and disk operations take a round or four",
    events: 2,
    set: "default",
    make: pair({ ...CLAIM, restarts: ANEW }),
  },
  {
    name: "claim-heals",
    about: "the same, and from every state all is healed and must come to rest as one view",
    bounds: "one event",
    events: 1,
    set: "default",
    make: pair({ ...CLAIM, restarts: ANEW }, { heals: true }),
  },
  {
    name: "claim-late",
    about: "no watchdog, and who owns cannot claim and is late by P: one-way cuts, a hung disk",
    bounds: "three events; one pause of one round",
    events: 3,
    set: "default",
    make: pair(
      {
        cuts: ["LAN and COM", "LAN and COM 0>1", "LAN and COM 1>0"],
        disks: ["hung"],
        pauses: [1],
      },
      { forms: ["both", "0", "1"], watchdog: false },
    ),
  },
  {
    name: "claim-lossy",
    about: "all four forms: any LAN beat of either direction may be lost in any round",
    bounds: `${MODEL_TIMES}; COM and disk work; no pause`,
    events: 0,
    set: "default",
    make: pair({}, LOSSY),
  },
  {
    name: "claim-lossy-disk",
    about: "the same, and any answer of a disk may tarry, in any round or for ever",
    bounds: `${MODEL_TIMES}; COM works; no pause`,
    events: 0,
    set: "deep",
    make: pair({}, { ...LOSSY, free: ["lan", "disk"] }),
  },
  {
    name: "claim-lossy-com",
    about: "all four forms: any beat of LAN and COM may be lost in any round",
    bounds: `${MODEL_TIMES}; the disk works; no pause`,
    events: 0,
    set: "deep",
    make: pair({}, { ...LOSSY, free: ["lan", "com"] }),
  },
  ...(["com-disk", "disk", "com", "none"] as const).map(
    (method): SmallWorld => ({
      name: `start-${method}`,
      about: `start by ${method}: both cold, one cold, one outside; cuts, restarts, power`,
      bounds: method === "com-disk" ? "two events" : "one event; every state is healed as well",
      events: method === "com-disk" ? 2 : 1,
      set: "default",
      make: pair(
        { cuts: CUTS, restarts: ANEW, power: POWER },
        {
          ...REAL,
          method,
          starts: STARTS,
          heals: method !== "com-disk",
          isBound: method === "com-disk" || method === "disk",
        },
      ),
    }),
  ),
  {
    name: "orders",
    about:
      "COM + disk, the real agents: leave, return, move, with cuts, loss of power and restarts",
    bounds: "two events",
    events: 2,
    set: "default",
    make: pair({ cuts: CUTS, restarts: ANEW, power: POWER, orders: TOLD }, REAL),
  },
  {
    name: "orders-late",
    about:
      "the real agents without a watchdog: moves while everything is cut in one direction or both",
    bounds: "three events; one pause",
    events: 3,
    set: "default",
    make: pair(
      {
        cuts: ["LAN and COM", "LAN and COM 0>1", "LAN and COM 1>0"],
        pauses: [1, 12],
        orders: ["move"],
      },
      REAL,
    ),
  },
  {
    name: "orders-heals",
    about: "the same with a cluster shutdown, and from every state all is healed",
    bounds: "one event",
    events: 1,
    set: "default",
    make: pair(
      { cuts: CUTS, restarts: ANEW, power: POWER, orders: [...TOLD, "shutdown"] },
      { ...REAL, heals: true },
    ),
  },
  {
    name: "texts-longer",
    about: "a new configuration in two phases, T 15 to 20 rounds: install, drop, cuts, restart",
    bounds: "three events; the coordinator owns; both hold the text at the beginning",
    events: 3,
    set: "default",
    make: pair(TEXT_MENU, { forms: ["0"], starts: ["prepared"] }),
  },
  {
    name: "texts-shorter",
    about: "the same from 20 to 15 rounds",
    bounds: "three events; the other one owns; both hold the text at the beginning",
    events: 3,
    set: "default",
    make: pair(TEXT_MENU, {
      forms: ["1"],
      starts: ["prepared"],
      timeoutMs: 2000,
      nextTimeoutMs: 1500,
    }),
  },
  {
    name: "texts-heals",
    about: "the same with everything cut at once, and from every state all is healed",
    bounds: "three events",
    events: 3,
    set: "default",
    make: pair(
      { cuts: ["LAN", "LAN and COM"], texts: ["prepare", "install"], restarts: ["remembers"] },
      { forms: ["0"], heals: true },
    ),
  },
];

export const WORLDS: readonly SmallWorld[] = [
  ...CREW_WORLDS,
  ...CREW_TEXT_WORLDS,
  PEACEFUL_TEXTS,
  ...NARROW_WORLDS,
  ...PAIR_WORLDS,
];

export const worldNamed = (name: string): SmallWorld | null =>
  WORLDS.find((world) => world.name === name) ?? null;
