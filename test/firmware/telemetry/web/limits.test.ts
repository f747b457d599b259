/**
 * The bounds under attack: slow headers, slow bodies, slow readers, too large, too many, malformed; and
 * that the server answers others all the while.
 */
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { until } from "../../../deadline.ts";
import { ask, dial, openStage, type Stage } from "./stage.ts";

const limits = {
  headersMs: 300,
  requestMs: 600,
  responseMs: 1_500,
  connectionsPerAddress: 8,
  requestsMax: 4,
};
let stage: Stage;
test.before(async () => {
  stage = await openStage({ limits }, (folder) => {
    // Random text stays large when it is gzipped.
    const large = randomBytes(3_000_000).toString("hex").slice(0, 4_000_000);
    writeFileSync(join(folder, "page", "assets", "large.txt"), large);
  });
});
test.after(() => stage.close());

test("slowloris: who does not finish the headers is told 408 and loses the connection", async () => {
  const { socket, ended } = dial(stage.web);
  socket.write("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow:");
  assert.match(await ended, "HTTP/1.1 408");
});

test("slowloris: who says nothing at all loses the connection", async () => {
  const { ended } = dial(stage.web);
  assert.match(await ended, /^(HTTP\/1\.1 408|$)/);
});

test("a body that drips loses the connection", async () => {
  const { socket, ended } = dial(stage.web);
  const host = `127.0.0.1:${stage.web.port}`;
  socket.write(
    `POST /login HTTP/1.1\r\nHost: ${host}\r\nOrigin: http://${host}\r\n` +
      "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
  );
  assert.match(await ended, "408");
});

test("a browser that does not read its answer is cut off", async () => {
  const { socket, ended } = dial(stage.web);
  socket.write("GET /assets/large.txt HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
  socket.pause();
  await until("the server has let go", async () => {
    const { text } = await ask(stage.web, "/metrics");
    return /^kage_web_connections 1$/m.test(text);
  });
  socket.resume();
  assert.ok((await ended).length < 4_000_000, "it got less than the whole");
});

test("headers over 8 KiB are refused", async () => {
  const { socket, ended } = dial(stage.web);
  socket.write(`GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Large: ${"x".repeat(9_000)}\r\n\r\n`);
  assert.match(await ended, "HTTP/1.1 431");
});

test("a body over 16 KiB is refused, announced or not", async () => {
  const body = `{"user":"${"x".repeat(17_000)}"}`;
  const announced = await ask(stage.web, "/login", { method: "POST", body });
  assert.is(announced.status, 413);
  assert.is(announced.json.code, "KG-9811");
  assert.is(announced.headers.connection, "close");
  const { socket, ended } = dial(stage.web);
  const host = `127.0.0.1:${stage.web.port}`;
  socket.write(
    `POST /login HTTP/1.1\r\nHost: ${host}\r\nOrigin: http://${host}\r\n` +
      "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
  );
  for (let count = 0; count < 20; count++) socket.write(`400\r\n${"x".repeat(1_024)}\r\n`);
  assert.match(await ended, "HTTP/1.1 413");
});

const malformed: readonly [what: string, text: string, status: string][] = [
  ["garbage", "\x16\x03\x01\x02\0\r\n\r\n", "400"],
  ["no Host", "GET / HTTP/1.1\r\n\r\n", "400"],
  ["two Hosts", "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n", "421"],
  ["HTTP/1.0 without Host", "GET /bootstrap.json HTTP/1.0\r\n\r\n", "421"],
  ["an absolute target", "GET http://127.0.0.1/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", "400"],
  ["a proxy's CONNECT", "CONNECT evil.example:443 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", ""],
  [
    "two lengths (smuggling)",
    "POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
    "400",
  ],
  [
    "another upgrade",
    "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
    "403",
  ],
];
for (const [what, text, status] of malformed) {
  test(`${what} is answered with ${status === "" ? "nothing" : status} and harms nobody`, async () => {
    const { socket, ended } = dial(stage.web);
    socket.write(text);
    const said = await ended;
    if (status === "") assert.is(said, "");
    else assert.match(said, `HTTP/1.1 ${status}`);
  });
}

test("one address cannot take all places, and its places are free again afterwards", async () => {
  const all = Array.from({ length: 12 }, () => dial(stage.web));
  let closed = 0;
  for (const { ended } of all) void ended.then(() => closed++);
  await until("four are turned away", () => closed >= 4);
  for (const { socket } of all) socket.destroy();
  await Promise.all(all.map(({ ended }) => ended));
  await until("places are free", () =>
    ask(stage.web, "/healthz").then(
      ({ status }) => status === 200,
      (error: NodeJS.ErrnoException) => {
        if (error.code === "ECONNRESET") return false;
        throw error;
      },
    ),
  );
});

test("a browser that goes away in the middle of a request harms nobody", async () => {
  for (let count = 0; count < 20; count++) {
    const { socket, ended } = dial(stage.web);
    const host = `127.0.0.1:${stage.web.port}`;
    const head = `POST /login HTTP/1.1\r\nHost: ${host}\r\nOrigin: http://${host}\r\n`;
    socket.write(`${head}Content-Type: application/json\r\nContent-Length: 50\r\n\r\n{"user"`);
    socket.once("connect", () => setImmediate(() => socket.resetAndDestroy()));
    await ended;
  }
  assert.not.match(stage.logged.join("\n"), "a request failed");
});

test("after all that it still answers", async () => {
  assert.is((await ask(stage.web, "/healthz")).status, 200);
});

test.run();
