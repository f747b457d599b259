/**
 * Where a fault may bend one simulated server: board, supervisor, sockets, flash and programs. Everything
 * is neutral until somebody changes it, and a neutral bend draws no random number.
 * Intuition: the levers on the back of the cabinet; the machine itself does not know that they exist.
 * Source: reliability.md 2.3; work order 4 item 5.
 */
import type { LoadedRecord } from "../../flash/store/store.ts";

export interface Bends {
  /** Factor on the watchdog's timeout W; 0 = the board never resets. Default 1. */
  watchdogShare: number;
  /** Added to every start of a resource, ms; Infinity = it never answers. Default 0. */
  startMs: number;
  /** Added to every stop of a resource, ms; Infinity = it never answers. Default 0. */
  stopMs: number;
  /** Starts, stops answer with an error. Default false. */
  startFails: boolean;
  stopFails: boolean;
  /** Added to the time that the last will takes, ms; Infinity = it never ends. Default 0. */
  giveUpMs: number;
  /** Added until the supervisor has a process back, ms; Infinity = it never has. Default 0. */
  restartMs: number;
  /** Added to every word on the sockets of this server, ms; Infinity = it is lost. Default 0. */
  ipcMs: number;
  /** Added to every wake of a process, ms: a host later than its configuration assumes. Default 0. */
  lateMs: number;
  /** Added until a record is on flash, ms; Infinity = the folder refuses it. Default 0. */
  saveMs: number;
  /** A save is answered as done and is not on flash. Default false. */
  savesLie: boolean;
  /** The off input works. Default true. */
  offWorks: boolean;
  /** Its validator takes no other configuration text. Default false. */
  refusesTexts: boolean;
  /** What the next agent reads from its state folder instead; null = what is there. */
  loads: ((loaded: LoadedRecord) => LoadedRecord) | null;
}

export const straight = (): Bends => ({
  watchdogShare: 1,
  startMs: 0,
  stopMs: 0,
  startFails: false,
  stopFails: false,
  giveUpMs: 0,
  restartMs: 0,
  ipcMs: 0,
  lateMs: 0,
  saveMs: 0,
  savesLie: false,
  offWorks: true,
  refusesTexts: false,
  loads: null,
});
