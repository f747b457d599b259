/** The warning before a certificate ends: 30 days before, once a day, and none without a certificate. */
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { CertificateWatch } from "../../../firmware/telemetry/certificate-watch.ts";
import { DAY_MS, deriveAuthority, nodeCertificate } from "../../../flash/broker/certificate.ts";

const START_MS = Date.UTC(2026, 10, 23);
const HOUR_MS = 3_600_000;

test("a certificate that ends within 30 days is told of once a day", () => {
  const folder = mkdtempSync(join(tmpdir(), "kage-expiry-"));
  try {
    const file = join(folder, "node.crt");
    const absent = new CertificateWatch(file);
    assert.is(absent.look(0, START_MS), null);
    const pem = nodeCertificate({
      authority: deriveAuthority(new Uint8Array(32), "lab"),
      publicKey: generateKeyPairSync("ec", { namedCurve: "prime256v1" }).publicKey,
      server: "SERVER1",
      hosts: [],
      nowMs: START_MS,
      serial: new Uint8Array(16),
    });
    writeFileSync(file, pem);
    const watch = new CertificateWatch(file);
    // 397 days in all.
    assert.is(watch.look(0, START_MS + 367 * DAY_MS), null);
    const note = watch.look(HOUR_MS, START_MS + 367 * DAY_MS + HOUR_MS);
    assert.is(note?.key, "certificate.expiring");
    assert.equal(note?.data, { detail: "2027-12-25T00:00:00.000Z", count: 29 });
    assert.is(watch.look(2 * HOUR_MS, START_MS + 368 * DAY_MS), null);
    assert.is(watch.look(25 * HOUR_MS, START_MS + 400 * DAY_MS)?.data.count, 0);
    writeFileSync(file, "no certificate");
    assert.is(watch.look(60 * HOUR_MS, START_MS + 400 * DAY_MS), null);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test.run();
