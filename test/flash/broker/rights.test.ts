/**
 * The rights table: a role's commands and nothing more, deny by default, the same for mosquitto's list and
 * for the embedded broker. Source: ecosystem.md 1.4.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { accessList, brokerConfig, brokerFiles } from "../../../flash/broker/mosquitto.ts";
import { BROKER_ACCOUNTS, mayRead, mayWrite } from "../../../flash/broker/rights.ts";

const P = "kage/v1/www";

/** Topic; who may write; who may read. n node, v viewer, o operator, a admin. */
const TABLE: readonly [string, string, string][] = [
  ["state", "n", "nvoa"],
  ["info", "n", "nvoa"],
  ["node/server1/online", "n", "nvoa"],
  ["group/web/state", "n", "nvoa"],
  ["path/lan1/state", "n", "nvoa"],
  ["alert/kg-1001-1", "n", "nvoa"],
  ["event", "n", "nvoa"],
  ["event/recent", "n", "nvoa"],
  ["audit", "n", "nvoa"],
  ["cmd/view/ping", "nvoa", "n"],
  ["cmd/op/group/web/move", "noa", "n"],
  ["cmd/admin/cluster/shutdown", "na", "n"],
  ["reply/viewer/x", "n", "nv"],
  ["reply/operator/x", "n", "no"],
  ["reply/admin/x", "n", "na"],
  ["anything", "n", "n"],
];
for (const [topic, writers, readers] of TABLE) {
  test(`${topic} is written by ${writers} and read by ${readers}`, () => {
    const who = (may: (account: (typeof BROKER_ACCOUNTS)[number]) => boolean): string =>
      BROKER_ACCOUNTS.filter(may)
        .map(([letter]) => letter)
        .join("");
    assert.is(
      who((account) => mayWrite(account, P, `${P}/${topic}`)),
      writers,
    );
    assert.is(
      who((account) => mayRead(account, P, `${P}/${topic}`)),
      readers,
    );
  });
}

test("another cluster's tree, look-alikes and the broker's own are out of reach", () => {
  for (const topic of ["kage/v1/other/state", `${P}x/state`, "kage/v1", "x", "", "$SYS/x"]) {
    for (const account of BROKER_ACCOUNTS) {
      assert.not(mayWrite(account, P, topic), `${account} ${topic}`);
      if (account !== "admin") assert.not(mayRead(account, P, topic), `${account} ${topic}`);
    }
  }
});

test("the list for mosquitto has a section per account and nothing for strangers", () => {
  const list = accessList(P);
  assert.equal(
    [...list.matchAll(/^user (\w+)$/gm)].map(([, name]) => name),
    ["node", "viewer", "operator", "admin"],
  );
  assert.match(list, /user viewer\n(topic read .*\n)+topic write kage\/v1\/www\/cmd\/view\/#\n/);
  assert.not.match(list.split("user node")[0] ?? "", /^topic/m);
});

test("the broker listens on loopback without WebSocket, keeps nothing, and knows its users", () => {
  const bytes = new Uint8Array(12);
  const each = <T>(value: T) => ({ node: value, viewer: value, operator: value, admin: value });
  const options = {
    prefix: P,
    folder: "/etc/kagemusha/broker",
    listen: { host: "127.0.0.1", port: 1883 },
    passwords: each("secret"),
    salts: each(bytes),
  };
  const config = brokerConfig(options);
  assert.match(config, /^listener 1883 127\.0\.0\.1$/m);
  assert.match(config, /^allow_anonymous false$/m);
  assert.match(config, /^persistence false$/m);
  assert.not.match(config, /websockets/);
  const files = new Map(brokerFiles(options).map((file) => [file.name, file]));
  assert.is(files.get("passwords")?.mode, 0o600);
  assert.is(files.get("credentials.json")?.mode, 0o600);
  assert.not.match(files.get("passwords")?.text ?? "", /secret/);
});

test.run();
