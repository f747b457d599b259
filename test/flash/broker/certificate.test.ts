/**
 * Certificates of the broker: expectations from RFC 5280 (fields, dates, extensions) as Node's own reader of
 * X.509 sees them, and that every server of a cluster, and nobody else, has the same authority.
 */
import { createPublicKey, generateKeyPairSync, X509Certificate } from "node:crypto";
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  authorityCertificate,
  DAY_MS,
  deriveAuthority,
  derivePeerPassword,
  nodeCertificate,
} from "../../../flash/broker/certificate.ts";
import { instant, integer, objectId, tagged } from "../../../flash/broker/der.ts";

const KEY = new Uint8Array(32).fill(7);
const NOW_MS = Date.UTC(2026, 10, 23);
const { publicKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });

const issue = (clusterKey: Uint8Array, hosts: readonly string[]): X509Certificate =>
  new X509Certificate(
    nodeCertificate({
      authority: deriveAuthority(clusterKey, "lab"),
      publicKey,
      server: "SERVER1",
      hosts,
      nowMs: NOW_MS,
      serial: new Uint8Array(16).fill(0xff),
    }),
  );

test("what one server issues, the authority of every other server of the cluster proves", () => {
  const here = issue(KEY, ["192.0.2.1"]);
  const there = new X509Certificate(authorityCertificate(deriveAuthority(KEY, "lab")));
  assert.ok(here.checkIssued(there));
  assert.ok(here.verify(there.publicKey));
  assert.ok(there.verify(there.publicKey));
  assert.ok(there.ca);
  const stranger = deriveAuthority(new Uint8Array(32).fill(8), "lab");
  assert.not(here.verify(createPublicKey(stranger.key)));
  assert.not(here.checkIssued(new X509Certificate(authorityCertificate(stranger))));
});

test("a certificate bears its names and addresses, and begins a day before", () => {
  const found = issue(KEY, ["192.0.2.1", "2001:db8::1:5", "::1", "server1", "mq.example.test"]);
  for (const ip of ["192.0.2.1", "2001:db8::1:5", "::1"]) assert.ok(found.checkIP(ip), ip);
  for (const host of ["server1", "mq.example.test"]) assert.ok(found.checkHost(host), host);
  for (const ip of ["192.0.2.2", "2001:db8::5"]) assert.is(found.checkIP(ip), undefined);
  assert.is(found.checkHost("server2"), undefined);
  assert.not(found.ca);
  assert.equal(found.keyUsage, ["1.3.6.1.5.5.7.3.1"]);
  assert.is(Date.parse(found.validFrom), NOW_MS - DAY_MS);
  assert.is(Date.parse(found.validTo), NOW_MS + 397 * DAY_MS);
  assert.is(found.serialNumber, `7F${"FF".repeat(15)}`);
  assert.ok(found.publicKey.equals(publicKey));
});

test("the authority is another one with another cluster key, and so is the password between servers", () => {
  const a = deriveAuthority(KEY, "lab");
  assert.is(deriveAuthority(KEY, "lab").name, a.name);
  assert.ok(createPublicKey(deriveAuthority(KEY, "lab").key).equals(createPublicKey(a.key)));
  assert.is.not(deriveAuthority(new Uint8Array(32), "lab").name, a.name);
  assert.match(derivePeerPassword(KEY), /^[0-9a-f]{48}$/);
  assert.is(derivePeerPassword(KEY), derivePeerPassword(KEY));
  assert.is.not(derivePeerPassword(KEY), derivePeerPassword(new Uint8Array(32)));
});

test("DER is written in its shortest form", () => {
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
  // X.690 8.3: no needless zero, but one before a set first bit.
  assert.is(hex(integer(Uint8Array.from([0, 0, 1]))), "020101");
  assert.is(hex(integer(Uint8Array.from([0x80]))), "02020080");
  assert.is(hex(integer(Uint8Array.from([0]))), "020100");
  // X.690 8.1.3: short and long form of the length.
  assert.is(hex(tagged(4, new Uint8Array(127))).slice(0, 4), "047f");
  assert.is(hex(tagged(4, new Uint8Array(128))).slice(0, 6), "048180");
  assert.is(hex(tagged(4, new Uint8Array(256))).slice(0, 8), "04820100");
  assert.is(hex(objectId("1.2.840.10045.4.3.2")), "06082a8648ce3d040302");
  assert.is(
    hex(instant(Date.UTC(2049, 11, 31, 23, 59, 59))),
    `170d${hex(Buffer.from("491231235959Z"))}`,
  );
  assert.is(hex(instant(Date.UTC(2050, 0, 1))), `180f${hex(Buffer.from("20500101000000Z"))}`);
});

test.run();
