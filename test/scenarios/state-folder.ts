/**
 * A state folder that takes no more writes, for a user without rights: the store's draft is a link to
 * a place that answers as such a folder would. It meets the same calls in the same order, and every
 * refusal comes from the kernel. The lab has a real full disk; the program cannot tell them apart.
 * Source: issue 2 Behaviour ("full state folder"); null(4), sysfs(5); flash/store/store.ts.
 */
import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type { FolderCondition } from "./command-grammar.ts";

/** The name under which the store writes before it replaces a copy. */
const DRAFT = "state-new.tmp";
/** The same of the cluster's keys. */
const KEYS_DRAFT = "keys.new";

/** Where a draft that is opened for writing leads. */
const LEADS_TO: Readonly<Record<Exclude<FolderCondition, "normal">, string>> = {
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
    if (condition !== "normal") symlinkSync(LEADS_TO[condition], draft);
  }
}
