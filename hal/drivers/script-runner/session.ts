/**
 * Finds what a script has left in its session after both the script and its small parent have ended:
 * a daemon that kept the session but cleared its environment. Needed only where there is no cgroup.
 * Intuition: while a member of the session lives, the kernel gives its number to nobody else, so the
 * number still means this script unless a process of another age bears it.
 * Source: setsid(2), credentials(7); protocol.md P2.
 */
import { listProcesses, type ProcessIdentity, readProcess } from "../process-tree/process-tree.ts";

/** `leader`: recorded parent of a run of this boot. Members that live, without the caller. */
export function membersOfSession(leader: ProcessIdentity): readonly ProcessIdentity[] {
  const bearer = readProcess(leader.pid);
  if (bearer !== null && bearer.startTicks !== leader.startTicks) return [];
  return listProcesses().filter(
    ({ sessionId, startTicks }) => sessionId === leader.pid && startTicks >= leader.startTicks,
  );
}
