/**
 * Over TLS: the cookie is Secure, the origin must be https, and towards a broker whose certificate nobody
 * vouches for not one byte of the account leaves. The certificate is made by openssl.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer } from "node:tls";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { WebSocket } from "ws";
import { ADMIN, openStage, setUp } from "./stage.ts";

const folder = mkdtempSync(join(tmpdir(), "kage-tls-"));
test.after(() => rmSync(folder, { recursive: true, force: true }));

function certificate(): { cert: string; key: string } {
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const subject = ["-subj", "/CN=localhost", "-days", "2"];
  const files = ["-keyout", key, "-out", cert];
  const kind = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const names = ["-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"];
  execFileSync("openssl", [...kind, ...subject, ...names, ...files], { stdio: "ignore" });
  return { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
}

interface Said {
  readonly status: number;
  readonly cookies: readonly string[];
}

function post(port: number, origin: string, body: object): Promise<Said> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", origin };
    const where = { host: "127.0.0.1", port, path: "/setup", method: "POST" };
    const asking = request({ ...where, headers, rejectUnauthorized: false }, (response) => {
      response.resume();
      const cookies = response.headers["set-cookie"] ?? [];
      response.on("end", () => resolve({ status: response.statusCode ?? 0, cookies }));
    });
    asking.on("error", reject);
    asking.end(JSON.stringify(body));
  });
}

if (spawnSync("openssl", ["version"]).status === 0) {
  test("over TLS the cookie is Secure and only an https origin is our own", async () => {
    const stage = await openStage({ tls: certificate() });
    try {
      const { port, url } = stage.web;
      assert.is(url, `https://127.0.0.1:${port}`);
      const body = { code: stage.codes[0], ...ADMIN };
      assert.is((await post(port, `http://127.0.0.1:${port}`, body)).status, 403);
      const said = await post(port, url, body);
      assert.is(said.status, 200);
      assert.match(said.cookies[0] ?? "", /; HttpOnly; SameSite=Strict; Path=\/; Secure$/);
    } finally {
      await stage.close();
    }
  });

  /** Bytes a TLS broker received from a dashboard whose CONNECT was sent; how the dashboard ended. */
  async function visit(trusted: boolean): Promise<{ code: number; received: Buffer }> {
    const received: Buffer[] = [];
    const own = certificate();
    const broker = createServer(own, (socket) => {
      socket.on("error", () => socket.destroy());
      socket.on("data", (chunk: Buffer) => {
        received.push(chunk);
        socket.end();
      });
    });
    await new Promise<void>((resolve) => broker.listen(0, "127.0.0.1", resolve));
    const address = broker.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const brokerCa = trusted ? own.cert : null;
    const stage = await openStage({ brokerUrl: `mqtts://127.0.0.1:${port}`, brokerCa });
    try {
      const cookie = await setUp(stage);
      const { url } = stage.web;
      const options = { headers: { cookie }, origin: url };
      const page = new WebSocket(`${url.replace("http", "ws")}/mqtt`, ["mqtt"], options);
      page.on("open", () => page.send(Buffer.from("100d00044d515454040200000001", "hex")));
      page.on("open", () => page.send(Buffer.from("78", "hex")));
      const code = await new Promise<number>((resolve) => page.on("close", resolve));
      return { code, received: Buffer.concat(received) };
    } finally {
      await stage.close();
      broker.close();
    }
  }

  test("mqtts: a broker with an unknown certificate gets no account", async () => {
    const { code, received } = await visit(false);
    assert.is(code, 1013);
    assert.is(received.length, 0);
  });

  test("mqtts: a broker whose authority is given gets the account", async () => {
    const { received } = await visit(true);
    assert.ok(received.includes("pw-admin"));
  });
} else console.log("# skip openssl is not installed");

test("a broker address of another scheme is an error at start", async () => {
  try {
    await openStage({ brokerUrl: "http://127.0.0.1:1883" });
    assert.unreachable();
  } catch (error) {
    assert.match((error as Error).message, "expected mqtt://host:port");
  }
});

test.run();
