/**
 * The serial driver on real terminals: socat's pseudo-terminals joined by the lab's cable.
 * Needs socat, not root. A pseudo-terminal has no modem lines and no speed; the cable keeps the pace.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { encodeCobs } from "../../hal/base/cobs.ts";
import { createSerialComLink } from "../../hal/drivers/com-link-serial/driver.ts";
import type { ComLink, ComLinkState } from "../../hal/ports/com-link.ts";
import { untilWithin } from "../deadline.ts";
import { openCable, type SerialCable } from "./serial-cable.ts";

const BAUD = 38_400;
const DEADLINE_MS = 5000;

const links: ComLink[] = [];
const cables: SerialCable[] = [];
const folders: string[] = [];

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "kage-serial-"));
  folders.push(folder);
  return folder;
}

async function newCable(folder: string): Promise<SerialCable> {
  const cable = await openCable(folder, BAUD, {});
  cables.push(cable);
  return cable;
}

function watchLink(device: string) {
  const frames: number[][] = [];
  const states: ComLinkState[] = [];
  const link = createSerialComLink({
    device,
    baud: BAUD,
    reopenFirstMs: 20,
    onFrame: (frame) => frames.push([...frame]),
    onState: (state) => states.push(state),
  });
  links.push(link);
  const isOpen = () => (states.at(-1)?.kind === "open" ? true : null);
  return { link, frames, states, isOpen };
}

test.after.each(async () => {
  await Promise.all(links.splice(0).map((link) => link.close()));
  await Promise.all(cables.splice(0).map((cable) => cable.close()));
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

test("R5: frames cross a serial cable in both directions", async () => {
  const cable = await newCable(newFolder());
  const [a, b] = cable.devices.map(watchLink);
  assert.ok(a && b);
  await untilWithin("both ports open", DEADLINE_MS, () => a.isOpen() && b.isOpen());
  a.link.send(encodeCobs(Uint8Array.of(1, 0, 255, 17, 19, 10, 13, 3, 4)));
  b.link.send(encodeCobs(Uint8Array.of(2)));
  await untilWithin("a frame at each end", DEADLINE_MS, () =>
    a.frames.length === 1 && b.frames.length === 1 ? true : null,
  );
  assert.equal(b.frames, [[1, 0, 255, 17, 19, 10, 13, 3, 4]]);
  assert.equal(a.frames, [[2]]);
});

test("every byte value passes the line discipline unchanged", async () => {
  const cable = await newCable(newFolder());
  const [a, b] = cable.devices.map(watchLink);
  assert.ok(a && b);
  await untilWithin("both ports open", DEADLINE_MS, () => a.isOpen() && b.isOpen());
  const halves = [0, 128].map((first) => Array.from({ length: 128 }, (_, i) => first + i));
  for (const half of halves) {
    a.link.send(encodeCobs(Uint8Array.from(half)));
    const count = b.frames.length + 1;
    await untilWithin("the frame", DEADLINE_MS, () => (b.frames.length === count ? true : null));
  }
  assert.equal(b.frames, halves);
});

test("a port that a program holds already is told, and used once it is free", async () => {
  const cable = await newCable(newFolder());
  const first = watchLink(cable.devices[0]);
  await untilWithin("the port open", DEADLINE_MS, first.isOpen);
  const second = watchLink(cable.devices[0]);
  await untilWithin("a refusal", DEADLINE_MS, () => (second.states.length > 0 ? true : null));
  const [lost] = second.states;
  assert.ok(lost?.kind === "lost" && lost.reason === "open-failed");
  assert.match(lost.text, "Cannot lock port");
  await first.link.close();
  await untilWithin("the port open", DEADLINE_MS, second.isOpen);
});

test("an adapter that vanishes is told, and used again when it is back", async () => {
  const folder = newFolder();
  const cable = await newCable(folder);
  const a = watchLink(cable.devices[0]);
  await untilWithin("the port open", DEADLINE_MS, a.isOpen);
  await cable.close();
  cables.splice(0);
  await untilWithin("a hang-up", DEADLINE_MS, () => (a.states.length >= 3 ? true : null));
  assert.equal(
    a.states.map((state) => (state.kind === "open" ? "open" : state.reason)),
    ["open", "vanished", "open-failed"],
  );
  a.link.send(Uint8Array.of(0, 2, 1, 0));
  assert.is(a.link.counters.dropped, 1);
  for (const name of ["com1", "com2"]) rmSync(join(folder, name), { force: true });
  const again = await newCable(folder);
  const b = watchLink(again.devices[1]);
  await untilWithin("both ports open", DEADLINE_MS, () => a.isOpen() && b.isOpen());
  a.link.send(encodeCobs(Uint8Array.of(7)));
  await untilWithin("a frame", DEADLINE_MS, () => (b.frames.length === 1 ? true : null));
  assert.equal(b.frames, [[7]]);
});

test("a device that is not there is told with its name and tried again", async () => {
  const device = join(newFolder(), "ttyS9");
  const { link, states } = watchLink(device);
  await untilWithin("a refusal", DEADLINE_MS, () => (states.length > 0 ? true : null));
  const [lost] = states;
  assert.ok(lost?.kind === "lost" && lost.reason === "open-failed");
  assert.match(lost.text, `serial port ${device} cannot be opened`);
  link.send(Uint8Array.of(0, 2, 1, 0));
  assert.is(link.counters.dropped, 1);
});

test.run();
