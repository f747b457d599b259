/** A made-up server with mosquitto, TLS and a certificate that ends in so many days. */
import { generateKeyPairSync } from "node:crypto";
import {
  DAY_MS,
  deriveAuthority,
  NODE_DAYS,
  nodeCertificate,
} from "../../../flash/broker/certificate.ts";
import { type FakeRoot, LOCAL } from "./fake-root.ts";

const FOLDER = "/etc/kagemusha/broker";

/** `daysLeft` null = no certificate. */
export function tlsBroker(root: FakeRoot, daysLeft: number | null, keyMode = 0o600): void {
  root.write("/usr/sbin/mosquitto", "", 0o755);
  const telemetry = {
    listen: "127.0.0.1:8443",
    brokers: ["mqtt://127.0.0.1:1883"],
    brokerTls: { listen: "192.168.0.1:8883" },
  };
  root.write("/etc/kagemusha/local.json", JSON.stringify({ ...LOCAL, telemetry }));
  if (daysLeft === null) return;
  const certificate = nodeCertificate({
    authority: deriveAuthority(new Uint8Array(32), "WWW"),
    publicKey: generateKeyPairSync("ec", { namedCurve: "prime256v1" }).publicKey,
    server: "SERVER1",
    hosts: ["192.168.0.1"],
    // Half a day more: whole days are counted.
    nowMs: Date.now() + (daysLeft - NODE_DAYS + 0.5) * DAY_MS,
    serial: new Uint8Array(16),
  });
  root.write(`${FOLDER}/node.crt`, certificate);
  root.write(`${FOLDER}/node.key`, "", keyMode);
}
