/**
 * Boxes in the state folder: saved whole or not at all, the newest few, told once, and never with the last
 * space; and what opens and collects them in a process.
 */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  boxName,
  listBoxes,
  readRings,
  removeRing,
  ringFolder,
  roleOfBox,
  SAVED_BYTES_MAX,
  saveRing,
  settleDrafts,
  startOfBox,
  takeNewBoxes,
} from "../../../firmware/replay/boxes.ts";
import { drawJournal, IDENTITY } from "./recordings.ts";

interface Folders {
  runDir: string;
  stateDir: string;
}
const boxes = suite<Folders>("boxes", { runDir: "", stateDir: "" });
boxes.before.each((context) => {
  const folder = mkdtempSync(join(tmpdir(), "kage-boxes-"));
  context.runDir = join(folder, "run");
  context.stateDir = join(folder, "state");
  mkdirSync(ringFolder(context.runDir), { recursive: true });
  mkdirSync(context.stateDir);
});
boxes.after.each(({ runDir }) => rmSync(join(runDir, ".."), { recursive: true, force: true }));

const START_MS = Date.UTC(2026, 10, 23, 4, 46, 48, 398);
const WILL =
  '[1,"t",5,"N",0,{"kind":"will.execute","reason":"partition","evidence":"","off":true}]';
const DAILY = '[1,"t",5]';

function putRing({ runDir }: Folders, name: string, items: readonly string[], more = 0): void {
  const head = { segment: 0, ...IDENTITY, filler: "x".repeat(more) };
  writeFileSync(join(ringFolder(runDir), `${name}.seg`), drawJournal(head, items));
}

async function saveAll({ runDir, stateDir }: Folders): Promise<string[]> {
  const kinds: string[] = [];
  for (const ring of await readRings(runDir)) {
    const saved = await saveRing(runDir, stateDir, ring);
    kinds.push(saved.kind);
    await removeRing(runDir, ring);
  }
  return kinds;
}

boxes(
  "a ring is saved under the start of its process, and its end is in the name",
  async (folders) => {
    putRing(folders, `pulse-${START_MS}-77-0`, [WILL]);
    putRing(folders, `agent-${START_MS + 1}-78-0`, [DAILY]);
    assert.equal(await saveAll(folders), ["saved", "saved"]);
    const names = await listBoxes(folders.stateDir);
    assert.equal(names, [
      "blackbox-20261123T044648398Z-pulse-emergency.kgj",
      "blackbox-20261123T044648399Z-agent.kgj",
    ]);
    assert.is(startOfBox(names[0] ?? ""), START_MS);
    assert.equal(names.map(roleOfBox), ["pulse", "agent"]);
    assert.is(statSync(join(folders.stateDir, names[0] ?? "")).mode & 0o777, 0o600);
    assert.equal(await readRings(folders.runDir), []);
  },
);

boxes(
  "saved again with more in it a box takes the place of the first, with less it does not",
  async (folders) => {
    const name = `pulse-${START_MS}-77-0`;
    putRing(folders, name, [DAILY]);
    assert.equal(await saveAll(folders), ["saved"]);
    putRing(folders, name, [DAILY, '[2,"t",6]']);
    assert.equal(await saveAll(folders), ["saved"]);
    putRing(folders, name, [DAILY]);
    assert.equal(await saveAll(folders), ["nothing"]);
    const [box = ""] = await listBoxes(folders.stateDir);
    assert.ok(readFileSync(join(folders.stateDir, box)).includes('[2,"t",6]'));
  },
);

boxes("an empty ring leaves no box", async (folders) => {
  writeFileSync(join(ringFolder(folders.runDir), `pulse-${START_MS}-77-0.seg`), "KAGE");
  assert.equal(await saveAll(folders), ["nothing"]);
  assert.equal(readdirSync(folders.stateDir), []);
});

boxes("the newest four emergencies and eight others stay", async (folders) => {
  for (let at = 0; at < 20; at += 1) {
    putRing(folders, `pulse-${START_MS + at * 1000}-77-0`, [at < 10 ? WILL : DAILY]);
    await saveAll(folders);
  }
  const names = await listBoxes(folders.stateDir);
  const seconds = names.map((name) => (startOfBox(name) - START_MS) / 1000);
  assert.equal(seconds, [6, 7, 8, 9, 12, 13, 14, 15, 16, 17, 18, 19]);
});

boxes(
  "all boxes together stay below their bound, the others going before the emergencies",
  async (folders) => {
    for (let at = 0; at < 8; at += 1) {
      const items = [at === 0 ? WILL : DAILY];
      putRing(folders, `pulse-${START_MS + at * 1000}-77-0`, items, 3_900_000);
      await saveAll(folders);
    }
    const names = await listBoxes(folders.stateDir);
    const total = names.reduce((sum, name) => sum + statSync(join(folders.stateDir, name)).size, 0);
    assert.ok(total <= SAVED_BYTES_MAX, `${total}`);
    assert.ok(names[0]?.includes("-emergency"));
    assert.is(startOfBox(names.at(-1) ?? ""), START_MS + 7000);
  },
);

boxes("a box is told once, and one saved anew is told again", async (folders) => {
  putRing(folders, `pulse-${START_MS}-77-0`, [DAILY]);
  await saveAll(folders);
  const file = join(folders.stateDir, "blackbox-20261123T044648398Z-pulse.kgj");
  assert.equal(await takeNewBoxes(folders.stateDir), [file]);
  assert.equal(await takeNewBoxes(folders.stateDir), []);
  putRing(folders, `pulse-${START_MS}-77-0`, [DAILY, '[2,"t",6]']);
  assert.equal(await saveAll(folders), ["saved"]);
  assert.equal(await takeNewBoxes(folders.stateDir), [file]);
});

boxes("half a box of a power cut becomes one unless the whole one is there", async (folders) => {
  const { stateDir } = folders;
  const name = boxName({ role: "pulse", startMs: START_MS, pid: 1, files: [] }, "-emergency");
  writeFileSync(join(stateDir, `${name}.new`), "half");
  writeFileSync(join(stateDir, "cluster.jsonc.new"), "not ours");
  await settleDrafts(stateDir);
  assert.equal(await listBoxes(stateDir), [name]);
  writeFileSync(join(stateDir, `${name}.new`), "another half");
  await settleDrafts(stateDir);
  assert.is(readFileSync(join(stateDir, name), "utf8"), "half");
  assert.equal(readdirSync(stateDir).sort(), [name, "cluster.jsonc.new"].sort());
});

boxes(
  "a state folder that is gone is the caller's trouble and leaves the ring",
  async (folders) => {
    putRing(folders, `pulse-${START_MS}-77-0`, [DAILY]);
    rmSync(folders.stateDir, { recursive: true });
    let code = "";
    try {
      await saveAll(folders);
    } catch (error) {
      code = (error as NodeJS.ErrnoException).code ?? "";
    }
    assert.is(code, "ENOENT");
    assert.is((await readRings(folders.runDir)).length, 1);
  },
);

boxes.run();
