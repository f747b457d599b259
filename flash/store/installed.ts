/**
 * Which text a process of this server starts by: read once, at its start, from the folder of revisions.
 * Intuition: within one boot of the system the installed revision rules, so that a process that is restarted
 * does not pick up a file that somebody is editing; after a boot the file rules, unless it merely lags behind.
 * Source: protocol.md 1.9; flash/store/revisions.ts.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { INDEX_NAMES, pickIndex, type RevisionIndex, textHash, textName } from "./revisions.ts";

export interface StartText {
  readonly text: string;
  /** Number of the revision; null = a text that no apply has put there. */
  readonly rev: number | null;
  /** It is not what the configuration file says. */
  readonly isFileOther: boolean;
}

/** Folder of the texts below a server's state folder. */
export const revisionsFolder = (stateDir: string): string => join(stateDir, "revisions");

/** `fileText` null = the configuration file cannot be read. null = there is no text at all. */
export function chooseStartText(
  stateDir: string,
  fileText: string | null,
  host: string,
): StartText | null {
  const folder = revisionsFolder(stateDir);
  const copies = { a: readBytes(folder, INDEX_NAMES.a), b: readBytes(folder, INDEX_NAMES.b) };
  const { index } = pickIndex(copies);
  const fileHash = fileText === null ? null : textHash(Buffer.from(fileText, "utf8"));
  if (index === null) return fromFile(fileText, null);
  if (fileHash === index.current.hash) return fromFile(fileText, index.current.rev);
  if (!rules(index, fileHash, host)) return fromFile(fileText, null);
  const bytes = readBytes(folder, textName(index.current.slot));
  if (bytes === null || textHash(bytes) !== index.current.hash) return fromFile(fileText, null);
  return { text: bytes.toString("utf8"), rev: index.current.rev, isFileOther: true };
}

/** Whether the revision on disk rules over a configuration file of another text; `fileHash` null = no file. */
export function rules(
  index: Pick<RevisionIndex, "host" | "isFileBehind" | "old">,
  fileHash: string | null,
  host: string,
): boolean {
  if (index.host === host || fileHash === null) return true;
  return index.isFileBehind && index.old.some(({ hash }) => hash === fileHash);
}

function fromFile(text: string | null, rev: number | null): StartText | null {
  return text === null ? null : { text, rev, isFileOther: false };
}

/** null = it cannot be read; without the folder's word the configuration file counts. */
function readBytes(folder: string, name: string): Buffer | null {
  try {
    return readFileSync(join(folder, name));
  } catch (error) {
    if (error instanceof Error && "code" in error) return null;
    throw error;
  }
}
