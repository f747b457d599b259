/**
 * Every address over real sockets: what it answers, who may, with which headers, and what wrong Host, wrong
 * Origin, wrong type and wrong method get.
 */
import { createServer } from "node:net";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ADMIN, addUser, ask, openStage, post, SNAPSHOT, type Stage, setUp } from "./stage.ts";

let stage: Stage;
let admin = "";
let operator = "";
let viewer = "";
test.before(async () => {
  stage = await openStage();
  admin = await setUp(stage);
  operator = await addUser(stage, admin, "oda", "op");
  viewer = await addUser(stage, admin, "vic", "view");
});
test.after(() => stage.close());
test.before.each(() => {
  stage.snapshot = SNAPSHOT;
});

test("the page is served gzipped and plain, with ETag, and 304 when the browser has it", async () => {
  const plain = await ask(stage.web, "/");
  assert.is(plain.status, 200);
  assert.is(plain.text, "<!doctype html><title>page</title>");
  assert.is(plain.headers["content-encoding"], undefined);
  assert.is(plain.headers["cache-control"], "no-cache");
  const zipped = await ask(stage.web, "/", { headers: { "accept-encoding": "br, gzip" } });
  assert.is(zipped.headers["content-encoding"], "gzip");
  assert.is(gunzipSync(zipped.bytes).toString("utf8"), plain.text);
  assert.is(zipped.headers.vary, "accept-encoding");
  assert.is.not(zipped.headers.etag, plain.headers.etag);
  const etag = plain.headers.etag ?? "";
  const same = await ask(stage.web, "/", { headers: { "if-none-match": `"x", W/${etag}` } });
  assert.is(same.status, 304);
  assert.is(same.text, "");
  assert.is(same.headers["content-length"], undefined);
  const refused = await ask(stage.web, "/", { headers: { "accept-encoding": "gzip;q=0" } });
  assert.is(refused.headers["content-encoding"], undefined);
});

test("a file with a hash in its name is cached for ever; HEAD has the length and no body", async () => {
  const path = "/assets/main-ABCD2345.js";
  const said = await ask(stage.web, path, { method: "HEAD" });
  assert.is(said.status, 200);
  assert.is(said.headers["content-length"], "1000");
  assert.is(said.text, "");
  assert.match(said.headers["cache-control"] ?? "", "immutable");
  assert.match(said.headers["content-type"] ?? "", "text/javascript");
});

test("every answer carries the strict headers, refusals and scripts' views included", async () => {
  for (const path of ["/", "/status", "/healthz", "/bootstrap.json", "/users", "/nothing"]) {
    const { headers } = await ask(stage.web, path);
    const policy = headers["content-security-policy"] ?? "";
    for (const part of [
      "default-src 'self'",
      "connect-src 'self'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
      "form-action 'self'",
    ]) {
      assert.ok(String(policy).includes(part), `${path} lacks ${part}`);
    }
    assert.not.match(String(policy), "unsafe");
    assert.is(headers["x-content-type-options"], "nosniff");
    assert.is(headers["referrer-policy"], "no-referrer");
    assert.is(headers["x-powered-by"], undefined);
    assert.is(headers["access-control-allow-origin"], undefined);
  }
});

test("no address leads to the file system", async () => {
  for (const path of [
    "/users.json",
    "/assets/",
    "/assets/../users.json",
    "/assets/..%2f..%2fusers.json",
    "/assets/main-ABCD2345.js.gz",
    "/assets/constructor",
    "/__proto__",
    "/etc/passwd",
  ]) {
    const { status } = await ask(stage.web, path);
    assert.ok(status === 404 || status === 400, `${path}: ${status}`);
  }
});

test("bootstrap tells what the page needs and no secret", async () => {
  const { status, json, text } = await ask(stage.web, "/bootstrap.json");
  assert.is(status, 200);
  assert.equal(json, {
    cluster: "demo",
    prefix: "kage/v1",
    topicPrefix: "kage/v1/demo",
    server: "SERVER1",
    servers: [
      { name: "SERVER1", url: null },
      { name: "SERVER2", url: "http://127.0.0.2:8090" },
    ],
    virtual: true,
    version: "0.1.0",
    setupNeeded: false,
    usersDamaged: false,
  });
  assert.not.match(text, "pw-");
});

test("who may: each address with each role", async () => {
  const table: readonly [method: string, path: string, statuses: readonly number[]][] = [
    ["GET", "/session", [401, 200, 200, 200]],
    ["GET", "/users", [401, 403, 403, 200]],
    ["POST", "/users", [401, 403, 403, 400]],
    ["DELETE", "/users", [401, 403, 403, 400]],
    ["GET", "/rack", [401, 403, 404, 404]],
    ["POST", "/rack", [401, 403, 404, 404]],
    ["GET", "/status", [200, 200, 200, 200]],
    ["GET", "/metrics", [200, 200, 200, 200]],
    ["GET", "/healthz", [200, 200, 200, 200]],
  ];
  for (const [method, path, statuses] of table) {
    const found: number[] = [];
    for (const cookie of ["", viewer, operator, admin]) {
      const body = method === "GET" ? {} : { body: {} };
      found.push((await ask(stage.web, path, { method, cookie, ...body })).status);
    }
    assert.equal(found, statuses, `${method} ${path}`);
  }
});

test("DNS rebinding: a Host that is not ours gets nothing, whatever the address", async () => {
  for (const path of ["/", "/bootstrap.json", "/healthz", "/session"]) {
    const headers = { host: `evil.example:${stage.web.port}` };
    const said = await ask(stage.web, path, { headers, cookie: admin });
    assert.is(said.status, 421);
    assert.is(said.json.code, "KG-9806");
    assert.is(said.headers["set-cookie"], undefined);
  }
});

test("a POST of another site is refused: Origin wrong, missing or null", async () => {
  const { web } = stage;
  for (const origin of ["http://evil.example", "null", `http://127.0.0.1:${web.port + 1}`, ""]) {
    const asking = { method: "POST", body: {}, cookie: admin, headers: { origin } };
    const said = await ask(web, "/logout", asking);
    assert.is(said.status, 403);
    assert.is(said.json.code, "KG-9805");
  }
  assert.is((await ask(web, "/session", { cookie: admin })).status, 200);
});

test("a POST that is not JSON is refused: a form cannot forge it", async () => {
  for (const type of ["text/plain", "application/x-www-form-urlencoded", "", "application/jsonp"]) {
    const asking = { method: "POST", body: "{}", headers: { "content-type": type } };
    assert.is((await ask(stage.web, "/logout", asking)).status, 415);
  }
});

test("malformed bodies are refused with what was expected", async () => {
  for (const body of ["{", "[]", '"x"', "null", "{}x", "\0"]) {
    const said = await ask(stage.web, "/login", { method: "POST", body });
    assert.is(said.status, 400, body);
    assert.is(said.json.code, "KG-9810");
  }
  assert.is((await post(stage.web, "/login", { user: "admin", password: ["x"] })).status, 400);
  assert.is((await post(stage.web, "/setup", { code: 1, user: "a", password: "b" })).status, 400);
});

test("a method that an address does not have is named with those it has", async () => {
  const said = await ask(stage.web, "/login");
  assert.is(said.status, 405);
  assert.is(said.headers.allow, "POST");
  assert.is((await ask(stage.web, "/", { method: "OPTIONS" })).status, 405);
  assert.is((await ask(stage.web, "/", { method: "TRACE" })).status, 405);
});

test("a refusal speaks English and Japanese and says what to do", async () => {
  const { json } = await ask(stage.web, "/users");
  assert.equal(json, {
    ok: false,
    code: "KG-9801",
    text: { en: "Nobody is logged in.", ja: "ログインしていません。" },
    remedy: {
      en: "Log in on the dashboard first.",
      ja: "先にダッシュボードでログインしてください。",
    },
  });
});

test("healthz: 503 with the reason when the agent is silent or the broker lost", async () => {
  assert.is((await ask(stage.web, "/healthz")).text, "ok\n");
  const reasons: readonly [Partial<typeof SNAPSHOT>, string][] = [
    [{ ageMs: null, status: null }, "agent-silent\n"],
    [{ ageMs: 6_001 }, "agent-silent\n"],
    [{ broker: { connected: false } }, "broker-lost\n"],
    [{ ageMs: 6_001, broker: { connected: false } }, "agent-silent broker-lost\n"],
  ];
  for (const [change, text] of reasons) {
    stage.snapshot = { ...SNAPSHOT, ...change };
    const said = await ask(stage.web, "/healthz");
    assert.is(said.status, 503);
    assert.is(said.text, text);
  }
});

test("status speaks the browser's language, and the asked one goes over it", async () => {
  const headers = { "accept-language": "ja,en;q=0.5" };
  const japanese = await ask(stage.web, "/status", { headers });
  assert.match(japanese.headers["content-type"] ?? "", "text/html; charset=utf-8");
  assert.match(japanese.text, '<html lang="ja">');
  const english = await ask(stage.web, "/status?lang=en", { headers });
  assert.match(english.text, '<html lang="en">');
  const css = await ask(stage.web, "/status.css");
  assert.match(css.headers["content-type"] ?? "", "text/css");
});

test("status and metrics behind a login: cookie or Basic, and a wrong one is a wrong login", async () => {
  const closed = await openStage({ statusAccess: "login" });
  try {
    const cookie = await setUp(closed);
    const none = await ask(closed.web, "/metrics");
    assert.is(none.status, 401);
    assert.match(none.headers["www-authenticate"] ?? "", 'Basic realm="kagemusha"');
    assert.is((await ask(closed.web, "/metrics", { cookie })).status, 200);
    const basic = (user: string, password: string) => ({
      headers: {
        authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`,
      },
    });
    const right = basic(ADMIN.user, ADMIN.password);
    assert.is((await ask(closed.web, "/metrics", right)).status, 200);
    assert.is((await ask(closed.web, "/metrics", basic("admin", "wrong wrong"))).status, 401);
    assert.is((await ask(closed.web, "/users", right)).status, 401, "Basic opens no other door");
    assert.is((await ask(closed.web, "/healthz")).status, 200);
  } finally {
    await closed.close();
  }
});

test("the page's files are missing: it says so, and the rest works", async () => {
  const bare = await openStage({ pageFolder: join(stage.folder, "no-such-folder") });
  try {
    const said = await ask(bare.web, "/");
    assert.is(said.status, 503);
    assert.is(said.json.code, "KG-9816");
    assert.is((await ask(bare.web, "/status")).status, 200);
  } finally {
    await bare.close();
  }
});

test("an address that is taken is an error at start, not a silent server", async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  const address = taken.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  try {
    await openStage({ listen: { host: "127.0.0.1", port } });
    assert.unreachable();
  } catch (error) {
    assert.is((error as NodeJS.ErrnoException).code, "EADDRINUSE");
  } finally {
    taken.close();
  }
});

test.run();
