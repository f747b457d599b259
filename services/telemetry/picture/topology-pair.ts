/**
 * The picture of one or two servers: both cabinets side by side (on a phone one above the other), every
 * cable between them as a line of its own with its label, the array below with a line to each server. A
 * cut is a break in its line. Source: ecosystem.md 3.2 points 1 and 11.
 */
import type { NodeState, PathState } from "../model.ts";
import type { Kept } from "./board.ts";
import { diskHealth, downServers, pairHealth } from "./path-health.ts";
import { KIND_WORDS, NOT_TOLD_WORD, type Word } from "./state-words.ts";
import { icon, label, node, type SvgNode } from "./svg.ts";
import { type Box, type Brush, cableLabel, round, worst } from "./topology-parts.ts";

export interface PairLayout {
  readonly boxes: readonly Box[];
  readonly cables: readonly SvgNode[];
  readonly height: number;
}

/** Distance of two cables, and the room of the first. */
const CABLE_STEP = 52;
const DISK_ROOM = 84;
const GUTTER_MIN = 220;
const CARD_MAX = 330;

interface Stage {
  readonly servers: readonly Kept<NodeState>[];
  readonly paths: readonly Kept<PathState>[];
  readonly width: number;
  /** Height a card needs for its groups. */
  readonly cardHeight: number;
  readonly brush: Brush;
}

/** Cards left and right, `stage.width` from 620 px. */
export function layBesides(stage: Stage): PairLayout {
  const { servers, width, brush } = stage;
  const wires = stage.paths.filter(({ value }) => value.kind !== "disk");
  const disks = stage.paths.filter(({ value }) => value.kind === "disk");
  const cardWidth = Math.min(CARD_MAX, (width - GUTTER_MIN) / 2);
  const height = Math.max(stage.cardHeight, wires.length * CABLE_STEP + 20);
  const [one, other] = servers;
  const left: Box = { x: 1, y: 1, width: cardWidth, height };
  const right: Box = { x: width - cardWidth - 1, y: 1, width: cardWidth, height };
  const boxes = other === undefined ? [left] : [left, right];
  const down = downServers(servers);
  const cables: SvgNode[] = [];
  if (one !== undefined && other !== undefined) {
    const first = 1 + (height - (wires.length - 1) * CABLE_STEP) / 2 - 4;
    wires.forEach((kept, index) => {
      const y = round(first + index * CABLE_STEP);
      const ends = { from: left.x + cardWidth, to: right.x, y };
      const health = pairHealth(kept.value, one.value.name, other.value.name, down);
      const arrow =
        health.oneWay === null ? "" : health.oneWay.from === one.value.name ? " →" : " ←";
      cables.push(levelCable(kept.value, health.word, arrow, ends, brush));
    });
  }
  disks.forEach((kept, index) => {
    const y = height + 1 + DISK_ROOM * index + 46;
    cables.push(arrayBelow(kept.value, servers, boxes, { x: width / 2, y }, brush));
  });
  return { boxes, cables, height: height + 2 + DISK_ROOM * disks.length };
}

function levelCable(
  path: PathState,
  word: Word,
  arrow: string,
  ends: { readonly from: number; readonly to: number; readonly y: number },
  brush: Brush,
): SvgNode {
  const { from, to, y } = ends;
  const calm = word.tone === "calm";
  const words = { id: path.id, state: calm ? "" : `${word.text[brush.lang]}${arrow}` };
  const middle = (from + to) / 2;
  const parts = [
    node("line", { x1: from, y1: y, x2: to, y2: y, class: `wire wire-${path.kind}` }),
    node("circle", { cx: from + 5, cy: y, r: 4, class: "plug" }),
    node("circle", { cx: to - 5, cy: y, r: 4, class: "plug" }),
    cableLabel(
      { x: middle, y, maxPx: to - from - 24 },
      words,
      calm ? null : icon(word.icon, 0, 0, 14, "icon pill-sign"),
    ),
    label(
      KIND_WORDS[path.kind][brush.lang],
      { x: middle, y: y + 27, anchor: "middle" },
      "cable-kind",
      11,
      to - from - 20,
    ),
  ];
  return node("g", { class: `cable tone-${word.tone}` }, parts, `path/${path.id}`);
}

function arrayBelow(
  path: PathState,
  servers: readonly Kept<NodeState>[],
  boxes: readonly Box[],
  at: { readonly x: number; readonly y: number },
  brush: Brush,
): SvgNode {
  const down = downServers(servers);
  const words = servers.map(({ value }) => diskHealth(path, value.name, down));
  const lines = boxes.map((box, index) => {
    const x = box.x + box.width / 2;
    const end = x < at.x ? at.x - 74 : at.x + 74;
    const tone = words[index]?.tone ?? "quiet";
    const bend = Math.sign(end - x) * 10;
    const d = `M${x} ${box.y + box.height}V${at.y - 10}q0 10 ${bend} 10H${end}`;
    const cross = (x + end) / 2;
    const parts = [
      node("path", { d, class: "wire wire-disk" }),
      node("circle", { cx: x, cy: box.y + box.height + 5, r: 4, class: "plug" }),
    ];
    const word = words[index];
    if (word !== undefined && tone !== "calm") parts.push(stateOnLine(word, cross, at.y, brush));
    return node("g", { class: `cable tone-${tone}` }, parts, `${index}`);
  });
  const tone = worst(words.map((word) => word.tone));
  const body = [
    node("rect", {
      x: at.x - 74,
      y: at.y - 22,
      width: 148,
      height: 44,
      rx: 8,
      class: "array-body",
    }),
    icon("disk", at.x - 62, at.y - 10, 20),
    label(path.id, { x: at.x - 34, y: at.y - 2 }, "array-name", 14, 100),
    label(KIND_WORDS.disk[brush.lang], { x: at.x - 34, y: at.y + 13 }, "cable-kind", 11, 100),
  ];
  const shelf = node(
    "g",
    { class: `array tone-${tone === "bad" ? "bad" : "calm"}` },
    body,
    "shelf",
  );
  return node("g", {}, [...lines, shelf], `path/${path.id}`);
}

const stateOnLine = (word: Word, x: number, y: number, brush: Brush): SvgNode =>
  cableLabel(
    { x, y, maxPx: 130 },
    { id: word.text[brush.lang], state: "" },
    icon(word.icon, 0, 0, 14, "icon pill-sign"),
  );

/** Cards one above the other, for a phone. */
export function layStacked(stage: Stage): PairLayout {
  const { servers, paths, width, cardHeight: height, brush } = stage;
  const [one, other] = servers;
  const band = other === undefined || paths.length === 0 ? 0 : 104;
  const upper: Box = { x: 1, y: 1, width: width - 2, height };
  const lower: Box = { x: 1, y: height + band + 1, width: width - 2, height };
  if (one === undefined || other === undefined)
    return { boxes: [upper], cables: [], height: height + 2 };
  const down = downServers(servers);
  const step = width / paths.length;
  const cables = paths.map(({ value: path }, index) => {
    const x = round(step * (index + 0.5));
    const word = uprightWord(path, one.value.name, other.value.name, down);
    const calm = word.tone === "calm";
    const top = height + 1;
    const parts = [
      node("line", { x1: x, y1: top, x2: x, y2: top + band, class: `wire wire-${path.kind}` }),
      node("circle", { cx: x, cy: top + 5, r: 4, class: "plug" }),
      node("circle", { cx: x, cy: top + band - 5, r: 4, class: "plug" }),
      cableLabel(
        { x, y: top + band / 2 - (calm ? 0 : 10), maxPx: step - 6 },
        { id: path.id, state: "" },
        calm ? null : icon(word.icon, 0, 0, 14, "icon pill-sign"),
      ),
    ];
    if (!calm) {
      const at = { x, y: top + band / 2 + 20, anchor: "middle" as const };
      parts.push(
        node("rect", {
          x: x - step / 2 + 6,
          y: at.y - 11,
          width: step - 12,
          height: 15,
          class: "word-back",
        }),
        label(word.text[brush.lang], at, "cable-word", 11, step - 8),
      );
    }
    return node("g", { class: `cable tone-${word.tone}` }, parts, `path/${path.id}`);
  });
  return { boxes: [upper, lower], cables, height: height * 2 + band + 2 };
}

function uprightWord(path: PathState, one: string, other: string, down: ReadonlySet<string>): Word {
  if (path.kind !== "disk") return pairHealth(path, one, other, down).word;
  const first = diskHealth(path, one, down);
  const second = diskHealth(path, other, down);
  // One line stands for both ways: what is known counts.
  if (first === NOT_TOLD_WORD) return second;
  if (second === NOT_TOLD_WORD) return first;
  return worst([first.tone, second.tone]) === first.tone ? first : second;
}
