/** The life of sessions, with time as a parameter. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createSessions, type EndReason } from "../../../../firmware/telemetry/web/sessions.ts";

const limits = { sessionsMax: 4, sessionsPerUser: 2, idleMs: 1_000, absoluteMs: 5_000 };
const eve = { user: "eve", role: "view", stamp: "1" } as const;

function begin() {
  const sessions = createSessions(limits);
  const started = sessions.start(eve, 0);
  if (started === null) throw new Error("no session");
  return { sessions, ...started };
}

test("a token has 256 bits, finds its session, and nothing else does", () => {
  const { sessions, token, session } = begin();
  assert.is(Buffer.from(token, "base64url").length, 32);
  assert.is(sessions.find(token, 0), session);
  for (const wrong of [null, "", "__proto__", token.slice(1), `${token}x`, "A".repeat(43)]) {
    assert.is(sessions.find(wrong, 0), null);
  }
});

test("a session that is not used ends after the idle time", () => {
  const { sessions, token, session } = begin();
  const reasons: EndReason[] = [];
  session.onEnd((reason) => reasons.push(reason));
  assert.is(sessions.find(token, 999), session);
  assert.is(sessions.leftMs(session, 999), 1);
  assert.is(sessions.find(token, 1_000), null);
  assert.equal(reasons, ["idle"]);
  assert.not(session.open);
});

test("use prolongs a session, but never beyond its absolute end", () => {
  const { sessions, token, session } = begin();
  for (let atMs = 500; atMs < 5_000; atMs += 500) {
    assert.is(sessions.find(token, atMs), session);
    sessions.touch(session, atMs);
  }
  const reasons: EndReason[] = [];
  session.onEnd((reason) => reasons.push(reason));
  sessions.sweep(5_000);
  assert.equal(reasons, ["old"]);
  sessions.touch(session, 5_001);
  assert.is(sessions.find(token, 5_001), null);
});

test("the same user's next login beyond the bound ends the oldest", () => {
  const { sessions, session } = begin();
  sessions.start(eve, 1);
  assert.ok(session.open);
  sessions.start(eve, 2);
  assert.not(session.open);
  assert.is(sessions.count, 2);
});

test("no more sessions than allowed, and nobody else's is ended for it", () => {
  const { sessions, session } = begin();
  for (const user of ["a", "b", "c"]) assert.ok(sessions.start({ ...eve, user }, 1));
  assert.is(sessions.start({ ...eve, user: "d" }, 1), null);
  assert.ok(session.open);
  assert.ok(sessions.start({ ...eve, user: "d" }, 1_000), "idle ones made room");
});

test("sessions of changed users end, others stay, and a listener taken back is not called", () => {
  const { sessions, session } = begin();
  const other = sessions.start({ ...eve, user: "bob" }, 0);
  const reasons: EndReason[] = [];
  session.onEnd((reason) => reasons.push(reason));
  const forget = session.onEnd(() => reasons.push("shutdown"));
  forget();
  sessions.endUnless(({ user }) => user === "bob", "user-changed");
  assert.equal(reasons, ["user-changed"]);
  assert.ok(other?.session.open);
});

test.run();
