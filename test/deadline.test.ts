/** The waits of the tests: what counts as found, and that what does not come is an error with its name. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Bell, until, untilWithin, within } from "./deadline.ts";

async function faultOf(wait: Promise<unknown>): Promise<string> {
  return await wait.then(
    () => "none",
    (error: unknown) => String(error),
  );
}

test("until looks again while null, undefined or false is found, and gives the first other value", async () => {
  const looks = [null, undefined, false, 0, 5];
  assert.is(await until("a number", () => looks.shift()), 0);
  assert.equal(looks, [5]);
  let asked = 0;
  const reach = async (): Promise<boolean> => {
    asked += 1;
    return asked > 2;
  };
  assert.is(await until("the third answer", reach), true);
});

test("what is not found within the deadline is an error with its name; so is a look that throws", async () => {
  assert.match(await faultOf(untilWithin("the owner", 5, () => false)), "within 5 ms: the owner");
  const broken = (): boolean => {
    throw new Error("out of order");
  };
  assert.match(await faultOf(until("the owner", broken)), "out of order");
});

test("within hands the outcome on, whichever it is, and leaves no timer", async () => {
  assert.is(await within("a word", Promise.resolve("yes")), "yes");
  assert.match(await faultOf(within("a word", Promise.reject(new Error("no")))), "no");
});

test("a bell wakes all that wait; who does not yet have what it wants waits on", async () => {
  const bell = new Bell();
  let count = 0;
  const reached: number[] = [];
  const waits = [1, 2].map((wanted) =>
    bell.until(`${wanted} rings`, () => count >= wanted).then(() => reached.push(wanted)),
  );
  count = 1;
  bell.ring();
  await waits[0];
  assert.equal(reached, [1]);
  count = 2;
  bell.ring();
  await waits[1];
  assert.equal(reached, [1, 2]);
  await bell.until("nothing more", () => true);
});

test.run();
