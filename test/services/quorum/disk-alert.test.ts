/**
 * The alert of a disk that cannot be used carries the disk process's own words, so that a wrong key is
 * not mistaken for a broken cable.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { hostIncarnation } from "../../../hal/base/ids.ts";
import { renderEvent } from "../../../services/catalogue.ts";
import {
  type ClaimContext,
  createQuorum,
  type QuorumState,
  step,
} from "../../../services/quorum/core.ts";
import { pairConfig } from "../../firmware/pulse/pair.ts";

/** Disk wait 1000 ms. */
const CONFIG = pairConfig("com-disk");
const HOST = hostIncarnation("00112233445566ff");
const CONTEXT: ClaimContext = {
  host: HOST,
  epoch: { counter: 1, coordinator: 0, host: HOST },
  peer: 1,
  peerBeat: null,
  peerHost: null,
};
const FORGED = "the copy of SERVER2 fails authentication";
/** 10 s for the disk process to come up, then the disk wait. */
const ALERT_AT_MS = 11_000;

function answer(state: QuorumState, atMs: number, error: string): QuorumState {
  const id = state.operation?.id ?? -1;
  const op = "write";
  const said = {
    kind: "disk.answered",
    atMs,
    id,
    op,
    ok: error === "",
    claim: null,
    error,
  } as const;
  return step(state, said, CONTEXT, CONFIG).state;
}

function errorOfAlert(state: QuorumState): unknown {
  const { effects } = step(state, { kind: "tick", atMs: ALERT_AT_MS }, CONTEXT, CONFIG);
  const note = effects.find((effect) => effect.kind === "note" && effect.key === "disk.faulty");
  return note?.kind === "note" ? note.data["error"] : undefined;
}

const ready = (): QuorumState =>
  step(createQuorum(0), { kind: "disk.ready", atMs: 1 }, CONTEXT, CONFIG).state;

test("D9 D56: the alert of a disk that answers with errors says which", () => {
  const failed = answer(ready(), 2, FORGED);
  assert.is(errorOfAlert(failed), FORGED);
  const { cause } = renderEvent("disk.faulty", { error: FORGED }, "en");
  assert.match(cause ?? "", /\(the copy of SERVER2 fails authentication\)/);
});

test("D9: the alert of a silent disk says that it does not answer", () => {
  assert.is(errorOfAlert(ready()), "no answer");
});

test("D9: a trouble that has passed is not blamed for the next one", () => {
  const failed = answer(ready(), 2, FORGED);
  const again = step(failed, { kind: "tick", atMs: 200 }, CONTEXT, CONFIG).state;
  const written = answer(again, 201, "");
  const read = answer(written, 202, "");
  assert.is(read.diskError, "");
  assert.ok(read.diskHealthy);
});

test.run();
