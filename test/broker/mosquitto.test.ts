/**
 * The telemetry process with Debian's mosquitto, configured by our own files, and mosquitto's own clients
 * as strangers: what they read and order must work by the MQTT 5 standard alone.
 * Source: work order 3 item 6; mosquitto_sub(1), mosquitto_rr(1).
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { BrokerAccount } from "../../flash/broker/rights.ts";
import { until } from "../deadline.ts";
import { type Rig, withRig } from "../firmware/telemetry/rig.ts";
import { move, tellFlood, tellStories } from "../firmware/telemetry/stories.ts";
import { PREFIX } from "../services/telemetry/desk-stage.ts";
import { MISSING, run } from "./tools.ts";

const accessOf = (rig: Rig, account: BrokerAccount): string[] => [
  ...["-V", "5", "-h", rig.address.host, "-p", String(rig.address.port)],
  ...["-u", account, "-P", rig.passwords[account], "-q", "1"],
];

async function whenOnline(rig: Rig): Promise<void> {
  const observer = await rig.observe("admin");
  await until("online", () => observer.last("node/server1/online") === "online");
}

function tellOfStrangers(): void {
  test("mosquitto_sub -V 5 reads the retained picture", async () => {
    await withRig("mosquitto", async (rig) => {
      await whenOnline(rig);
      const topics = ["-t", `${PREFIX}/group/+/state`, "-C", "1", "-W", "5", "-F", "%r %t %p"];
      const { text } = await run("mosquitto_sub", [...accessOf(rig, "viewer"), ...topics]);
      const [retained, topic = "", json = ""] = text.trim().split(/ (.+?) (.*)/s);
      assert.is(retained, "1");
      assert.is(topic, `${PREFIX}/group/web/state`);
      assert.is((JSON.parse(json) as { owner: string }).owner, "SERVER1");
    });
  });

  test("R41, R42: mosquitto_rr -V 5, a stranger to the cluster, gives an order and gets the answer", async () => {
    await withRig("mosquitto", async (rig) => {
      await whenOnline(rig);
      const topics = ["-t", `${PREFIX}/cmd/op/group/web/move`];
      const reply = ["-e", `${PREFIX}/reply/operator/stranger`, "-m", move(), "-W", "5"];
      const args = [...accessOf(rig, "operator"), "-i", "stranger", ...topics, ...reply];
      const { text } = await run("mosquitto_rr", args);
      assert.is((JSON.parse(text) as { status: string }).status, "accepted");
      assert.equal(rig.orders, [{ verb: "group.move", group: 0, target: 1 }]);
    });
  });

  test("mosquitto_pub -V 5 without a password, with a wrong one, and out of its rights", async () => {
    await withRig("mosquitto", async (rig) => {
      await whenOnline(rig);
      const { host, port } = rig.address;
      const what = ["-t", `${PREFIX}/cmd/op/group/web/move`, "-m", move(), "-q", "1"];
      const where = ["-V", "5", "-h", host, "-p", String(port)];
      const nobody = await run("mosquitto_pub", [...where, ...what]);
      assert.is.not(nobody.status, 0, nobody.text);
      const guess = await run("mosquitto_pub", [...where, "-u", "admin", "-P", "admin", ...what]);
      assert.is.not(guess.status, 0, guess.text);
      await run("mosquitto_pub", [...accessOf(rig, "viewer"), ...what]);
      await run("mosquitto_pub", [...accessOf(rig, "operator"), ...what]);
      await until("the operator's order", () => rig.orders.length > 0);
      assert.is(rig.orders.length, 1);
    });
  });
}

if (MISSING.length > 0) {
  process.stdout.write(`# skip not installed: ${MISSING.join(", ")} (see .ci/packages.sh)\n`);
} else {
  tellOfStrangers();
  tellStories(test, "mosquitto");
  tellFlood(test, "mosquitto");
}

test.run();
