/**
 * `kage operator-key` and `kage sign`: keys come in, are listed and go; what is signed is what the reader of
 * commands opens; mistakes are found before they are signed. Source: ecosystem.md 1.4.
 */
import { generateKeyPairSync } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  openSigned,
  operatorKeys,
  readKeyFile,
} from "../../../services/telemetry/commands/signature.ts";
import { localSample } from "../local-sample.ts";
import { kage, type Ran } from "./fake-terminal.ts";

const TOPIC = "kage/v1/www/cmd/op/group/web/move";

interface Desk {
  readonly at: (name: string) => string;
  readonly run: (...words: string[]) => Promise<Ran>;
  readonly keys: () => string[];
}

async function withDesk(act: (desk: Desk) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "kage-keys-"));
  const at = (name: string): string => join(folder, name);
  writeFileSync(at("local.json"), JSON.stringify(localSample(folder)));
  try {
    await act({
      at,
      run: (...words) => kage("/nonexistent", ["--lang", "en", ...words]),
      keys: () => {
        const rows = readKeyFile(readFileSync(at("operator-keys.json"), "utf8"));
        return (rows ?? []).map(({ id, role }) => `${id} ${role}`);
      },
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test("a key is made, listed, used and removed", async () => {
  await withDesk(async ({ at, run, keys }) => {
    const local = ["--local", at("local.json")];
    const out = at("anna.key");
    const added = await run("operator-key", "add", "anna", "--role", "op", "--out", out, ...local);
    assert.is(added.exit, 0, added.err);
    assert.equal(keys(), ["anna op"]);
    assert.is(statSync(out).mode & 0o777, 0o600);
    assert.is(statSync(at("operator-keys.json")).mode & 0o777, 0o600);
    // The public half, as another server gets it.
    const words = ["operator-key", "add", "anna2", "--role", "admin", "--public", `${out}.pub`];
    assert.is((await run(...words, ...local)).exit, 0);
    assert.equal(keys(), ["anna op", "anna2 admin"]);
    assert.match((await run("operator-key", "list", ...local)).out, /anna +op +2026-11-22T03:00/);

    writeFileSync(at("order.json"), '{"confirm":"web","expect":{"epoch":7}}');
    const signed = await run("sign", TOPIC, at("order.json"), "--key", out, "--as", "anna");
    assert.is(signed.exit, 0, signed.err);
    assert.not.match(signed.out, "\n");
    const rows = readKeyFile(readFileSync(at("operator-keys.json"), "utf8")) ?? [];
    const opened = openSigned(TOPIC, Buffer.from(signed.out), operatorKeys(rows) ?? []);
    assert.is(opened.kind, "opened");
    const request = JSON.parse(
      Buffer.from(opened.kind === "opened" ? opened.payload : "").toString(),
    ) as Record<string, unknown>;
    assert.is(request["ts"], "2026-11-22T03:00:00.000Z");
    assert.is(request["ttlS"], 30);
    assert.match(String(request["commandId"]), /^[0-9a-f-]{36}$/);

    assert.is((await run("operator-key", "remove", "anna", ...local)).exit, 0);
    assert.equal(keys(), ["anna2 admin"]);
    assert.is((await run("operator-key", "remove", "anna", ...local)).exit, 3);
  });
});

test("two at once lose no key", async () => {
  await withDesk(async ({ at, run, keys }) => {
    const names = ["a1", "a2", "a3", "a4", "a5", "a6"];
    const place = ["--local", at("local.json")];
    const add = (name: string): Promise<Ran> =>
      run("operator-key", "add", name, "--role", "view", "--out", at(name), ...place);
    const ran = await Promise.all(names.map(add));
    assert.equal(
      ran.map(({ exit }) => exit),
      names.map(() => 0),
    );
    assert.equal(
      keys().sort(),
      names.map((name) => `${name} view`),
    );
  });
});

test("what cannot be a key is refused and changes nothing", async () => {
  await withDesk(async ({ at, run }) => {
    const place = ["--local", at("local.json")];
    const add = (name: string, ...more: string[]): Promise<Ran> =>
      run("operator-key", "add", name, "--role", "op", ...more, ...place);
    const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
    writeFileSync(at("rsa.pub"), rsa.publicKey.export({ type: "spki", format: "pem" }));
    const { privateKey } = generateKeyPairSync("ed25519");
    writeFileSync(at("secret"), privateKey.export({ type: "pkcs8", format: "pem" }));
    writeFileSync(at("garbage"), "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n");
    assert.is((await add("Anna", "--public", at("rsa.pub"))).exit, 2);
    assert.is((await add("anna")).exit, 2);
    assert.is((await add("anna", "--public", at("rsa.pub"))).exit, 3);
    assert.is((await add("anna", "--public", at("secret"))).exit, 3);
    assert.is((await add("anna", "--public", at("garbage"))).exit, 3);
    assert.is((await add("anna", "--public", at("nowhere"))).exit, 1);
    assert.not(existsSync(at("operator-keys.json")));
    // A private key that is there is never replaced.
    assert.is((await add("anna", "--out", at("secret"))).exit, 1);
    assert.match(readFileSync(at("secret"), "utf8"), "BEGIN PRIVATE KEY");
    writeFileSync(at("operator-keys.json"), "{");
    assert.is((await add("anna", "--out", at("anna.key"))).exit, 1);
    assert.not(existsSync(at("anna.key")));
    assert.is((await run("operator-key", "list", "--local", at("absent.json"))).exit, 3);
  });
});

test("a mistake is found before it is signed", async () => {
  await withDesk(async ({ at, run }) => {
    const { privateKey } = generateKeyPairSync("ed25519");
    writeFileSync(at("k"), privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
    const good = '{"confirm":"web","expect":{"epoch":7}}';
    const sign = (text: string, topic = TOPIC, ...more: string[]): Promise<Ran> => {
      writeFileSync(at("order.json"), text);
      return run("sign", topic, at("order.json"), "--key", at("k"), "--as", "anna", ...more);
    };
    assert.is((await sign(good)).exit, 0);
    assert.is((await sign(good, "kage/v1/www/cmd/op/group/web/explode")).exit, 2);
    assert.is((await sign(good, "kage/v1/www/cmd/view/group/web/move")).exit, 2);
    assert.is((await sign(good, "other/topic")).exit, 2);
    assert.match((await sign('{"confrim":"web","expect":{"epoch":7}}')).err, "confrim");
    assert.match((await sign('{"confirm":"web"}')).err, "KG-9125");
    assert.is((await sign("[]")).exit, 1);
    assert.is((await sign("")).exit, 1);
    assert.is((await sign(good, TOPIC, "--as", "An na")).exit, 2);
    chmodSync(at("k"), 0o644);
    assert.match((await sign(good)).err, "can be read by others");
  });
});

test.run();
