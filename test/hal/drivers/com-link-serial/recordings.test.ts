/**
 * Recordings of the line against decoder and sealer: the frames on record stay readable for ever, and
 * no garbage on record becomes a beat or costs the frame behind it.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createLineDecoder } from "../../../../hal/drivers/com-link-serial/protocol.ts";
import { exchange } from "../../../../hal/drivers/com-link-serial/recordings/exchange.ts";
import { garbage } from "../../../../hal/drivers/com-link-serial/recordings/garbage.ts";
import type { Opened } from "../../../../services/heartbeat/beat.ts";
import { createSealer, type Sealer } from "../../../../services/heartbeat/seal.ts";

const unhex = (text: string) => Uint8Array.from(Buffer.from(text, "hex"));

function sealer(self: 0 | 1): Sealer {
  return createSealer({
    clusterKey: Uint8Array.from({ length: 32 }, (_, i) => i),
    clusterId: 0xc1a57e12,
    self,
    serverCount: 2,
    processSalt: unhex((self === 0 ? "11" : "22").repeat(8)),
  });
}

/** What a receiver with a fresh decoder makes of line bytes. */
function receive(receiver: Sealer, hex: string): Opened[] {
  const opened: Opened[] = [];
  createLineDecoder().push(unhex(hex), (frame) => opened.push(receiver.openCom(frame, 0)));
  return opened;
}

test("the recorded exchange opens to the four beats that were sent", () => {
  const receivers = [sealer(0), sealer(1)];
  const said = exchange.map(({ from, hex }) => {
    const receiver = receivers[1 - from];
    assert.ok(receiver);
    const [opened, ...more] = receive(receiver, hex);
    assert.ok(opened?.kind === "beat" && more.length === 0 && opened.beat.kind === "com-beat");
    const {
      from: sender,
      host,
      stampMs,
      state,
      epochCounter,
      hearsCom,
      sole,
      mayOwn,
    } = opened.beat;
    const flags = [hearsCom && "hears", sole && "sole", mayOwn && "owns"].filter(Boolean).join(" ");
    const life = `${opened.process} ${opened.seq} ${opened.proven ? "proven" : "unproven"}`;
    return `${sender} ${host} ${stampMs} ${state} ${epochCounter} [${flags}] ${life}`;
  });
  assert.equal(said, [
    "0 aaaaaaaaaaaaaaaa 1000 starting 0 [] 1111111111111111 1 unproven",
    "1 bbbbbbbbbbbbbbbb 5000 member 6 [hears owns] 2222222222222222 1 proven",
    "0 aaaaaaaaaaaaaaaa 1100 member 6 [hears] 1111111111111111 2 proven",
    "1 bbbbbbbbbbbbbbbb 5100 member 7 [hears sole owns] 2222222222222222 2 proven",
  ]);
});

for (const { what, hex } of garbage) {
  test(`garbage is no beat and costs no frame: ${what}`, () => {
    const [good] = exchange;
    assert.ok(good);
    const opened = receive(sealer(1), hex + good.hex);
    assert.is(opened.at(-1)?.kind, "beat");
    for (const noise of opened.slice(0, -1)) assert.is(noise.kind, "malformed");
    const alone = receive(sealer(1), `${hex}00`);
    assert.ok(alone.every((noise) => noise.kind === "malformed"));
  });
}

test("the sender's own echo (loop-back plug, two-wire line) is never a beat", () => {
  const [good] = exchange;
  assert.ok(good);
  assert.equal(receive(sealer(0), good.hex), [{ kind: "malformed", reason: "address" }]);
});

test.run();
