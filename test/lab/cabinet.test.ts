/**
 * The lab's own proof, without any cluster software: wires carry and can be cut, power and freeze
 * do what they say, two labs do not see each other, and nothing stays behind - not even after the
 * lab itself was killed.
 */
import { spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { untilWithin } from "../deadline.ts";
import { type Cabinet, macOf, openCabinet } from "./cabinet.ts";
import { finish, gone, readProc, run } from "./command.ts";
import { cleanup, processesOfLab } from "./leftovers.ts";
import { inside, processesOf, stateOf } from "./server.ts";

const SERVERS = ["SERVER1", "SERVER2"] as const;

async function withCabinet(story: (cabinet: Cabinet) => Promise<void>): Promise<void> {
  const cabinet = await openCabinet({ servers: SERVERS });
  try {
    await story(cabinet);
  } finally {
    await cabinet.close();
  }
}

/** A boot script that answers every datagram at port 9000 with the server's name. */
function echo(cabinet: Cabinet): string {
  const path = join(cabinet.folder, "echo.sh");
  writeFileSync(path, "exec socat UDP-RECVFROM:9000,fork EXEC:hostname\n");
  return path;
}

/** Asks an address from a server or from the client until it answers; "" = silent to the end. */
async function ask(
  cabinet: Cabinet,
  from: string,
  address: string,
  wanted: boolean,
): Promise<string> {
  const enter = from === "client" ? cabinet.client.enter : cabinet.bay(from).life?.enter;
  const question = ["socat", "-T0.3", "-", `UDP:${address}:9000`];
  // A service that has just been started may need a second question; a cut wire is asked once.
  for (let round = 0; ; round += 1) {
    const answer = await finish([...(enter ?? []), ...question], { input: "who\n" });
    if (answer.stdout !== "" || !wanted || round === 9) return answer.stdout.trim();
  }
}

const hears = (cabinet: Cabinet, from: string, address: string): Promise<string> =>
  ask(cabinet, from, address, true);
const missed = (cabinet: Cabinet, from: string, address: string): Promise<string> =>
  ask(cabinet, from, address, false);

/** 9100 as /proc/net/udp shows the end of an address. */
const EAR_PORT_HEX = ":238C ";

/**
 * A datagram from one server to the other's port 9100 on the public segment, MACs known
 * beforehand.
 */
async function sends(cabinet: Cabinet, from: string, word: string): Promise<boolean> {
  const [one, two] = cabinet.bays;
  const [sender, receiver] = from === one.name ? [one, two] : [two, one];
  assert.ok(sender.life !== null && receiver.life !== null);
  if (sender.life === null || receiver.life === null) return false;
  const address = `10.77.2.${receiver.number}`;
  const neighbour = ["ip", "neigh", "replace", address, "lladdr", macOf(receiver, "public")];
  await inside(sender.life, [...neighbour, "dev", "pub0"]);
  const ear = inside(receiver.life, ["timeout", "1", "socat", "-u", "UDP-RECV:9100", "STDOUT"]);
  const repeat = `for i in 1 2 3 4 5 6; do printf ${word} | socat -u - UDP:${address}:9100; done`;
  const sockets = `/proc/${receiver.life.initPid}/net/udp`;
  await untilWithin("the ear is open", 1_000, () => readProc(sockets)?.includes(EAR_PORT_HEX));
  await inside(sender.life, ["bash", "-c", repeat]);
  return (await ear).stdout.includes(word);
}

const bothOn = (cabinet: Cabinet): Promise<unknown> =>
  Promise.all(SERVERS.map((server) => cabinet.powerOn(server, echo(cabinet))));

test("both segments carry; a cut port does not, a restored one does again", async () => {
  await withCabinet(async (cabinet) => {
    await bothOn(cabinet);
    assert.is(await hears(cabinet, "SERVER1", "10.77.1.2"), "SERVER2");
    assert.is(await hears(cabinet, "SERVER1", "10.77.2.2"), "SERVER2");
    assert.is(await hears(cabinet, "client", "10.77.2.1"), "SERVER1");
    const port = { wire: "segment", segment: "private", server: "SERVER2" } as const;
    await cabinet.rewire([{ ...port, cut: true }]);
    assert.is(await missed(cabinet, "SERVER1", "10.77.1.2"), "");
    assert.is(await hears(cabinet, "SERVER1", "10.77.2.2"), "SERVER2");
    await cabinet.rewire([{ ...port, cut: false }]);
    assert.is(await hears(cabinet, "SERVER1", "10.77.1.2"), "SERVER2");
  });
});

test("a one-way cut loses one direction, outlives a power cycle, spares the client", async () => {
  await withCabinet(async (cabinet) => {
    await bothOn(cabinet);
    const way = { wire: "between", segment: "public", from: "SERVER2", to: "SERVER1" } as const;
    const arrived = (server: string, word: string): Promise<boolean> =>
      sends(cabinet, server, word);
    assert.ok(await arrived("SERVER2", "before"));
    await cabinet.rewire([{ ...way, cut: true }]);
    assert.not.ok(await arrived("SERVER2", "lost"));
    assert.ok(await arrived("SERVER1", "other-way"));
    assert.is(await hears(cabinet, "client", "10.77.2.1"), "SERVER1");
    await cabinet.powerOff("SERVER2");
    await cabinet.powerOn("SERVER2", echo(cabinet));
    assert.not.ok(await arrived("SERVER2", "still-lost"));
    await cabinet.rewire([{ ...way, cut: false }]);
    assert.ok(await arrived("SERVER2", "after"));
  });
});

test("a pulled plug stays out over a power cycle; a new life is a new incarnation", async () => {
  await withCabinet(async (cabinet) => {
    await bothOn(cabinet);
    const first = cabinet.bay("SERVER1").life;
    await cabinet.rewire([{ wire: "segment", segment: "public", server: "SERVER1", cut: true }]);
    await cabinet.powerOff("SERVER1");
    assert.is(cabinet.bay("SERVER1").life, null);
    const second = await cabinet.powerOn("SERVER1", echo(cabinet));
    assert.is.not(second.incarnation, first?.incarnation);
    assert.is(await missed(cabinet, "client", "10.77.2.1"), "");
    assert.is(await hears(cabinet, "SERVER2", "10.77.1.1"), "SERVER1");
  });
});

test("power off from outside kills everything, also what left its session", async () => {
  await withCabinet(async (cabinet) => {
    const life = await cabinet.powerOn("SERVER1", echo(cabinet));
    await inside(life, ["bash", "-c", "setsid sleep 1000 </dev/null >/dev/null 2>&1 &"]);
    assert.ok(processesOf(life).length >= 3);
    await cabinet.powerOff("SERVER1");
    assert.equal(processesOf(life), []);
    assert.equal(
      cabinet.events.map(({ kind, on, reason }) => `${kind} ${on} ${reason}`),
      ["power true power on", "power false power cut"],
    );
  });
});

test("OS off: the power button ends the whole server and darkens its ports", async () => {
  await withCabinet(async (cabinet) => {
    await bothOn(cabinet);
    const { life } = cabinet.bay("SERVER1");
    assert.ok(life !== null);
    if (life === null) return;
    await inside(life, ["sh", "-c", "echo off >/run/kage-power"]);
    await life.ended;
    await untilWithin("the bay noticed", 2_000, () =>
      cabinet.bay("SERVER1").life === null ? 1 : null,
    );
    assert.equal(processesOf(life), []);
    assert.is(await missed(cabinet, "client", "10.77.2.1"), "");
    assert.is(cabinet.events.at(-1)?.reason, "switched itself off");
  });
});

test("freeze stops every process of one server and no other; thaw lets them go on", async () => {
  await withCabinet(async (cabinet) => {
    await bothOn(cabinet);
    assert.is(await hears(cabinet, "client", "10.77.2.1"), "SERVER1");
    await cabinet.freeze("SERVER1");
    const { life } = cabinet.bay("SERVER1");
    assert.ok(life !== null && processesOf(life).every((pid) => stateOf(pid) === "T"));
    assert.is(await missed(cabinet, "client", "10.77.2.1"), "");
    assert.is(await hears(cabinet, "client", "10.77.2.2"), "SERVER2");
    cabinet.thaw("SERVER1");
    assert.is(await hears(cabinet, "client", "10.77.2.1"), "SERVER1");
  });
});

test("the COM cable joins two terminals; a cut direction loses its bytes", async () => {
  await withCabinet(async (cabinet) => {
    const { cable } = cabinet;
    assert.ok(cable !== null);
    if (cable === null) return;
    const [one, two] = cable.devices;
    const read = (device: string): Promise<string> =>
      run(["timeout", "5", "head", "-c", "3", device]);
    const heard = read(two);
    await run(["bash", "-c", 'printf abc >"$0"', one]);
    assert.is(await heard, "abc");
    cable.setCut(1, true);
    await run(["bash", "-c", 'printf lost >"$0"', two]);
    const after = read(one);
    cable.inject(0, Buffer.from("xyz"));
    assert.is(await after, "xyz");
  });
});

test("the array is a block device with direct access for each server, over the same bytes", async () => {
  await withCabinet(async (cabinet) => {
    await bothOn(cabinet);
    const { array } = cabinet;
    const [one, two] = cabinet.bays;
    assert.ok(array !== null && one.life !== null && two.life !== null);
    if (array === null || one.life === null || two.life === null) return;
    const write = `printf KAGE | dd of=${array.devices[0]} bs=4096 seek=1 conv=sync oflag=direct`;
    assert.is((await inside(one.life, ["sh", "-c", write])).exit, 0);
    const read = `dd if=${array.devices[1]} bs=4096 skip=1 count=1 iflag=direct | head -c 4`;
    assert.is((await inside(two.life, ["sh", "-c", read])).stdout, "KAGE");
    assert.is(array.read(4096, 4).toString(), "KAGE");
  });
});

test("two labs side by side use the same addresses and do not meet", async () => {
  await withCabinet(async (left) => {
    await withCabinet(async (right) => {
      await left.powerOn("SERVER1", echo(left));
      await right.powerOn("SERVER2", echo(right));
      assert.is(await hears(left, "client", "10.77.2.1"), "SERVER1");
      assert.is(await missed(left, "client", "10.77.2.2"), "");
      assert.is(await hears(right, "client", "10.77.2.2"), "SERVER2");
      assert.is.not(left.array?.devices[0], right.array?.devices[0]);
    });
  });
});

test("after close no process, folder or loop device of the lab is left", async () => {
  let id = "";
  let folder = "";
  await withCabinet(async (cabinet) => {
    ({ id, folder } = cabinet);
    await bothOn(cabinet);
    await cabinet.freeze("SERVER2");
    assert.ok(processesOfLab(id).length > 0);
  });
  assert.equal(processesOfLab(id), []);
  assert.not.ok(existsSync(folder));
  assert.not.match(await run(["losetup", "--list"]), id);
});

test("what a killed lab leaves is removed by the next cleanup, and nothing else", async () => {
  await withCabinet(async (bystander) => {
    await bystander.powerOn("SERVER1", echo(bystander));
    const module = fileURLToPath(new URL("./cabinet.js", import.meta.url));
    const program = `
      const { openCabinet } = await import(${JSON.stringify(module)});
      const { writeFileSync } = await import("node:fs");
      const cabinet = await openCabinet({ servers: ["SERVER1", "SERVER2"] });
      writeFileSync(cabinet.folder + "/stay.sh", "sleep 1000\\n");
      await cabinet.powerOn("SERVER1", cabinet.folder + "/stay.sh");
      await cabinet.powerOn("SERVER2", cabinet.folder + "/stay.sh");
      await cabinet.freeze("SERVER2");
      console.log(cabinet.id);
      setInterval(() => {}, 1000);`;
    const victim = spawn(process.execPath, ["--input-type=module", "-e", program]);
    const id = await new Promise<string>((done) => {
      victim.stdout.once("data", (chunk: Buffer) => done(chunk.toString().trim()));
    });
    victim.kill("SIGKILL");
    await gone(victim);
    // What is not frozen ends by itself; the frozen server's parent waits for its child.
    const waits = (pid: number): boolean =>
      stateOf(pid) === "T" || readProc(`/proc/${pid}/comm`) === "unshare\n";
    await untilWithin("the unfrozen part ended by itself", 5_000, () =>
      processesOfLab(id).every(waits) ? 1 : null,
    );
    assert.ok(processesOfLab(id).length > 0);
    assert.equal(cleanup(), [id]);
    await untilWithin("everything of the killed lab gone", 5_000, () =>
      processesOfLab(id).length === 0 ? 1 : null,
    );
    assert.not.match(await run(["losetup", "--list"]), id);
    assert.is(await hears(bystander, "client", "10.77.2.1"), "SERVER1");
  });
});

test.run();
