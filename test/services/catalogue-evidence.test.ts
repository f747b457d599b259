/**
 * The grounds of a verdict in Japanese: every sentence that simulated clusters of every method come to is
 * translated whole, for what is left in English cannot be read on the spot. Source: R108; style 30.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { listFaults } from "../../firmware/evaluate/fault.ts";
import { runFault } from "../../firmware/evaluate/single.ts";
import { listStarts } from "../../firmware/evaluate/stage.ts";
import { evidenceIn } from "../../services/catalogue/evidence.ts";
import { renderEvent } from "../../services/catalogue.ts";
import { loaded, manySheet, sheet } from "../firmware/evaluate/sheets.ts";

/** Faults that end in a verdict, of whatever method. */
const TELLING = ["lans", "power", "keys"];

test("R108: no verdict of a simulated cluster leaves English words in Japanese text", () => {
  const seen = new Set<string>();
  const sheets = [
    ...(["com", "com-disk", "disk", "none"] as const).map((method) => sheet(method)),
    ...(["majority", "disk"] as const).map((method) => manySheet(3, undefined, method)),
  ];
  for (const text of sheets) {
    const config = loaded(text);
    const { method } = config;
    if (method === "mirror") throw new Error("no sheet has that method");
    const [home] = listStarts(config);
    if (home === undefined) throw new Error("no start state");
    for (const fault of listFaults(config)) {
      if (!TELLING.includes(fault.kind)) continue;
      for (const { data } of runFault(config, method, home, fault)?.notes ?? []) {
        if (typeof data["evidence"] === "string") seen.add(data["evidence"]);
      }
    }
  }
  assert.ok(seen.size >= 8, `${seen.size} sentences`);
  for (const evidence of seen) {
    const said = evidenceIn(evidence, "ja").replace(/SERVER\d|LAN|COM/g, "");
    assert.not.match(said, /[A-Za-z]{2}/, `${evidence}: ${said}`);
    assert.is(evidenceIn(evidence, "en"), evidence);
  }
});

test("R108: numbers, servers and what is not known stay as they are", () => {
  const evidence = "unacknowledged 949 ms, LAN silent 848 ms, COM alive, claim none, moon full";
  const { text } = renderEvent("verdict.partition", { method: "com", evidence }, "ja");
  assert.match(
    text,
    "確認応答なし 949 ミリ秒、LAN 途絶 848 ミリ秒、COM 正常、調停要求 なし、moon full",
  );
  assert.is(
    evidenceIn("SERVER8 silent 1008 ms, 6 members agree", "ja"),
    "SERVER8 途絶 1008 ミリ秒、6 台が合意",
  );
  assert.is(
    evidenceIn("hears 1 of 2 other servers, slot of SERVER2 empty", "ja"),
    "受信できるサーバ 1/2 台、SERVER2 のスロット 書き込みなし",
  );
  assert.is(evidenceIn("", "ja"), "");
});

test("R103: that the other server's software does not say the method is said in both languages", () => {
  const evidence =
    "LAN silent 900 ms, the other server does not say that it carries out the method";
  for (const [language, word] of [
    ["en", "does not say that it carries out"],
    ["ja", "LAN 途絶 900 ミリ秒、相手サーバは方式への対応を示していない"],
  ] as const) {
    const data = { method: "none", reason: "method-unsupported", evidence };
    assert.match(renderEvent("verdict.unsupported", data, language).text, word);
    const { text } = renderEvent("emergency-shutdown", data, language);
    assert.match(text, word);
    assert.not.match(text, "method-unsupported");
  }
});

test.run();
