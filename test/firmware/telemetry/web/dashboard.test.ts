/**
 * The whole way with strangers at both ends: mqtt.js as the browser's client, aedes as the broker that lets
 * in accounts by name and password and allows topics by account.
 */
import { createServer, type Server, type Socket } from "node:net";
import { Aedes } from "aedes";
import mqtt, { type IConnackPacket, type MqttClient } from "mqtt";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { WebSocket } from "ws";
import { until } from "../../../deadline.ts";
import { addUser, openStage, PASSWORDS, post, type Stage, setUp } from "./stage.ts";

let aedes: Aedes;
let server: Server;
let stage: Stage;
let admin = "";
const sockets = new Set<Socket>();
const names = new Map<string, string>();

test.before(async () => {
  aedes = await Aedes.createBroker({
    authenticate(client, username, password, done) {
      names.set(client.id, username ?? "");
      const expected = new Map(Object.entries(PASSWORDS)).get(username ?? "");
      done(null, expected !== undefined && expected === password?.toString("utf8"));
    },
    authorizePublish(client, packet, done) {
      const isOperator = names.get(client?.id ?? "") !== "viewer";
      done(packet.topic.startsWith("cmd/op/") && !isOperator ? new Error("not yours") : null);
    },
  });
  server = createServer((socket) => {
    sockets.add(socket);
    aedes.handle(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  stage = await openStage({ brokerUrl: `mqtt://127.0.0.1:${port}` });
  admin = await setUp(stage);
});
test.after(async () => {
  await stage.close();
  for (const socket of sockets) socket.destroy();
  server.close();
  await new Promise<void>((resolve) => aedes.close(() => resolve()));
});

async function page(
  cookie: string,
  version: 4 | 5,
): Promise<{ client: MqttClient; connack: IConnackPacket }> {
  const url = `${stage.web.url.replace("http", "ws")}/mqtt`;
  const client = mqtt.connect(url, {
    protocolVersion: version,
    clientId: "",
    clean: true,
    reconnectPeriod: 0,
    username: "operator",
    password: "a guess",
    createWebsocket: (address: string) =>
      new WebSocket(address, ["mqtt"], { headers: { cookie }, origin: stage.web.url }),
  });
  const connack = await new Promise<IConnackPacket>((resolve, reject) => {
    client.once("connect", resolve);
    client.once("error", reject);
    client.once("close", () => reject(new Error("closed before CONNACK")));
  });
  return { client, connack };
}

for (const version of [4, 5] as const) {
  test(`MQTT ${version}: a page subscribes, hears, and is told its id where there is a place`, async () => {
    const { client, connack } = await page(admin, version);
    const id = connack.properties?.assignedClientIdentifier;
    if (version === 5) assert.match(id ?? "", /^web-admin-[0-9a-f]{12}$/);
    const heard: string[] = [];
    client.on("message", (topic, payload) => heard.push(`${topic} ${payload}`));
    await client.subscribeAsync("kage/v1/demo/#", { qos: 1 });
    const other = await page(admin, version);
    await other.client.publishAsync("kage/v1/demo/state", "x".repeat(20_000), { qos: 1 });
    await until("the message", () => heard.length === 1);
    assert.is(heard[0], `kage/v1/demo/state ${"x".repeat(20_000)}`);
    await Promise.all([client.endAsync(true), other.client.endAsync(true)]);
  });
}

test("the viewer's page cannot publish where only operators may", async () => {
  const viewer = await addUser(stage, admin, "vic", "view");
  const watcher = await page(admin, 5);
  const heard: string[] = [];
  watcher.client.on("message", (topic) => heard.push(topic));
  await watcher.client.subscribeAsync("cmd/#");
  const { client } = await page(viewer, 5);
  client.on("error", () => client.end(true));
  // Denied: an error code or the end of the connection, as the broker likes.
  client.publish("cmd/op/group/web/move", "{}", { qos: 1 }, () => client.end(true));
  await until("it has ended", () => client.disconnected || !client.connected);
  await watcher.client.publishAsync("cmd/op/group/web/start", "{}", { qos: 1 });
  await until("the administrator's command", () => heard.length > 0);
  assert.equal(heard, ["cmd/op/group/web/start"]);
  await watcher.client.endAsync(true);
});

test("log-out closes the page's line", async () => {
  const cookie = await addUser(stage, admin, "lena", "view");
  const { client } = await page(cookie, 5);
  const closed = new Promise<void>((resolve) => client.once("close", resolve));
  await post(stage.web, "/logout", {}, cookie);
  await closed;
  await client.endAsync(true);
});

test.run();
