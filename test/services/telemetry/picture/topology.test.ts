/** The picture: where groups stand, how cuts look, that words stand beside colours, that text stays text. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Board } from "../../../../services/telemetry/picture/board.ts";
import type { Drawing, SvgNode } from "../../../../services/telemetry/picture/svg.ts";
import { fitText, textWidth } from "../../../../services/telemetry/picture/svg.ts";
import { drawTopology } from "../../../../services/telemetry/picture/topology.ts";
import { boardOf, groupState, nodeState, pairBoard, pathState } from "./states.ts";

const draw = (board: Board, width = 900, lang: "en" | "ja" = "en"): Drawing =>
  drawTopology(board, { width, lang, zone: "Asia/Tokyo" });

function all(drawing: Drawing): SvgNode[] {
  const found: SvgNode[] = [];
  const visit = (node: SvgNode | string): void => {
    if (typeof node === "string") return;
    found.push(node);
    node.children.forEach(visit);
  };
  drawing.children.forEach(visit);
  return found;
}

function part(drawing: Drawing, key: string): SvgNode {
  const found = all(drawing).find((node) => node.key === key);
  assert.ok(found, `no part ${key}`);
  return found as SvgNode;
}

const wordsOf = (node: SvgNode | string): string =>
  typeof node === "string" ? `${node} ` : node.children.map(wordsOf).join("");

const classOf = (node: SvgNode): string => String(node.attrs["class"]);

/** Left edge of a chip, out of its transform. */
const chipX = (node: SvgNode): number =>
  Number(/translate\(([\d.]+)/.exec(String(node.attrs["transform"]))?.[1]);

test("R202: a group stands on its owner, and beside it after a takeover", () => {
  const before = chipX(part(draw(pairBoard()), "group/web"));
  assert.ok(before < 450, `on the left server, x ${before}`);
  const moved = pairBoard(["group/web/state", groupState("web", "SERVER2", "running", 2)]);
  const after = chipX(part(draw(moved), "group/web"));
  assert.ok(after > 450, `on the right server, x ${after}`);
});

test("R202: a downed server is red, has a sign and the word", () => {
  const card = part(
    draw(pairBoard(["node/server2/state", nodeState("SERVER2", "off", 2)])),
    "node/server2",
  );
  assert.match(classOf(card), "tone-bad");
  assert.match(wordsOf(card), "DOWN");
  assert.ok(
    card.children.some(
      (child) => typeof child !== "string" && classOf(child).includes("card-sign"),
    ),
  );
});

test("a cut path is marked and worded; the healthy one beside it is not", () => {
  const drawing = draw(pairBoard(["path/lan1/state", pathState("lan1", "lan-private", "faulty")]));
  assert.match(classOf(part(drawing, "path/lan1")), "tone-bad");
  assert.match(wordsOf(part(drawing, "path/lan1")), "faulty");
  assert.match(classOf(part(drawing, "path/com1")), "tone-calm");
});

test("a path heard in one direction only says which one still works", () => {
  const lame = pathState("lan1", "lan-private", "faulty", "normal");
  const text = wordsOf(part(draw(pairBoard(["path/lan1/state", lame])), "path/lan1"));
  assert.match(text, "one way ←");
});

test("paths towards a downed server are said to be silent, not to be cut", () => {
  const board = pairBoard(
    ["node/server2/state", nodeState("SERVER2", "off", 2)],
    ["path/lan1/state", pathState("lan1", "lan-private", "faulty")],
  );
  const cable = part(draw(board), "path/lan1");
  assert.match(classOf(cable), "tone-quiet");
  assert.match(wordsOf(cable), "no signal");
});

test("a group that runs nowhere stands in the tray below the servers", () => {
  const board = pairBoard(["group/web/state", groupState("web", null, "stopped", 2)]);
  const drawing = draw(board);
  assert.match(wordsOf(part(drawing, "tray")), "On no server");
  assert.match(classOf(part(drawing, "group/web")), "tone-quiet");
});

test("the same board in Japanese has the Japanese words and Tokyo time", () => {
  const words = all(draw(pairBoard(), 900, "ja"))
    .map(wordsOf)
    .join("");
  assert.match(words, "稼働");
  assert.match(words, "専用LAN");
  assert.match(words, "14:00:00 から");
});

test("on a phone the servers stand one above the other and nothing is wider than the screen", () => {
  const drawing = draw(pairBoard(), 328);
  assert.is(drawing.width, 328);
  for (const node of all(drawing)) {
    const right = Number(node.attrs["x"] ?? 0) + Number(node.attrs["width"] ?? 0);
    assert.ok(right <= 328, `${classOf(node)} reaches ${right}`);
  }
});

test("markup in a name is a text child, never an attribute of its own or a tag", () => {
  const name = '<img src=x onerror="alert(1)">';
  const board = pairBoard(["group/evil/state", groupState(name, "SERVER1")]);
  const chip = part(draw(board), "group/evil");
  const texts = all({ ...draw(board), children: [chip] }).filter((node) => node.tag === "title");
  assert.is(texts.flatMap((node) => node.children).join(""), name, "whole name in the title");
  assert.ok(all(draw(board)).every((node) => !("onerror" in node.attrs)));
});

test("what is operable has a name for a screen reader and takes the focus", () => {
  const chip = part(draw(pairBoard()), "group/web");
  assert.is(chip.attrs["tabindex"], 0);
  assert.is(chip.attrs["aria-label"], "Group web running, SERVER1. Open actions.");
});

test("16 servers and 512 groups fit: every group stands inside the drawing", () => {
  const messages: [string, unknown][] = [];
  for (let server = 1; server <= 16; server += 1) {
    messages.push([`node/s${server}/state`, nodeState(`S${server}`)]);
    for (let group = 0; group < 32; group += 1) {
      const name = `g${server}-${group}`;
      messages.push([`group/${name}/state`, groupState(name, `S${server}`)]);
    }
  }
  const drawing = draw(boardOf(...messages), 1000);
  const chips = all(drawing).filter((node) => String(node.key).startsWith("group/"));
  assert.is(chips.length, 512);
  for (const chip of chips) {
    const [, x = "", y = ""] =
      /translate\(([\d.]+) ([\d.]+)/.exec(String(chip.attrs["transform"])) ?? [];
    assert.ok(Number(x) < 1000 && Number(y) < drawing.height, `${chip.key} at ${x} ${y}`);
  }
});

test("sixteen servers stand four in a row beside the events, six in rows of three", () => {
  const columns = (servers: number): number => {
    const nodes = Array.from({ length: servers }, (_, index) => `SERVER${index + 1}`);
    const messages = nodes.map(
      (name) => [`node/${name.toLowerCase()}/state`, nodeState(name)] as const,
    );
    const drawing = draw(boardOf(...messages), 765);
    const cards = nodes.map((name) => part(drawing, `node/${name.toLowerCase()}`));
    const edges = cards.map((card) => {
      const frame = card.children.at(-1);
      return typeof frame === "object" ? Number(frame.attrs["x"]) : Number.NaN;
    });
    return new Set(edges).size;
  };
  assert.is(columns(16), 4);
  assert.is(columns(6), 3);
});

test("with many servers a port is red when its server has lost most of the others", () => {
  const servers = ["A", "B", "C"];
  const pairs = servers.flatMap((from) =>
    servers
      .filter((to) => to !== from)
      .map((to) => {
        const state = from === "A" || to === "A" ? "faulty" : "normal";
        return { from, to, state, lastHeardMs: 1 };
      }),
  );
  const board = boardOf(
    ...servers.map((name) => [`node/${name}/state`, nodeState(name)] as const),
    ["path/lan1/state", { ...pathState("lan1", "lan-private", "normal"), pairs }],
  );
  const rail = part(draw(board), "path/lan1");
  const toneAt = (name: string): string =>
    classOf(part({ ...draw(board), children: [rail] }, name));
  assert.match(toneAt("A"), "tone-bad");
  assert.match(toneAt("B"), "tone-warn");
});

test("an empty board and a single server can be drawn", () => {
  assert.ok(draw(boardOf()).height > 0);
  assert.ok(draw(boardOf(["node/s/state", nodeState("S")]), 320).height > 0);
});

test("a text is cut to its room with an ellipsis, full width characters count one em", () => {
  assert.is(fitText("web", 100, 14), "web");
  const cut = fitText("a-very-long-name", 60, 10);
  assert.ok(cut.endsWith("…") && textWidth(cut, 10) <= 60, cut);
  assert.is(textWidth("影武者", 10), 30);
});

test.run();
