/**
 * Commands over a broker that is not the server's own: nothing counts without the signature of a known key
 * over exactly this topic and these fields, once, soon, and within the key's role. Expectations are those of
 * ecosystem.md 1.4 (last rule): a hacked customer broker must not be able to cut power.
 */
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  type OperatorKeyRow,
  operatorKeys,
  readKeyFile,
  signCommand,
} from "../../../../services/telemetry/commands/signature.ts";
import type { AuditLine, CommandReply } from "../../../../services/telemetry/model.ts";
import { DeskStage, PREFIX, picture, START_MS } from "../desk-stage.ts";

const OUTSIDE = 1;
const MOVE = `${PREFIX}/cmd/op/group/web/move`;
const SHUTDOWN = `${PREFIX}/cmd/admin/cluster/shutdown`;

interface Pair {
  readonly row: OperatorKeyRow;
  readonly secret: KeyObject;
}

function pair(id: string, role: OperatorKeyRow["role"]): Pair {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const publicText = publicKey.export({ format: "jwk" }).x ?? "";
  const added = "2026-11-22T00:00:00.000Z";
  return { row: { id, role, publicKey: publicText, added }, secret: privateKey };
}

const anna = pair("anna", "op");
const boss = pair("boss", "admin");
const guest = pair("guest", "view");
const stranger = pair("anna", "op");

function outside(rows = [anna.row, boss.row, guest.row]): DeskStage {
  const brokers = [{ takesCommands: true }, { takesCommands: true, wantsSignature: true }];
  const stage = new DeskStage({ brokers });
  const keys = operatorKeys(rows);
  assert.ok(keys);
  stage.take({ kind: "operator-keys", keys: keys ?? [] });
  stage.see(picture());
  stage.connect(0);
  stage.connect(OUTSIDE);
  return stage;
}

let count = 0;
const fields = (change: object = {}): Record<string, unknown> => {
  count += 1;
  return {
    commandId: `sgn-${String(count).padStart(8, "0")}`,
    args: { to: "SERVER2" },
    confirm: "web",
    expect: { epoch: 7 },
    ts: new Date(START_MS - 1000 + count).toISOString(),
    ttlS: 30,
    ...change,
  };
};

const signed = (request: object, topic = MOVE, { row, secret }: Pair = anna): string =>
  signCommand(JSON.parse(JSON.stringify(request)), topic, row.id, secret) ?? "";

function send(stage: DeskStage, payload: string | Uint8Array, topic = MOVE, retain = false): void {
  stage.command({ topic, payload, retain, broker: OUTSIDE });
}

const lastReply = (stage: DeskStage): CommandReply | undefined => stage.replies().at(-1);

/** Refused with this code, answered, written down on both brokers, noted, and nothing ordered. */
function assertRefused(stage: DeskStage, code: string): void {
  assert.equal(stage.orders, []);
  assert.is(lastReply(stage)?.code, code);
  assert.ok((lastReply(stage)?.text.ja.length ?? 0) > 0);
  const lines = stage.published.filter(({ topic }) => topic === `${PREFIX}/audit`);
  assert.equal(lines.map(({ broker }) => broker).sort(), [0, OUTSIDE]);
  for (const { payload } of lines) {
    const { outside: isOutside, code: said } = JSON.parse(payload) as AuditLine;
    assert.equal([isOutside, said], [true, code]);
  }
  assert.equal(
    stage.notes.map(({ key }) => key),
    ["command.refused-outside"],
  );
}

test("a signed command over an outside broker is carried out once, under its key's name", () => {
  const stage = outside();
  const payload = signed(fields());
  send(stage, payload);
  assert.is(stage.orders.length, 1);
  assert.is(lastReply(stage)?.status, "accepted");
  assert.equal(
    stage.notes.map(({ key, data }) => [key, data["detail"]]),
    [["command.signed", "anna"]],
  );
  send(stage, payload);
  assert.is(stage.orders.length, 1);
  assert.is(lastReply(stage)?.status, "accepted");
});

test("an outside broker without leave takes not even signed commands", () => {
  const stage = new DeskStage({
    brokers: [{ takesCommands: true }, { takesCommands: false, wantsSignature: true }],
  });
  stage.take({ kind: "operator-keys", keys: operatorKeys([anna.row]) ?? [] });
  stage.see(picture());
  stage.connect(OUTSIDE);
  send(stage, signed(fields()));
  assert.equal([stage.orders, stage.replies(), stage.notes], [[], [], []]);
});

const REFUSED: readonly [string, string, (stage: DeskStage) => void][] = [
  ["unsigned", "KG-9121", (stage) => send(stage, JSON.stringify(fields()))],
  ["by an unknown key", "KG-9122", (s) => send(s, signed(fields(), MOVE, pair("eve", "op")))],
  ["by a wrong key of a known name", "KG-9123", (s) => send(s, signed(fields(), MOVE, stranger))],
  ["for another topic", "KG-9123", (s) => send(s, signed(fields(), `${MOVE.slice(0, -4)}stop`))],
  [
    "for another cluster",
    "KG-9123",
    (s) => send(s, signed(fields(), "kage/v1/other/cmd/op/group/web/move")),
  ],
  ["stored in the broker", "KG-9120", (s) => send(s, signed(fields()), MOVE, true)],
  [
    "above the key's role",
    "KG-9124",
    (s) => send(s, signed(fields({ confirm: "lab" }), SHUTDOWN), SHUTDOWN),
  ],
  ["by a key that may look only", "KG-9124", (s) => send(s, signed(fields(), MOVE, guest))],
  ["without an epoch", "KG-9125", (s) => send(s, signed(fields({ expect: undefined })))],
  [
    "for an epoch that is over",
    "KG-9107",
    (s) => send(s, signed(fields({ expect: { epoch: 6 } }))),
  ],
  [
    "too late",
    "KG-9103",
    (s) => send(s, signed(fields({ ts: new Date(START_MS - 40_000).toISOString() }))),
  ],
  [
    "from a clock 20 s ahead",
    "KG-9104",
    (s) => send(s, signed(fields({ ts: new Date(START_MS + 20_000).toISOString() }))),
  ],
  ["without its confirmation", "KG-9108", (s) => send(s, signed(fields({ confirm: undefined })))],
  ["with blanks", "KG-9101", (s) => send(s, signed(fields()).replaceAll(",", ", "))],
  ["with a field twice", "KG-9101", (s) => send(s, signed(fields()).replace("{", '{"args":{},'))],
  [
    "with a signature of 85 characters",
    "KG-9101",
    (s) => send(s, signed(fields()).replace(/"value":"./, '"value":"')),
  ],
  ["with __proto__", "KG-9101", (s) => send(s, signed(JSON.parse('{"__proto__":{"a":1}}')))],
];
for (const [what, code, act] of REFUSED) {
  test(`over an outside broker a command ${what} is refused`, () => {
    const stage = outside();
    act(stage);
    assertRefused(stage, code);
  });
}

test("no byte of a signed command can be altered", () => {
  const honest = Buffer.from(signed(fields()));
  const stage = outside();
  for (let at = 0; at < honest.length; at += 1) {
    for (const mask of [1, 0x20, 0x80]) {
      const bytes = Uint8Array.from(honest);
      bytes[at] = (bytes[at] ?? 0) ^ mask;
      send(stage, bytes);
    }
    send(stage, honest.subarray(0, at));
  }
  assert.equal(stage.orders, []);
  send(stage, honest);
  assert.is(stage.orders.length, 1);
});

test("a signature is spelt in one way only, its four unread bits included", () => {
  const honest = signed(fields());
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const stage = outside();
  const others = [...letters].map((letter) =>
    honest.replace(/("value":"[\w-]{85})[\w-]/, `$1${letter}`),
  );
  for (const other of others) if (other !== honest) send(stage, other);
  assert.is(others.length, 64);
  assert.equal(stage.orders, []);
  assert.ok(stage.replies().every(({ code }) => code === "KG-9123"));
});

test("a command that is older than the last one of its key is refused, also when its id is forgotten", () => {
  const stage = outside();
  const first = signed(fields());
  const second = signed(fields());
  send(stage, second);
  send(stage, first);
  assert.is(lastReply(stage)?.code, "KG-9126");
  assert.is(stage.orders.length, 1);
});

test("what a former life may have done is not done again, whatever the sender's clock says", () => {
  const stage = outside();
  // The stage's process began 60 s before START_MS; a signer's clock may be 10 s ahead.
  stage.atMs = 1000 - 55_000;
  stage.see(picture());
  send(stage, signed(fields({ ts: new Date(START_MS - 52_000).toISOString() })));
  assert.is(lastReply(stage)?.code, "KG-9105");
  assert.equal(stage.orders, []);
});

test("a command that another leader has carried out is not repeated by the next", () => {
  const stage = outside();
  stage.see(picture({ coordinator: "SERVER2" }));
  const payload = signed(fields());
  send(stage, payload);
  stage.see(picture({ coordinator: "SERVER1" }));
  send(stage, payload);
  assert.equal(stage.orders, []);
  // Nor when it was kept away from this server until the other one had failed.
  const kept = signed(fields());
  stage.see(picture({ coordinator: "SERVER1", epoch: 8 }));
  send(stage, kept);
  assert.equal(stage.orders, []);
  assert.is(lastReply(stage)?.code, "KG-9107");
});

test("a removed key orders nothing any more", () => {
  const stage = outside();
  stage.take({ kind: "operator-keys", keys: operatorKeys([boss.row]) ?? [] });
  send(stage, signed(fields()));
  assertRefused(stage, "KG-9122");
});

test("an administrator's key signs what an operator's does not", () => {
  const stage = outside();
  send(stage, signed(fields({ confirm: "lab", args: undefined }), SHUTDOWN, boss), SHUTDOWN);
  assert.equal(
    stage.orders.map(({ verb }) => verb),
    ["cluster.shutdown"],
  );
});

test("10,000 unsigned and forged commands leave nothing behind for an honest one", () => {
  const stage = outside();
  for (let n = 0; n < 10_000; n += 1) {
    const request = fields({ ts: new Date(START_MS).toISOString() });
    send(stage, n % 2 === 0 ? JSON.stringify(request) : signed(request, MOVE, stranger));
  }
  assert.equal(stage.orders, []);
  send(stage, signed(fields({ ts: new Date(START_MS).toISOString() })));
  assert.is(stage.orders.length, 1);
});

test("words of other servers on an outside broker do not enter the own list of events", () => {
  const stage = outside();
  const forged = { id: "SERVER2-99", ts: new Date(START_MS).toISOString(), text: { en: "forged" } };
  const message = {
    topic: `${PREFIX}/event`,
    payload: Buffer.from(JSON.stringify(forged)),
    retain: false,
    responseTopic: null,
    correlation: null,
  };
  stage.take({ kind: "broker.message", broker: OUTSIDE, message });
  stage.pass(1000, picture());
  assert.not(stage.published.some(({ payload }) => payload.includes("forged")));
});

test("a key file that is damaged holds no key", () => {
  const rows = [anna.row, boss.row];
  assert.equal(readKeyFile(JSON.stringify({ v: 1, keys: rows })), rows);
  const bad = [
    "",
    "[]",
    JSON.stringify({ v: 2, keys: rows }),
    JSON.stringify({ v: 1, keys: [anna.row, anna.row] }),
    JSON.stringify({ v: 1, keys: [{ ...anna.row, role: "root" }] }),
    JSON.stringify({ v: 1, keys: [{ ...anna.row, role: "__proto__" }] }),
    JSON.stringify({ v: 1, keys: [{ ...anna.row, publicKey: "short" }] }),
    JSON.stringify({ v: 1, keys: [{ ...anna.row, id: "An na" }] }),
    JSON.stringify({
      v: 1,
      keys: Array.from({ length: 65 }, (_, n) => ({ ...anna.row, id: `k${n}` })),
    }),
  ];
  for (const text of bad) assert.is(readKeyFile(text), null, text.slice(0, 60));
});

test.run();
