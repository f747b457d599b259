/** The files of a server's mosquitto: whole, with their modes, and the same passwords the next time. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { writeBrokerFiles, writeDropIn } from "../../../firmware/telemetry/broker-files.ts";
import { sample, write } from "../../services/configuration/sample.ts";
import { localSample } from "../local-sample.ts";

/** The plain listener stays on loopback, the other has a certificate that stays the same. */
function tellOfTls(folder: string, local: { readonly telemetry: object }): void {
  const localFile = join(folder, "tls.json");
  const out = join(folder, "tls");
  const keyFile = join(folder, "cluster.key");
  writeFileSync(keyFile, "5a".repeat(32));
  const write = (telemetry: object): void => {
    const all = { ...local, keyFile, telemetry: { ...local.telemetry, ...telemetry } };
    writeFileSync(localFile, JSON.stringify(all));
    writeBrokerFiles({ localFile });
  };
  const brokerTls = { listen: "192.0.2.1:8883", folder: out };
  write({ brokerTls });
  const text = readFileSync(join(out, "mosquitto.conf"), "utf8");
  const [plain = "", tls = ""] = text.split("listener 8883 192.0.2.1");
  assert.match(plain, "listener 1884 127.0.0.1");
  assert.match(tls, `certfile ${out}/node.crt\nkeyfile ${out}/node.key\ntls_version tlsv1.2\n`);
  assert.match(readFileSync(join(out, "acl"), "utf8"), "user peer\ntopic read kage/v1/lab/event\n");
  const certificate = readFileSync(join(out, "node.crt"), "utf8");
  write({ brokerTls });
  assert.is(readFileSync(join(out, "node.crt"), "utf8"), certificate);
  // Another cluster key is another authority: the old certificate would be nobody's.
  writeFileSync(keyFile, "5b".repeat(32));
  write({ brokerTls });
  assert.is.not(readFileSync(join(out, "node.crt"), "utf8"), certificate);
  write({ brokerTls, brokers: ["mqtts://192.0.2.1:8883"] });
  assert.not.match(readFileSync(join(out, "mosquitto.conf"), "utf8"), "listener 1884");
  assert.throws(() => write({ brokers: ["mqtt://192.0.2.1:1883"] }), /no loopback address/);
  assert.throws(() => write({ brokers: ["mqtts://192.0.2.1:8883"] }), /needs "brokerTls"/);
}

test("files are written once and anew with the same passwords", () => {
  const folder = mkdtempSync(join(tmpdir(), "kage-broker-"));
  try {
    writeFileSync(join(folder, "cluster.jsonc"), write(sample()));
    const telemetry = { listen: "127.0.0.1:8090", brokers: ["mqtt://127.0.0.1:1884"] };
    const local = { ...localSample(folder), telemetry };
    const localFile = join(folder, "local.json");
    const out = join(folder, "broker");
    writeFileSync(localFile, JSON.stringify(local));
    const written = writeBrokerFiles({ localFile, out });
    const names = ["mosquitto.conf", "acl", "passwords", "credentials.json"];
    assert.equal(
      written,
      names.map((name) => join(out, name)),
    );
    const credentials = readFileSync(join(out, "credentials.json"), "utf8");
    assert.match(readFileSync(join(out, "mosquitto.conf"), "utf8"), "listener 1884 127.0.0.1");
    assert.match(readFileSync(join(out, "acl"), "utf8"), "topic write kage/v1/lab/cmd/op/#");
    for (const name of ["acl", "passwords", "credentials.json"]) {
      assert.is(statSync(join(out, name)).mode & 0o777, 0o600, name);
    }
    writeBrokerFiles({ localFile, out, user: "mosquitto" });
    assert.is(readFileSync(join(out, "credentials.json"), "utf8"), credentials);
    assert.match(readFileSync(join(out, "mosquitto.conf"), "utf8"), "user mosquitto");
    assert.not.match(readFileSync(join(out, "mosquitto.conf"), "utf8"), "certfile");
    tellOfTls(folder, local);
    writeFileSync(localFile, JSON.stringify({ ...local, telemetry: undefined }));
    const without = (): unknown => writeBrokerFiles({ localFile, out });
    assert.throws(without, /telemetry\.brokers/);
    writeFileSync(localFile, JSON.stringify(local));
    const onFile = (): unknown => writeBrokerFiles({ localFile, out: localFile });
    assert.throws(onFile, /cannot be written/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("mosquitto's own unit is pointed at the files, the rest of it stays, and doing it again changes nothing", () => {
  const folder = mkdtempSync(join(tmpdir(), "kage-drop-in-"));
  try {
    const file = writeDropIn("/etc/kagemusha/broker/mosquitto.conf", join(folder, "a"));
    const text = readFileSync(file, "utf8");
    // An empty ExecStart= first: a second command would be refused for a service that is no oneshot.
    const section =
      "[Service]\nExecStart=\nExecStart=/usr/sbin/mosquitto -c /etc/kagemusha/broker/mosquitto.conf\n";
    assert.ok(text.endsWith(section), text);
    writeDropIn("/etc/kagemusha/broker/mosquitto.conf", join(folder, "a"));
    assert.is(readFileSync(file, "utf8"), text);
    assert.throws(() => writeDropIn("/x", file), /cannot be written/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test.run();
