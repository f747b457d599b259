/**
 * TLS of a server's own mosquitto: files as `kage broker setup` writes them, telemetry that checks the authority,
 * strangers with the right and the wrong one, renewal, and the events of the other server's broker.
 * Source: ecosystem.md 1.2, 1.4 (TLS 1.2, own authority, per-node certificates); mosquitto.conf(5).
 */
import { X509Certificate } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { writeBrokerFiles } from "../../firmware/telemetry/broker-files.ts";
import { authorityCertificate, deriveAuthority } from "../../flash/broker/certificate.ts";
import { openBrokerLink } from "../../services/telemetry/broker-link.ts";
import { until } from "../deadline.ts";
import { type Rig, reachable, TLS_PORT, withRig } from "../firmware/telemetry/rig.ts";
import { PREFIX } from "../services/telemetry/desk-stage.ts";
import { kage, MISSING, run } from "./tools.ts";

const PEER_PORT = 8884;

const dir = (rig: Rig): string => join(rig.folder, "broker");

async function whenOnline(rig: Rig): Promise<void> {
  const observer = await rig.observe("admin");
  await until("online", () => observer.last("node/server1/online") === "online");
}

const viewer = ({ address, passwords }: Rig, ca: string): string[] => [
  ...["-V", "5", "-h", address.host, "-p", String(address.port), "--cafile", ca],
  ...["-u", "viewer", "-P", passwords.viewer, "-q", "1"],
  ...["-t", `${PREFIX}/info`, "-C", "1", "-W", "5"],
];

/** Serial number of the certificate that the broker shows at this moment. */
function servedSerial({ address: { host, port } }: Rig): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerX509Certificate()?.serialNumber ?? "");
      socket.destroy();
    });
    socket.on("error", reject);
  });
}

function tellOfTls(): void {
  test("telemetry and a stranger meet by TLS, and only by the cluster's authority", async () => {
    await withRig("tls", async (rig) => {
      await whenOnline(rig);
      const good = await run("mosquitto_sub", viewer(rig, join(dir(rig), "ca.pem")));
      assert.is(good.status, 0, good.text);
      assert.match(good.text, '"cluster":"lab"');
      const other = join(rig.folder, "other.pem");
      writeFileSync(other, authorityCertificate(deriveAuthority(new Uint8Array(32), "lab")));
      const bad = await run("mosquitto_sub", viewer(rig, other));
      assert.is.not(bad.status, 0);
      assert.not.match(bad.text, '"cluster"');
    });
  });

  test("telemetry tells nothing to a broker whose authority it does not know", async () => {
    const before = async (rig: Rig): Promise<void> => {
      const file = join(dir(rig), "ca.pem");
      renameSync(file, join(rig.folder, "true.pem"));
      const other = deriveAuthority(new Uint8Array(32), "lab");
      writeFileSync(file, authorityCertificate(other));
    };
    const act = async (rig: Rig): Promise<void> => {
      const { status, text } = await run(
        "mosquitto_sub",
        viewer(rig, join(rig.folder, "true.pem")),
      );
      // 27: mosquitto_sub waited in vain.
      assert.is(status, 27, text);
    };
    await withRig("tls", act, { before });
  });

  test("TLS 1.2 and 1.3 are spoken, nothing older and nothing in the clear", async () => {
    await withRig("tls", async (rig) => {
      const { host, port } = rig.address;
      const ca = join(dir(rig), "ca.pem");
      const ask = (version: string) => {
        const what = ["-connect", `${host}:${port}`, "-CAfile", ca, "-verify_ip", host];
        const weak = ["-cipher", "DEFAULT:@SECLEVEL=0", "-verify_return_error"];
        return run("openssl", ["s_client", version, ...what, ...weak]);
      };
      for (const version of ["-tls1_2", "-tls1_3"]) {
        assert.match((await ask(version)).text, "Verify return code: 0 (ok)", version);
      }
      assert.is.not((await ask("-tls1_1")).status, 0);
      const plain = ["-V", "5", "-h", host, "-p", String(port), "-t", "#", "-W", "3"];
      const { text } = await run("mosquitto_sub", [...plain, "-u", "admin", "-P", "guess"]);
      assert.not.match(text, "kage");
    });
  });

  test("keys are the broker's alone; a renewal changes key and certificate, and trust stays", async () => {
    await withRig("tls", async (rig) => {
      await whenOnline(rig);
      const at = (name: string): string => join(dir(rig), name);
      const oldKey = readFileSync(at("node.key"), "utf8");
      const oldAuthority = join(rig.folder, "kept.pem");
      writeFileSync(oldAuthority, readFileSync(at("ca.pem")));
      // Writing the files anew keeps the certificate.
      writeBrokerFiles({ localFile: rig.localFile, user: userInfo().username });
      assert.is(readFileSync(at("node.key"), "utf8"), oldKey);
      const renewed = await kage(["certificate", "renew", "--local", rig.localFile]);
      assert.is(renewed.status, 0, renewed.text);
      assert.match(renewed.text, "new certificate until 20");
      assert.is.not(readFileSync(at("node.key"), "utf8"), oldKey);
      for (const name of ["node.key", "passwords", "acl", "credentials.json"]) {
        assert.is(statSync(at(name)).mode & 0o777, 0o600, name);
      }
      const renewedSerial = new X509Certificate(readFileSync(at("node.crt"))).serialNumber;
      assert.is.not(await servedSerial(rig), renewedSerial);
      // What systemctl reload does; connections live on.
      rig.broker().kill("SIGHUP");
      const isServed = async (): Promise<boolean> => (await servedSerial(rig)) === renewedSerial;
      await until("the renewed certificate is served", isServed);
      const good = await run("mosquitto_sub", viewer(rig, oldAuthority));
      assert.is(good.status, 0, good.text);
      await whenOnline(rig);
    });
  });

  test("the certificate names where the broker is called, and ends after 397 days", async () => {
    await withRig("tls", async (rig) => {
      const found = new X509Certificate(readFileSync(join(dir(rig), "node.crt")));
      assert.ok(found.checkIP(rig.address.host));
      assert.ok(found.checkHost("server1"));
      assert.is(found.checkIP("192.0.2.9"), undefined);
      const days = (Date.parse(found.validTo) - Date.now()) / 86_400_000;
      assert.ok(days > 396 && days <= 397, `${days}`);
      assert.not(found.ca);
    });
  });
}

/** Files and process of SERVER2's broker, which is only there to be read. */
async function openOther(rig: Rig): Promise<string> {
  const folder = join(rig.folder, "broker2");
  const { host } = rig.address;
  const first = JSON.parse(readFileSync(rig.localFile, "utf8")) as Record<string, unknown>;
  const telemetry = {
    listen: `${host}:0`,
    brokers: [`mqtts://${host}:${PEER_PORT}`],
    brokerTls: { listen: `${host}:${PEER_PORT}`, folder },
  };
  const file = join(rig.folder, "local2.json");
  mkdirSync(folder);
  writeFileSync(file, JSON.stringify({ ...first, server: "SERVER2", telemetry }));
  writeBrokerFiles({ localFile: file, user: userInfo().username });
  rig.spawn("mosquitto", ["-c", join(folder, "mosquitto.conf")]);
  await reachable(host, PEER_PORT);
  return folder;
}

function tellOfPeers(): void {
  test("events of the other server's broker come to this one's, its own ones only and once", async () => {
    await withRig(
      "tls",
      async (rig) => {
        const folder = join(rig.folder, "broker2");
        const reader = await rig.observe("viewer");
        await until("online", () => reader.last("node/server1/online") === "online");
        const secrets = JSON.parse(
          readFileSync(join(folder, "credentials.json"), "utf8"),
        ) as Record<string, string>;
        let isReady = false;
        const second = openBrokerLink(
          {
            url: `mqtts://${rig.address.host}:${PEER_PORT}`,
            clientId: "kage-lab-server2",
            username: "node",
            password: secrets["node"] ?? "",
            ca: readFileSync(join(rig.folder, "broker", "ca.pem"), "utf8"),
            will: null,
            subscriptions: [],
          },
          {
            onReady: () => {
              isReady = true;
            },
            onMessage: () => undefined,
            onEnd: () => undefined,
          },
        );
        await until("SERVER2's telemetry", () => isReady);
        const event = (server: string, seq: number) => {
          const ts = new Date().toISOString();
          return { v: 1, id: `${server}-${seq}`, seq, ts, server, key: "group.running", text: {} };
        };
        const tell = (below: string, content: object, retain: boolean): void => {
          const letter = { topic: `${PREFIX}/${below}`, payload: JSON.stringify(content), retain };
          second.publish({ ...letter, correlation: null, expiryS: null }, () => undefined);
        };
        const heardOf = (id: string): number =>
          reader.heard.filter(
            ({ topic, payload }) =>
              topic === `${PREFIX}/event` && Buffer.from(payload).toString().includes(`"${id}"`),
          ).length;
        tell("event/recent", { events: [event("SERVER2", 1), event("SERVER1", 77)] }, true);
        await until("what was missed", () => heardOf("SERVER2-1") === 1);
        tell("event", event("SERVER1", 78), false);
        tell("event", event("SERVER2", 1), false);
        tell("event", event("SERVER2", 2), false);
        await until("the event", () => heardOf("SERVER2-2") === 1);
        await until("the list", () => reader.last("event/recent")?.includes("SERVER2-2") === true);
        assert.is(heardOf("SERVER2-1"), 1);
        assert.is(heardOf("SERVER1-77") + heardOf("SERVER1-78"), 0);
        assert.not.match(reader.last("event/recent") ?? "", "SERVER1-7");
        await second.close();
      },
      {
        telemetry: ({ host }) => ({ peerBrokers: { SERVER2: `mqtts://${host}:${PEER_PORT}` } }),
        before: async (rig) => {
          await openOther(rig);
        },
      },
    );
  });

  test("the account between servers reads events and nothing else", async () => {
    await withRig("tls", async (rig) => {
      await whenOnline(rig);
      const file = join(dir(rig), "credentials.json");
      const { peer = "" } = JSON.parse(readFileSync(file, "utf8")) as Record<string, string>;
      const { host } = rig.address;
      const where = ["-V", "5", "-h", host, "-p", String(TLS_PORT)];
      const who = ["--cafile", join(dir(rig), "ca.pem"), "-u", "peer", "-P", peer, "-q", "1"];
      const topics = ["-t", `${PREFIX}/#`, "-W", "3", "-F", "%t"];
      const { text } = await run("mosquitto_sub", [...where, ...who, ...topics]);
      const read = new Set(text.split("\n").filter((line) => line.startsWith("kage/")));
      assert.equal([...read], [`${PREFIX}/event/recent`]);
      const order = ["-t", `${PREFIX}/cmd/op/group/web/stop`, "-m", "{}"];
      await run("mosquitto_pub", [...where, ...who, ...order]);
      assert.equal(rig.notes, []);
    });
  });
}

if (MISSING.length > 0) {
  process.stdout.write(`# skip not installed: ${MISSING.join(", ")} (see .ci/packages.sh)\n`);
} else {
  tellOfTls();
  tellOfPeers();
}

test.run();
