/**
 * Ends this server's life in the cluster on flash, after the sweep has proved that nothing of a group is
 * left: the next start within the same boot is judged as one after a boot. Otherwise it would be a restart
 * of agent and pulse, which goes on in the old view, joins by itself after an orderly leave, and does not
 * believe the clean mark of a cluster shutdown.
 * Source: D18; README "On two real servers" (a stopped server comes back detached); firmware/agent/boot.ts.
 */
import { type FileDone, folderFiles } from "../../flash/store/files.ts";
import { openStore } from "../../flash/store/store.ts";
import { hostIncarnation } from "../../hal/base/ids.ts";

/** No boot has it: a start after this one is in another life, whichever boot it is in. */
const ENDED = hostIncarnation("0000000000000000");

/** A folder without a readable record has no life to end. */
export async function endLife(stateDir: string): Promise<FileDone> {
  const { loaded, store } = await openStore(folderFiles(stateDir));
  if (loaded.kind === "failed") return loaded;
  if (loaded.kind === "defaults") return { kind: "done" };
  const { record } = loaded;
  const ended = { members: [], provisional: false, consumedBy: null };
  return store.save({ ...record, ...ended, hostIncarnation: ENDED });
}
