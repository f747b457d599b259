/**
 * The variables that a script of a group finds: why it runs, whether the group's disk is connected,
 * whether this is the home server, and the group's name. The names are the guide's.
 * Intuition: the script of 2000 must run unchanged in logic; what is not one of ours it takes for
 * "not called by the cluster".
 * Source: guide 2.2.4; requirements R146-R153; D20; successor.md 2.2.
 */
import { unreachable } from "../../hal/base/assert.ts";
import type { ResourceConfig } from "../configuration/model.ts";

/**
 * START: normal start, also by a move; FAILOVER: the cluster re-placed the group by itself; RECOVER: this
 * server has returned, nothing is activated.
 */
export type ScriptEvent = "START" | "FAILOVER" | "RECOVER";

export interface ScriptSituation {
  readonly event: ScriptEvent;
  readonly group: string;
  /** This server is the first of the group's policy. */
  readonly isHome: boolean;
  /**
   * False = connecting a disk of the group failed; the script runs all the same (R151). A group without a
   * disk has none that failed: the guide's row gives FAILURE to a failed connection and to nothing else.
   */
  readonly isDiskConnected: boolean;
}

/**
 * True for a kind of resource that connects a disk of the group. None of this release does; a kind that is
 * added has to answer here, and its outcome then goes to the script.
 */
export function connectsDisk(kind: ResourceConfig["kind"]): boolean {
  switch (kind) {
    case "floating-ip":
    case "program":
    case "script":
      return false;
    default:
      return unreachable(kind);
  }
}

export function scriptEnvironment(situation: ScriptSituation): Readonly<Record<string, string>> {
  return {
    ARMS_EVENT: situation.event,
    ARMS_DISK: situation.isDiskConnected ? "SUCCESS" : "FAILURE",
    ARMS_SERVER: situation.isHome ? "HOME" : "OTHER",
    ARMS_GROUPNAME: situation.group,
  };
}
