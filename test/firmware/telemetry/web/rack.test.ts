/** The rack panel against a control socket of the test: what goes through, what does not, who may. */

import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { addUser, ask, openStage, post, type Stage, setUp } from "./stage.ts";

const folder = mkdtempSync(join(tmpdir(), "kage-rack-"));
const path = join(folder, "rack.sock");
const asked: string[] = [];
let reply = "";
let rack: Server;
let stage: Stage;
let operator = "";
let viewer = "";
const clients = new Set<Socket>();

test.before(async () => {
  rack = createServer((client) => {
    clients.add(client);
    client.on("error", () => client.destroy());
    client.on("data", (chunk: Buffer) => {
      asked.push(chunk.toString("utf8").trim());
      client.write(reply);
    });
  });
  await new Promise<void>((resolve) => rack.listen(path, resolve));
  stage = await openStage({ rackSocket: path });
  const admin = await setUp(stage);
  operator = await addUser(stage, admin, "oda", "op");
  viewer = await addUser(stage, admin, "vic", "view");
});
test.after(async () => {
  await stage.close();
  for (const client of clients) client.destroy();
  rack.close();
  rmSync(folder, { recursive: true, force: true });
});
test.before.each(() => {
  asked.length = 0;
  reply = '{"id":1,"ok":true,"paths":[]}\n';
});

test("an operator looks at the rack and pulls a cable", async () => {
  assert.equal((await ask(stage.web, "/rack", { cookie: operator })).json, { ok: true, paths: [] });
  const said = await post(stage.web, "/rack", { verb: "cut", paths: ["lan1"], id: 7 }, operator);
  assert.is(said.status, 200);
  assert.equal(
    asked.map((line) => JSON.parse(line)),
    [
      { id: 1, verb: "status" },
      { id: 1, paths: ["lan1"], verb: "cut" },
    ],
  );
});

test("a viewer and a stranger reach nothing", async () => {
  assert.is((await ask(stage.web, "/rack", { cookie: viewer })).status, 403);
  assert.is((await post(stage.web, "/rack", { verb: "cut" }, viewer)).status, 403);
  assert.is((await post(stage.web, "/rack", { verb: "cut" })).status, 401);
  assert.equal(asked, []);
});

test("frames cannot be forged or captured through the page", async () => {
  for (const verb of ["inject", "capture", "garble-com", "rewrite", "__proto__", 7, undefined]) {
    assert.is((await post(stage.web, "/rack", { verb }, operator)).status, 400, String(verb));
  }
  assert.equal(asked, []);
});

test("a refusal of the rack is passed on, an unreadable answer and a dead rack are said", async () => {
  reply = '{"id":1,"ok":false,"message":"no path \\"<b>\\""}\n';
  const refused = await post(stage.web, "/rack", { verb: "cut", paths: ["<b>"] }, operator);
  assert.is(refused.status, 422);
  assert.match(refused.json.text.en, 'no path "<b>"');
  reply = "garbage\n";
  assert.is((await ask(stage.web, "/rack", { cookie: operator })).status, 503);
  const gone = await openStage({ rackSocket: join(folder, "nobody.sock") });
  try {
    const cookie = await setUp(gone);
    const said = await ask(gone.web, "/rack", { cookie });
    assert.is(said.status, 503);
    assert.is(said.json.code, "KG-9824");
  } finally {
    await gone.close();
  }
});

test.run();
