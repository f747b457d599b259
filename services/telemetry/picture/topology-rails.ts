/**
 * The picture of three servers and more: cabinets in rows, every path as a rail below each row that all
 * cabinets plug into, the rails of the rows joined at the left. A port that has lost its rail is red at
 * the cabinet it belongs to, and the legend says each path in words.
 * Source: ecosystem.md 3.2 point 1; "Speed" of work order 3 (16 servers).
 */
import type { NodeState, PathState } from "../model.ts";
import type { Kept } from "./board.ts";
import { downServers, portTone } from "./path-health.ts";
import { KIND_WORDS, PATH_WORDS } from "./state-words.ts";
import { icon, label, node, type SvgNode, textWidth } from "./svg.ts";
import { type Box, type Brush, type Drawn, remembered, round, worst } from "./topology-parts.ts";

export interface RailLayout {
  readonly boxes: readonly Box[];
  readonly cables: readonly SvgNode[];
  readonly height: number;
}

interface Stage {
  readonly servers: readonly Kept<NodeState>[];
  readonly paths: readonly Kept<PathState>[];
  readonly width: number;
  /** Height of a card in which `width` px wide groups find room. */
  readonly cardHeight: (cardWidth: number) => number;
  readonly brush: Brush;
}

const RAIL_STEP = 15;
/** The first rail leaves room for the ports, whose circles hang below the cabinet. */
const RAIL_TOP = 34;
const PORT_DROP = 11;
const GAP = 14;
const CARD_MIN = 200;
/** More servers than this stand closer, so that the whole room fits a screen. */
const ROOMY_MAX = 6;
const CARD_MIN_CLOSE = 150;

export function layRails(stage: Stage): RailLayout {
  const { servers, paths, width } = stage;
  const trunk = paths.length * RAIL_STEP + 8;
  const least = servers.length > ROOMY_MAX ? CARD_MIN_CLOSE : CARD_MIN;
  const columns = Math.max(1, Math.min(4, Math.floor((width - trunk + GAP) / (least + GAP))));
  const cardWidth = (width - trunk - GAP * (columns - 1) - 1) / columns;
  const height = stage.cardHeight(cardWidth);
  const rowHeight = height + RAIL_TOP + 10 + paths.length * RAIL_STEP;
  const boxes = servers.map((_, index): Box => {
    const column = index % columns;
    const row = Math.floor(index / columns);
    return {
      x: round(trunk + column * (cardWidth + GAP)),
      y: row * rowHeight + 1,
      width: round(cardWidth),
      height,
    };
  });
  const rows = Math.ceil(servers.length / columns);
  const geometry = { boxes, rowHeight, height, rows, right: width - 1 };
  const down = downServers(servers);
  const place = boxes.map((box) => `${box.x} ${box.y}`).join();
  const cables = paths.map((kept, index) => {
    const inputs = `${index} ${place} ${height} ${width} ${[...down].join()}`;
    return remembered(rails, kept, inputs, () => rail(kept.value, index, servers, geometry, down));
  });
  const legend = legendRow(stage, rows * rowHeight + 16, down);
  return { boxes, cables: [...cables, ...legend.nodes], height: rows * rowHeight + legend.height };
}

const rails = new WeakMap<Kept<PathState>, Drawn>();

interface Geometry {
  readonly boxes: readonly Box[];
  readonly rowHeight: number;
  readonly height: number;
  readonly rows: number;
  readonly right: number;
}

function rail(
  path: PathState,
  index: number,
  servers: readonly Kept<NodeState>[],
  geometry: Geometry,
  down: ReadonlySet<string>,
): SvgNode {
  const { boxes, rowHeight, height, rows, right } = geometry;
  const trunkX = 5 + index * RAIL_STEP;
  const level = (row: number): number => row * rowHeight + height + RAIL_TOP + index * RAIL_STEP;
  const parts: SvgNode[] = [];
  for (let row = 0; row < rows; row += 1) {
    const y = level(row);
    parts.push(
      node("line", { x1: trunkX, y1: y, x2: right, y2: y, class: `wire wire-${path.kind}` }),
    );
  }
  if (rows > 1) {
    const ends = { x1: trunkX, y1: level(0), x2: trunkX, y2: level(rows - 1) };
    parts.push(node("line", { ...ends, class: `wire wire-${path.kind}` }));
  }
  boxes.forEach((box, place) => {
    const name = servers[place]?.value.name ?? "";
    const tone = portTone(path, name, down);
    const x = round(box.x + 20 + index * 26);
    const bottom = box.y + box.height;
    const y = level(Math.round((box.y - 1) / rowHeight));
    const port = bottom + PORT_DROP;
    const drawn: SvgNode[] = [
      node("line", { x1: x, y1: bottom, x2: x, y2: y, class: `wire wire-${path.kind}` }),
      node("circle", { cx: x, cy: port, r: 8, class: "port" }),
    ];
    if (tone === "bad") drawn.push(icon("cross", x - 5, port - 5, 10, "icon port-sign"));
    else
      drawn.push(
        label(`${index + 1}`, { x, y: port + 3.5, anchor: "middle" }, "port-number", 10, 14),
      );
    parts.push(node("g", { class: `cable tone-${tone}` }, drawn, name));
  });
  return node("g", { class: "cable tone-calm" }, parts, `path/${path.id}`);
}

function legendRow(
  stage: Stage,
  top: number,
  down: ReadonlySet<string>,
): { nodes: SvgNode[]; height: number } {
  const { lang } = stage.brush;
  let x = 4;
  let y = top;
  const nodes = stage.paths.map(({ value: path }, index) => {
    const tones = stage.servers.map(({ value }) => portTone(path, value.name, down));
    const tone = worst(tones.filter((each) => each !== "quiet"));
    const state = PATH_WORDS[tone === "bad" ? "faulty" : tone === "warn" ? "unknown" : "normal"];
    const text = `${path.id} · ${KIND_WORDS[path.kind][lang]} · ${state.text[lang]}`;
    const width = textWidth(text, 12) + 40;
    if (x + width > stage.width && x > 4) {
      x = 4;
      y += 26;
    }
    const drawn = node(
      "g",
      { class: `cable tone-${tone}` },
      [
        node("circle", { cx: x + 8, cy: y, r: 8, class: "port" }),
        label(`${index + 1}`, { x: x + 8, y: y + 3.5, anchor: "middle" }, "port-number", 10, 14),
        label(text, { x: x + 22, y: y + 4 }, "legend-text", 12, width),
      ],
      `legend/${path.id}`,
    );
    x += width;
    return drawn;
  });
  return { nodes, height: stage.paths.length === 0 ? 0 : y - top + 28 };
}
