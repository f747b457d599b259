/**
 * Which broker may order what, and who learns which secret: a customer's broker gets neither this server's
 * password nor a say in who is trusted. Source: ecosystem.md 1.4.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { accountFor, authorityFile, planBrokers } from "../../../firmware/telemetry/broker-plan.ts";

const OPTIONS = {
  listen: "127.0.0.1:8443",
  brokers: ["mqtt://127.0.0.1:1883", "mqtts://customer.example.test:8883"],
  readOnlyBrokers: ["mqtts://logger.example.test:8883"],
};

const duties = (more: object): unknown[] =>
  planBrokers({ ...OPTIONS, ...more }).map(({ takesCommands, wantsSignature = false }) => [
    takesCommands,
    wantsSignature,
  ]);

test("only the own broker takes unsigned commands; the others signed ones, and only by leave", () => {
  assert.equal(duties({}), [
    [true, false],
    [false, true],
    [false, true],
  ]);
  assert.equal(duties({ allowRemoteCommands: true }), [
    [true, false],
    [true, true],
    [false, true],
  ]);
});

test("the account of the own broker is told to no other", () => {
  const folder = mkdtempSync(join(tmpdir(), "kage-plan-"));
  try {
    const brokerCredentials = join(folder, "credentials.json");
    const secrets = { node: "n", viewer: "v", operator: "o", admin: "a" };
    writeFileSync(brokerCredentials, JSON.stringify(secrets));
    const options = { ...OPTIONS, brokerCredentials };
    const accounts = planBrokers(options).map((planned) => accountFor(planned, options));
    const nobody = { username: null, password: null };
    assert.equal(accounts, [{ username: "node", password: "n" }, nobody, nobody]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("the cluster's authority vouches for the own broker, brokerCa for those of others", () => {
  const brokerTls = { listen: "192.0.2.1:8883", folder: "/x" };
  const files = (more: object): unknown[] => {
    const options = { ...OPTIONS, ...more };
    return planBrokers(options).map((planned) => authorityFile(planned, options));
  };
  assert.equal(files({}), [null, null, null]);
  assert.equal(files({ brokerTls }), ["/x/ca.pem", null, null]);
  assert.equal(files({ brokerTls, brokerCa: "/c.pem" }), ["/x/ca.pem", "/c.pem", "/c.pem"]);
});

test.run();
