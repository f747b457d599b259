/**
 * Every fault kind of the catalogue changes an outcome: the observer's two sentences are written by hand, and
 * the runs have to fit both. A kind without a proof is not in the catalogue.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { LEVELS } from "./fault-kind.ts";
import { FAULTS, faultNamed } from "./faults.ts";
import { outcomeOf } from "./proof.ts";
import { DESK_PROOFS } from "./proofs-desk.ts";
import { MEDIA_PROOFS } from "./proofs-media.ts";
import { RELEASE_PROOFS } from "./proofs-release.ts";
import { SERVER_PROOFS } from "./proofs-server.ts";
import { TEXT_PROOFS } from "./proofs-text.ts";

const PROOFS = [
  ...MEDIA_PROOFS,
  ...SERVER_PROOFS,
  ...DESK_PROOFS,
  ...TEXT_PROOFS,
  ...RELEASE_PROOFS,
];

test("issue 4 item 5: at least 60 fault kinds, each with one proof and a place in the envelope", () => {
  assert.ok(FAULTS.length >= 60, `${FAULTS.length} kinds`);
  const names = FAULTS.map(({ name }) => name);
  assert.is(new Set(names).size, names.length, "no name twice");
  assert.equal([...PROOFS.map(({ kind }) => kind)].sort(), [...names].sort());
  for (const { name, covers, does, range } of FAULTS) {
    assert.ok(does.length > 0 && range[0] <= range[1], name);
    for (const level of LEVELS) assert.ok(covers[level].length > 0, `${name} at ${level}`);
  }
});

for (const proof of PROOFS) {
  test(`${proof.rule}: ${proof.kind} changes "${proof.sight}" in ${proof.in}`, () => {
    assert.ok(faultNamed(proof.kind) !== undefined);
    assert.is.not(proof.without, proof.with);
    const calm = outcomeOf(proof, false);
    assert.is(calm.seen, proof.without, `without:\n${calm.world.traced.slice(-40).join("\n")}`);
    const struck = outcomeOf(proof, true);
    assert.is(struck.seen, proof.with, `with:\n${struck.world.traced.slice(-40).join("\n")}`);
  });
}

test.run();
