/** Addresses in the hands of the pulse: what is asked before one goes up, and what must not come up. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Addresses } from "../../../firmware/pulse/addresses.ts";
import type { AddressUse } from "../../../hal/ports/host.ts";

const ADDRESS = "127.5.5.101";

interface Stage {
  readonly addresses: Addresses;
  /** Orders to the port in their order. */
  readonly orders: string[];
  readonly notes: string[];
  /** Answers the question that is open. */
  answer(use: AddressUse): void;
  lease: boolean;
  nowMs: number;
  announced: number;
}

function stage(): Stage {
  const orders: string[] = [];
  const notes: string[] = [];
  let open: (use: AddressUse) => void = () => assert.unreachable("nothing was asked");
  const done = (order: string): Promise<void> => {
    orders.push(order);
    return Promise.resolve();
  };
  const port = {
    probe(): Promise<AddressUse> {
      orders.push("probe");
      return new Promise((resolve) => {
        open = resolve;
      });
    },
    up: () => done("up"),
    down: () => done("down"),
    announce: () => {
      all.announced += 1;
    },
    onForeignClaim: () => undefined,
    close: () => undefined,
  };
  const all: Stage = {
    orders,
    notes,
    answer: (use: AddressUse) => open(use),
    lease: true,
    nowMs: 1000,
    announced: 0,
    addresses: new Addresses(port, {
      mayAnnounce: () => all.lease,
      now: () => all.nowMs,
      note: (key, data) => notes.push(`${key} ${data["address"]}`),
    }),
  };
  return all;
}

const reasonOf = (promise: Promise<void>): Promise<string> =>
  promise.then(
    () => "came up",
    (error: Error) => error.message,
  );

test("R115: a cold start asks first; free and unknown go up", async () => {
  for (const use of ["free", "unknown"] as const) {
    const s = stage();
    const up = reasonOf(s.addresses.up(ADDRESS, 24, true));
    s.answer(use);
    assert.is(await up, "came up");
    assert.equal(s.orders, ["probe", "up"], use);
    assert.equal(s.notes, []);
  }
});

test("R115: an address in use is refused in words, noted, and never goes up", async () => {
  const s = stage();
  const up = reasonOf(s.addresses.up(ADDRESS, 24, true));
  s.answer("in-use");
  assert.match(await up, `${ADDRESS} is in use by another station; free it`);
  assert.equal(s.orders, ["probe"]);
  assert.equal(s.notes, [`address.in-use ${ADDRESS}`]);
  for (const suspended of [true, false]) {
    s.addresses.suspend(suspended, (error) => assert.unreachable(String(error)));
  }
  assert.equal(s.orders, ["probe"], "and it is not remembered");
});

test("R187: a takeover asks nothing", async () => {
  const s = stage();
  await s.addresses.up(ADDRESS, 24);
  assert.equal(s.orders, ["up"]);
});

test("R115: an address that is held here is not asked for again", async () => {
  const s = stage();
  await s.addresses.up(ADDRESS, 24);
  await s.addresses.up(ADDRESS, 24, true);
  assert.equal(s.orders, ["up", "up"]);
});

test("protocol 1.3.7: taken down or without a lease during the question, it stays down", async () => {
  const willed = stage();
  const up = reasonOf(willed.addresses.up(ADDRESS, 24, true));
  await willed.addresses.down(ADDRESS);
  willed.answer("free");
  assert.match(await up, "was given up meanwhile");
  assert.equal(willed.orders, ["probe", "down"]);
  const lost = stage();
  const late = reasonOf(lost.addresses.up(ADDRESS, 24, true));
  lost.lease = false;
  lost.answer("free");
  assert.match(await late, "no lease");
  assert.equal(lost.orders, ["probe"]);
});

test("D53 L7: who stays after two owners have met announces its addresses anew, five times and five times after a while", async () => {
  const s = stage();
  await s.addresses.up(ADDRESS, 24);
  assert.is(s.announced, 5);
  s.nowMs = 60_000;
  s.addresses.tick();
  assert.is(s.announced, 10);
  s.addresses.tick();
  assert.is(s.announced, 10, "nothing is due");
  // Met: neither announces. The other one has given up: its claims were the last that anybody heard.
  s.lease = false;
  s.addresses.tick();
  s.addresses.tick();
  assert.is(s.announced, 10);
  s.lease = true;
  s.addresses.tick();
  assert.is(s.announced, 15);
  s.addresses.tick();
  assert.is(s.announced, 15);
  s.nowMs = 120_000;
  s.addresses.tick();
  assert.is(s.announced, 20);
});

test.run();
