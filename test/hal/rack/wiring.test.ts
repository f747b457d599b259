/** Which wires an order means, and what a wrong order is told. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createWiring, type Wiring } from "../../../hal/rack/wiring.ts";

const wiring = (): Wiring =>
  createWiring({
    servers: ["ONE", "TWO"],
    lans: ["lan1", "lan2"],
    com: { alias: "com1" },
    array: true,
    publicSwitch: true,
  });

const chosen = (paths: string[], choice: object): string[] => {
  const selection = wiring().select(paths, choice);
  if (selection.kind === "refused") throw new Error(selection.message);
  return selection.wires.map((wire) => `${wire.path} ${wire.from}>${wire.to ?? ""}`);
};

const refusal = (paths: string[], choice: object): string => {
  const selection = wiring().select(paths, choice);
  return selection.kind === "refused" ? selection.message : "accepted";
};

test("a path alone means all its wires, several paths are one order", () => {
  assert.equal(chosen(["lan1", "com"], {}), [
    "lan1 ONE>TWO",
    "lan1 TWO>ONE",
    "com ONE>TWO",
    "com TWO>ONE",
  ]);
});

test("a server means both its directions, from and to one direction", () => {
  assert.equal(chosen(["lan2"], { servers: ["TWO"] }), ["lan2 ONE>TWO", "lan2 TWO>ONE"]);
  assert.equal(chosen(["lan2"], { from: "TWO" }), ["lan2 TWO>ONE"]);
  assert.equal(chosen(["array", "public-switch"], { servers: ["ONE"] }), [
    "array ONE>",
    "public-switch ONE>",
  ]);
});

test("the COM cable is known by its configured name too", () => {
  assert.equal(chosen(["com1"], { from: "ONE" }), ["com ONE>TWO"]);
});

test("a wrong path, server or direction is refused with what is valid", () => {
  const paths = "paths lan1, lan2, com, array, public-switch";
  assert.is(refusal(["lan9"], {}), `no path "lan9"; expected one of the ${paths}`);
  assert.is(refusal([], {}), `no path given; expected one of the ${paths}`);
  assert.is(
    refusal(["lan1"], { servers: ["THREE"] }),
    'no server "THREE"; expected one of the servers ONE, TWO',
  );
  assert.is(
    refusal(["array"], { to: "ONE" }),
    '"array" is one cable per server: name it with server, not with to or between',
  );
  assert.is(
    refusal(["lan1"], { from: "ONE", to: "ONE" }),
    'no wire of "lan1" fits: its two ends must be two different servers',
  );
  assert.is(
    refusal(["lan1"], { between: ["ONE", "ONE"] }),
    'no wire of "lan1" fits: its two ends must be two different servers',
  );
  assert.is(
    refusal(["array"], { between: ["ONE", "TWO"] }),
    '"array" is one cable per server: name it with server, not with to or between',
  );
  assert.is(
    refusal(["lan1"], { servers: ["ONE", "TWO"] }),
    'no wire of "lan1" fits: its two ends must be two different servers',
  );
});

test("several servers are set apart from the others, and two from each other", () => {
  const five = createWiring({
    servers: ["A", "B", "C", "D", "E"],
    lans: ["lan1"],
    com: null,
    array: false,
    publicSwitch: true,
  });
  const names = (choice: object): string => {
    const selection = five.select(["lan1"], choice);
    if (selection.kind === "refused") return selection.message;
    return selection.wires.map(({ from, to }) => `${from}${to}`).join(" ");
  };
  assert.is(names({ servers: ["D", "E"] }), "AD AE BD BE CD CE DA DB DC EA EB EC");
  assert.is(names({ servers: ["C"] }), "AC BC CA CB CD CE DC EC");
  assert.is(names({ between: ["B", "D"] }), "BD DB");
});

test("cutting twice changes once, restoring mends", () => {
  const panel = wiring();
  const one = { path: "lan1", from: "ONE", to: "TWO" };
  assert.equal(panel.set([one], true), [one]);
  assert.equal(panel.set([one], true), []);
  assert.ok(panel.isCut("lan1", "ONE", "TWO"));
  assert.not(panel.isCut("lan1", "TWO", "ONE"));
  assert.not(panel.isCut("lan2", "ONE", "TWO"));
  assert.equal(panel.set([one], false), [one]);
  assert.not(panel.isCut("lan1", "ONE", "TWO"));
});

test.run();
