/** The public switch follows the last announcer and breaks what may no longer flow. */
import { connect, createServer, type Server, type Socket } from "node:net";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createRackAddresses } from "../../../hal/drivers/host-rack/switch.ts";
import type { AddressPort, ForeignClaim } from "../../../hal/ports/host.ts";
import { floatingHost, serverHost, switchPort } from "../../../hal/rack/plan.ts";
import { createPublicSwitch, type PublicSwitch } from "../../../hal/rack/public-switch.ts";
import { until } from "../../deadline.ts";
import { type HandCabinet, handCabinet, withBlock } from "./bench-rig.ts";

const PORT = 8080;
const TROUBLE = { onTrouble: (text: string): void => assert.unreachable(text) };

interface Rig {
  readonly cabinet: HandCabinet;
  readonly publicSwitch: PublicSwitch;
  readonly floating: string;
  readonly one: AddressPort;
  readonly two: AddressPort;
  readonly switchOne: string;
}

/** A service that says its name on every line it gets. */
function startService(host: string, name: string): Promise<Server> {
  const service = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.on("data", () => socket.write(`${name}\n`));
  });
  return new Promise((resolve) => service.listen(PORT, host, () => resolve(service)));
}

async function withSwitch(act: (rig: Rig) => Promise<void>): Promise<void> {
  await withBlock(async (block) => {
    const cabinet = handCabinet();
    const floating = floatingHost(block, 0);
    const rackHost = `${block}.254`;
    const servers = ["ONE", "TWO"].map((name, index) => ({
      name,
      port: { host: rackHost, port: switchPort(index) },
      serviceHost: serverHost(block, index),
    }));
    const publicSwitch = await createPublicSwitch({
      servers,
      floating: [{ host: floating, port: PORT }],
      cabinet,
    });
    const services = [
      await startService(serverHost(block, 0), "ONE"),
      await startService(serverHost(block, 1), "TWO"),
    ];
    const [one, two] = [0, 1].map((index) =>
      createRackAddresses({ publicSwitch: `${rackHost}:${switchPort(index)}`, ...TROUBLE }),
    ) as [AddressPort, AddressPort];
    const switchOne = `${rackHost}:${switchPort(0)}`;
    try {
      await act({ cabinet, publicSwitch, floating, one, two, switchOne });
    } finally {
      one.close();
      two.close();
      await publicSwitch.close();
      for (const service of services) service.close();
    }
  });
}

interface Client {
  readonly socket: Socket;
  text(): string;
  ended(): boolean;
}

function dial(host: string): Client {
  let text = "";
  let ended = false;
  const socket = connect({ host, port: PORT });
  socket.on("data", (bytes) => {
    text += bytes.toString();
  });
  socket.on("error", () => socket.destroy());
  socket.on("close", () => {
    ended = true;
  });
  return { socket, text: () => text, ended: () => ended };
}

async function ask(host: string): Promise<Client> {
  const client = dial(host);
  client.socket.write("who?\n");
  await until("an answer or the end", () => client.text() !== "" || client.ended());
  return client;
}

const announcer = (rig: Rig): string | null => rig.publicSwitch.state()[0]?.announcer ?? null;

test("a connection goes to the last announcer; the old owner's connections break and it is told", async () => {
  await withSwitch(async (rig) => {
    await rig.one.up(rig.floating, 24);
    await until("ONE to own", () => announcer(rig) === "ONE");
    const old = await ask(rig.floating);
    assert.is(old.text(), "ONE\n");
    const claims: ForeignClaim[] = [];
    rig.one.onForeignClaim((claim) => claims.push(claim));
    await rig.two.up(rig.floating, 24);
    await until("the old connection to break", () => old.ended());
    await until("the old owner to be told", () => claims.length === 1);
    assert.equal(claims[0], { address: rig.floating, hardwareAddress: "" });
    const fresh = await ask(rig.floating);
    assert.is(fresh.text(), "TWO\n");
    fresh.socket.destroy();
    const owners = rig.cabinet.events.flatMap((event) =>
      event.kind === "announce" ? [`${event.previous} -> ${event.server}`] : [],
    );
    assert.equal(owners, ["null -> ONE", "ONE -> TWO"]);
    const answers = rig.cabinet.events.flatMap((event) =>
      event.kind === "answer" ? [event.server] : [],
    );
    assert.equal(answers, ["ONE", "TWO"]);
  });
});

test("nobody announced: a client is refused at once", async () => {
  await withSwitch(async (rig) => {
    const client = await ask(rig.floating);
    assert.is(client.text(), "");
    assert.ok(client.ended());
  });
});

test("power lost: the claim ends and the connection breaks", async () => {
  await withSwitch(async (rig) => {
    await rig.one.up(rig.floating, 24);
    await until("ONE to own", () => announcer(rig) === "ONE");
    const client = await ask(rig.floating);
    rig.cabinet.dark.add("ONE");
    rig.publicSwitch.becomeDark("ONE");
    await until("the connection to break", () => client.ended());
    assert.is(announcer(rig), null);
  });
});

test("a pulled public cable breaks connections and silences claims until it is back", async () => {
  await withSwitch(async (rig) => {
    await rig.one.up(rig.floating, 24);
    await until("ONE to own", () => announcer(rig) === "ONE");
    const client = await ask(rig.floating);
    rig.cabinet.cuts.add("public-switch ONE");
    rig.publicSwitch.recheck();
    await until("the connection to break", () => client.ended());
    const refused = await ask(rig.floating);
    assert.is(refused.text(), "");
    await rig.two.up(rig.floating, 24);
    await until("TWO to own", () => announcer(rig) === "TWO");
    const claims = (): number =>
      rig.cabinet.events.filter((event) => event.kind === "announce").length;
    // Sent before the other one's, so it was read and dropped by the time that one is heard.
    rig.one.announce(rig.floating);
    await rig.two.up(rig.floating, 24);
    await until("the third claim heard", () => claims() >= 3);
    rig.cabinet.cuts.clear();
    assert.is(announcer(rig), "TWO");
    assert.is(claims(), 3);
  });
});

test("a withdrawal of the old owner after the new one's claim changes nothing", async () => {
  await withSwitch(async (rig) => {
    await rig.one.up(rig.floating, 24);
    await until("ONE to own", () => announcer(rig) === "ONE");
    await rig.two.up(rig.floating, 24);
    await until("TWO to own", () => announcer(rig) === "TWO");
    await rig.one.down(rig.floating);
    await until("the withdrawal", () => rig.cabinet.events.some((e) => e.kind === "withdraw"));
    assert.is(announcer(rig), "TWO");
    await rig.two.down(rig.floating);
    await until("nobody to own", () => announcer(rig) === null);
  });
});

test("a probe finds another's address in use, one's own and a withdrawn one free", async () => {
  await withSwitch(async (rig) => {
    assert.is(await rig.two.probe(rig.floating), "free");
    await rig.one.up(rig.floating, 24);
    await until("ONE to own", () => announcer(rig) === "ONE");
    assert.is(await rig.two.probe(rig.floating), "in-use");
    assert.is(await rig.one.probe(rig.floating), "free");
    await rig.one.down(rig.floating);
    await until("nobody to own", () => announcer(rig) === null);
    assert.is(await rig.two.probe(rig.floating), "free");
    assert.is(rig.cabinet.events.filter((event) => event.kind === "trouble").length, 0);
  });
});

test("an owner behind a pulled cable is not on the segment", async () => {
  await withSwitch(async (rig) => {
    await rig.one.up(rig.floating, 24);
    await until("ONE to own", () => announcer(rig) === "ONE");
    rig.cabinet.cuts.add("public-switch ONE");
    assert.is(await rig.two.probe(rig.floating), "free");
  });
});

test("a probe that nobody answers is unknown in bounded time, and told", async () => {
  await withSwitch(async (rig) => {
    const told: string[] = [];
    const publicSwitch = rig.switchOne;
    const port = createRackAddresses({ publicSwitch, onTrouble: (text) => told.push(text) });
    rig.cabinet.cuts.add("public-switch ONE");
    assert.is(await port.probe(rig.floating), "unknown");
    assert.match(told[0] ?? "", `${rig.floating} is not known to be free`);
    port.close();
  });
});

test("a stranger's address is in use; the owner it meets is told and speaks up", async () => {
  await withSwitch(async (rig) => {
    assert.not(rig.publicSwitch.setStranger("10.0.0.1", true));
    assert.ok(rig.publicSwitch.setStranger(rig.floating, true));
    assert.is(await rig.one.probe(rig.floating), "in-use");
    rig.publicSwitch.setStranger(rig.floating, false);
    assert.is(await rig.one.probe(rig.floating), "free");
    await rig.one.up(rig.floating, 24);
    await until("ONE to own", () => announcer(rig) === "ONE");
    const claims: ForeignClaim[] = [];
    rig.one.onForeignClaim((claim) => claims.push(claim));
    const client = await ask(rig.floating);
    rig.publicSwitch.setStranger(rig.floating, true);
    await until("the owner to be told", () => claims.length === 1);
    await until("the connection to break", () => client.ended());
    assert.is(announcer(rig), null);
    rig.one.announce(rig.floating);
    await until("ONE to own again", () => announcer(rig) === "ONE");
  });
});

test("garbage and unknown addresses are noted and change nothing", async () => {
  await withSwitch(async (rig) => {
    await rig.one.up("10.0.0.1", 24);
    const { createSocket } = await import("node:dgram");
    const socket = createSocket("udp4");
    const [host, port] = rig.switchOne.split(":");
    for (const bytes of ["", "{", "null", '{"kind":"announce"}', "x".repeat(600)]) {
      socket.send(bytes, Number(port), host);
    }
    await until("six notes", () => {
      return rig.cabinet.events.filter((event) => event.kind === "trouble").length === 6;
    });
    socket.close();
    assert.is(announcer(rig), null);
  });
});

test("an address that is not held here is neither announced nor reported as claimed", async () => {
  await withSwitch(async (rig) => {
    rig.one.announce(rig.floating);
    await rig.two.up(rig.floating, 24);
    await until("TWO to own", () => announcer(rig) === "TWO");
    assert.is(rig.cabinet.events.filter((event) => event.kind === "announce").length, 1);
  });
});

test.run();
