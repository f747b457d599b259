/** The telemetry section of local.json: what it needs, and what a wrong one is told. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { readServerContext } from "../../firmware/local.ts";
import { sample, write } from "../services/configuration/sample.ts";
import { localSample } from "./local-sample.ts";

const GOOD = { listen: "127.0.0.1:8090", brokers: ["mqtt://127.0.0.1:1883"] };

function read(telemetry: unknown): unknown {
  const folder = mkdtempSync(join(tmpdir(), "kage-local-"));
  try {
    writeFileSync(join(folder, "cluster.jsonc"), write(sample()));
    const local = localSample(folder, telemetry === undefined ? {} : { telemetry });
    writeFileSync(join(folder, "local.json"), JSON.stringify(local));
    return readServerContext(join(folder, "local.json")).local.telemetry;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test("a server without the section has no telemetry, one with it has all of it", () => {
  assert.is(read(undefined), undefined);
  const full = {
    ...GOOD,
    readOnlyBrokers: ["mqtts://broker.example:8883"],
    allowRemoteCommands: true,
    operatorKeys: "/etc/kagemusha/operator-keys.json",
    brokerTls: { listen: "[2001:db8::1]:8883", folder: "/etc/kagemusha/broker" },
    peerBrokers: { SERVER2: "mqtts://[2001:db8::2]:8883" },
    brokerCredentials: "/etc/kagemusha/broker/credentials.json",
    tls: { cert: "c.pem", key: "k.pem" },
    homeAssistant: true,
    peers: { SERVER2: "https://server2:8090" },
  };
  assert.equal(read(full), full);
});

const WRONG: readonly [unknown, string][] = [
  ["yes", '"telemetry" must be an object'],
  [{ ...GOOD, listen: 8090 }, '"telemetry.listen" must be host:port'],
  [{ ...GOOD, listen: "127.0.0.1" }, '"telemetry.listen" must be host:port'],
  [{ ...GOOD, brokers: [] }, '"telemetry.brokers" must be a list'],
  [{ ...GOOD, brokers: "mqtt://a:1" }, '"telemetry.brokers" must be a list'],
  [{ ...GOOD, brokers: ["http://a:1"] }, '"telemetry.brokers" must be a list'],
  [{ ...GOOD, readOnlyBrokers: [1] }, '"telemetry.readOnlyBrokers" must be a list'],
  [{ ...GOOD, allowRemoteCommands: "yes" }, '"telemetry.allowRemoteCommands" must be true'],
  [{ ...GOOD, operatorKeys: "keys.json" }, '"telemetry.operatorKeys" must be an absolute path'],
  [{ ...GOOD, brokerTls: true }, '"telemetry.brokerTls.listen" must be host:port'],
  [{ ...GOOD, brokerTls: { listen: "8883" } }, '"telemetry.brokerTls.listen" must be host:port'],
  [
    { ...GOOD, brokerTls: { listen: "192.0.2.1:8883", folder: "broker" } },
    '"telemetry.brokerTls.folder" must be an absolute path',
  ],
  [
    { ...GOOD, peerBrokers: { SERVER2: "mqtt://192.0.2.2:1883" } },
    '"telemetry.peerBrokers" must map server names',
  ],
  [
    { ...GOOD, peerBrokers: { SERVER2: "mqtts://192.0.2.2:8883" } },
    '"telemetry.peerBrokers" needs "brokerTls"',
  ],
  [{ ...GOOD, brokerCredentials: {} }, '"telemetry.brokerCredentials" must be a path'],
  [{ ...GOOD, tls: { cert: "c" } }, '"telemetry.tls" must have the paths'],
  [{ ...GOOD, homeAssistant: "on" }, '"telemetry.homeAssistant" must be true or false'],
  [{ ...GOOD, peers: { SERVER2: 1 } }, '"telemetry.peers" must map'],
];
for (const [section, words] of WRONG) {
  test(`${JSON.stringify(section)} is refused with what was expected`, () => {
    assert.throws(
      () => read(section),
      (error: Error) => error.message.includes(words),
    );
  });
}

test.run();
