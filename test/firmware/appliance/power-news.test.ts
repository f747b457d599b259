/**
 * What the appliance's terminal says when servers lose power: who ended itself says why, then one piece of
 * advice for all of them, with commands that fit. Nobody is told of what he ordered by Ctrl-C.
 * Source: R108, R203; guide 3.3 (6).
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { PowerNews } from "../../../firmware/appliance/power-news.ts";
import { until } from "../../deadline.ts";

const EVIDENCE = "unacknowledged 949 ms, LAN silent 907 ms, COM alive, claim none";
const DATA = { method: "com-disk", reason: "partition", evidence: EVIDENCE, completed: true };
const AT = "2026-11-23T14:12:08.187Z";
const word = (key: string): string =>
  `${JSON.stringify({ seq: 0, at: AT, key, data: { ...DATA, epoch: 1 } })}\n`;
const TOLD =
  "This server ended itself by an emergency shutdown at 2026-11-23T14:12:08.187Z " +
  `(network partition, method com-disk, epoch 1): ${EVIDENCE} (KG-3035)`;

interface Stage {
  readonly news: PowerNews;
  readonly said: string[];
  readonly powered: Set<string>;
  readonly folder: string;
  /** The server goes off, its last words are in its folder. */
  end(server: string): void;
  off(server: string, reason: string): void;
}

async function withNews(
  act: (stage: Stage) => Promise<void> | void,
  options: { cut?: readonly string[]; isEnding?: () => boolean } = {},
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "kage-news-"));
  const servers = ["SERVER1", "SERVER2"];
  const powered = new Set(servers);
  const said: string[] = [];
  for (const name of servers) mkdirSync(join(folder, name));
  const news = new PowerNews({
    servers,
    groups: ["web"],
    state: " --state /s",
    stateDirOf: (server) => join(folder, server),
    isPowered: (server) => powered.has(server),
    cutPaths: () => options.cut ?? [],
    isEnding: options.isEnding ?? (() => false),
    say: (text) => said.push(text),
  });
  const off = (server: string, reason: string): void => {
    powered.delete(server);
    news.hear({ kind: "power", server, to: "dark", reason });
    news.hear({ kind: "power", server, to: "off", reason });
  };
  const end = (server: string): void => {
    const words = word("verdict.partition") + word("emergency-shutdown");
    writeFileSync(join(folder, server, "events-last.jsonl"), words);
    off(server, "emergency");
  };
  try {
    await act({ news, said, powered, folder, end, off });
  } finally {
    news.close();
    rmSync(folder, { recursive: true });
  }
}

const WHY =
  "  why: All LAN paths are cut to another server that lives, or to so many that no majority is left. " +
  "Data is protected before the business.";

test("R108: when all end themselves each says why, and one advice tells the way back", async () => {
  await withNews(
    async ({ said, end }) => {
      end("SERVER2");
      end("SERVER1");
      await until("the advice", () => said.some((line) => line.includes("group start")));
      assert.equal(said, [
        `power: SERVER2 off. ${TOLD}`,
        WHY,
        `power: SERVER1 off. ${TOLD}`,
        WHY,
        "No server has power, nobody serves. To go on, remove the cause and switch them on; they come up detached:",
        "  npx kage rack restore lan1 lan2 --state /s",
        "  npx kage rack power on SERVER1 --state /s",
        "  npx kage rack power on SERVER2 --state /s",
        "Choose the one whose information counts, return the others, start the groups:",
        "  npx kage server force-return SERVER1 --state /s",
        "  npx kage server return SERVER2 --state /s",
        "  npx kage group start web --state /s",
      ]);
    },
    { cut: ["lan1", "lan2"] },
  );
});

test("R108: while another goes on the advice is to bring back the one that ended itself", async () => {
  await withNews(async ({ said, end }) => {
    end("SERVER2");
    await until("the advice", () => said.length > 2);
    assert.equal(said.slice(2), [
      "Still on: SERVER1. To bring SERVER2 back:",
      "  npx kage rack power on SERVER2 --state /s",
      "  npx kage server return SERVER2 --state /s",
    ]);
  });
});

test("R108: the agent's own record tells why when the pulse could leave no word", async () => {
  await withNews(({ said, folder, off }) => {
    const record = { ...DATA, reason: "pulse-lost", epoch: 4, at: AT };
    writeFileSync(join(folder, "SERVER1", "last-emergency.json"), JSON.stringify(record));
    off("SERVER1", "emergency");
    assert.match(said[0] ?? "", "(the pulse did not come back, method com-disk, epoch 4)");
    assert.is(said[1], "  why: Going on could have damaged data: the pulse did not come back.");
  });
});

test("R108: half a file, a full disk and a file of something else name the console instead", async () => {
  for (const text of [null, "", '{"seq":0,"at":"2026', "[]\n7\nnull\n", "x".repeat(70_000)]) {
    await withNews(({ said, folder, off }) => {
      if (text !== null) writeFileSync(join(folder, "SERVER1", "events-last.jsonl"), text);
      off("SERVER1", "emergency");
      const file = join(folder, "SERVER1", "console.log");
      assert.equal(said, [
        `power: SERVER1 off, it ended itself and could not leave the reason; see ${file}`,
      ]);
    });
  }
});

test("every other loss of power has its line and no advice", async () => {
  await withNews(({ news, said, folder, off }) => {
    off("SERVER1", "operator");
    news.hear({ kind: "power", server: "SERVER1", to: "on", reason: "operator" });
    off("SERVER1", "planned");
    off("SERVER1", "watchdog");
    news.hear({ kind: "power", server: "SERVER1", to: "on", reason: "watchdog" });
    off("SERVER2", "supervisor-ended");
    news.hear({ kind: "power", server: "SERVER2", to: "on", reason: "launcher" });
    news.hear({ kind: "freeze", server: "SERVER2", frozen: true });
    assert.equal(said, [
      "power: SERVER1 off",
      "power: SERVER1 on",
      "power: SERVER1 off, it was shut down in order",
      "power: SERVER1 reset by its watchdog; it comes up detached",
      `power: SERVER2 off, its processes ended and were not restarted; see ${folder}/SERVER2/supervisor.log`,
    ]);
  });
});

test("after Ctrl-C only an emergency is told, and nobody is advised", async () => {
  await withNews(
    ({ said, off, end }) => {
      off("SERVER1", "planned");
      end("SERVER2");
      assert.equal(said, [`power: SERVER2 off. ${TOLD}`, WHY]);
    },
    { isEnding: () => true },
  );
});

test.run();
