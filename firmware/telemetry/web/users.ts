/**
 * The accounts: read at start and whenever the file has changed under us, written with the power-cut-safe
 * sequence (temporary file, fsync, rename, fsync of the folder), one change at a time. Intuition: no file
 * means the first user is still to be made; a file that cannot be used means nobody gets in and nobody may
 * make a first user, because somebody may have spoilt it for just that. Source: issue 3 item 7.
 */
import { stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { type FileDone, folderFiles } from "../../../flash/store/files.ts";
import { parseUsers, USERS_FILE_BYTES_MAX, type User, writeUsers } from "./users-file.ts";
import { withUsersLock } from "./users-lock.ts";

export type UsersState =
  | { readonly kind: "none" }
  | { readonly kind: "users"; readonly users: ReadonlyMap<string, User> }
  | { readonly kind: "damaged"; readonly reason: string };

export interface UserStore {
  readonly state: UsersState;
  /** Looks whether the file has changed and reads it if so. */
  refresh(): Promise<UsersState>;
  /**
   * One change: `decide` sees the present state and returns the new list, or a refusal of its own.
   * Changes run one after another, each on what the one before has left, also those of other processes.
   */
  change<R>(decide: (state: UsersState) => Change<R>): Promise<Change<R> | FileDone>;
}

export type Change<R> =
  | { readonly kind: "save"; readonly users: ReadonlyMap<string, User> }
  | { readonly kind: "refuse"; readonly why: R };

/** Bits of a mode that let group or others write. */
const FOREIGN_WRITE = 0o022;

/** `file`: absolute path; its folder must exist. Never rejects because of the file. */
export async function openUserStore(file: string): Promise<UserStore> {
  const files = folderFiles(dirname(file));
  const name = basename(file);
  let state: UsersState = { kind: "none" };
  let seen = "";
  let queue: Promise<unknown> = Promise.resolve();

  async function read(): Promise<UsersState> {
    const mark = await markOf(file);
    if (mark.kind === "mark" && mark.text === seen) return state;
    if (mark.kind === "unsafe") state = { kind: "damaged", reason: mark.reason };
    else state = await load();
    seen = mark.kind === "mark" ? mark.text : "";
    return state;
  }

  async function load(): Promise<UsersState> {
    const found = await files.read(name, USERS_FILE_BYTES_MAX);
    if (found.kind === "absent") return { kind: "none" };
    // Browsers are told as well, and where the file lies is not their business.
    if (found.kind === "failed") {
      return { kind: "damaged", reason: found.text.replaceAll(file, name) };
    }
    const parsed = parseUsers(found.bytes);
    if (parsed.kind === "users") return parsed;
    return { kind: "damaged", reason: `${name}: ${parsed.reason}` };
  }

  async function save(users: ReadonlyMap<string, User>): Promise<FileDone> {
    const steps = [
      () => files.write(`${name}.new`, writeUsers(users)),
      () => files.rename(`${name}.new`, name),
      () => files.syncFolder(),
    ];
    for (const step of steps) {
      const done = await step();
      if (done.kind === "failed") return done;
    }
    return { kind: "done" };
  }

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = queue.then(work);
    queue = result.then(
      () => undefined,
      (fault: unknown) => fault,
    );
    return result;
  }

  await read();
  return {
    get state() {
      return state;
    },
    refresh: () => inTurn(read),
    change: (decide) =>
      inTurn(() =>
        withUsersLock(file, async () => {
          const change = decide(await read());
          if (change.kind === "refuse") return change;
          const done = await save(change.users);
          seen = "";
          await read();
          return done.kind === "failed" ? done : change;
        }),
      ),
  };
}

type Mark =
  | { readonly kind: "mark"; readonly text: string }
  | { readonly kind: "unsafe"; readonly reason: string };

/** What changes when the file is replaced or written; a file others may write is nobody's word. */
async function markOf(file: string): Promise<Mark> {
  const name = basename(file);
  try {
    const { ino, size, mtimeMs, ctimeMs, mode, uid } = await stat(file);
    if ((mode & FOREIGN_WRITE) !== 0) {
      const shown = (mode & 0o777).toString(8);
      const reason = `${name} has mode ${shown}, others may write it; check it, then: chmod 600`;
      return { kind: "unsafe", reason };
    }
    if (uid !== 0 && uid !== process.geteuid?.()) {
      const reason = `${name} belongs to user ${uid}; check it, then chown it to this service`;
      return { kind: "unsafe", reason };
    }
    return { kind: "mark", text: [ino, size, mtimeMs, ctimeMs].join(" ") };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === "ENOENT"
      ? { kind: "mark", text: "none" }
      : { kind: "unsafe", reason: message.replaceAll(file, name) };
  }
}
