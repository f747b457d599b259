/**
 * A state folder that takes no more writes, for a user without rights: the store's draft is a link to
 * a place that answers as such a folder would. It meets the same calls in the same order, and every
 * refusal comes from the kernel. Or one whose record is lost: both copies hold garbage until the next save. The lab has a real full disk; the program cannot tell them apart.
 * Source: issue 2 Behaviour ("full state folder"); null(4), sysfs(5); flash/store/store.ts.
 */
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { FolderCondition } from "./command-grammar.ts";

/** The name under which the store writes before it replaces a copy. */
const DRAFT = "state-new.tmp";
/** The same of the cluster's keys. */
const KEYS_DRAFT = "keys.new";

const COPIES = ["state-a.bin", "state-b.bin"];
const GARBAGE = Buffer.alloc(600, 0xa5);

/** Where a draft that is opened for writing leads. */
const LEADS_TO: Readonly<Record<Exclude<FolderCondition, "normal" | "damaged">, string>> = {
  // Opens, and every write fails with ENOSPC.
  full: "/dev/full",
  // Nobody may create a file here, not even root: EACCES, or EROFS where sysfs is read-only.
  "read-only": "/sys/kernel/kage-no-such-file",
};

export function setStateFolder(stateDir: string, condition: FolderCondition): void {
  const keys = join(stateDir, "keys");
  mkdirSync(keys, { recursive: true, mode: 0o700 });
  for (const draft of [join(stateDir, DRAFT), join(keys, KEYS_DRAFT)]) {
    rmSync(draft, { force: true });
    if (condition !== "normal" && condition !== "damaged") symlinkSync(LEADS_TO[condition], draft);
  }
  if (condition !== "damaged") return;
  for (const copy of COPIES) writeFileSync(join(stateDir, copy), GARBAGE, { mode: 0o600 });
}
