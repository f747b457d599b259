/** What ARMRSP looks at, on this machine's own loopback interface; nothing is changed there. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { lookAtResources } from "../../../firmware/agent/resource-look.ts";
import { clear, makeStage, type ScriptStage } from "./script-stage.ts";

const test = suite<{ stage: ScriptStage }>("a look at a group's resources");

test.before.each((box) => {
  box.stage = makeStage();
});
test.after.each(({ stage }) => clear(stage));

/** Troubles of the group's address, on a server whose addresses are the kernel's. */
function look({ context, group }: ScriptStage, address: string): Promise<readonly string[]> {
  const floating = { kind: "floating-ip" as const, name: "ip", address, prefixLength: 8 };
  const local = { ...context.local, addresses: { kind: "linux" as const } };
  return lookAtResources({ ...context, local }, { ...group, resources: [floating] }, false);
}

test("R33: an address that is on this server is well, one that is not is a trouble by name", async ({
  stage,
}) => {
  assert.equal(await look(stage, "127.0.0.1"), []);
  assert.equal(await look(stage, "127.9.8.7"), ["address 127.9.8.7 is not on this server"]);
});

test("where the rack's switch has the address nothing can be looked at", async ({ stage }) => {
  const { context, group } = stage;
  assert.equal(await lookAtResources(context, group, true), []);
});

test.run();
