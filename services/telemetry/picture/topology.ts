/**
 * The topology picture: board in, drawing out. Two servers are drawn with every cable between them, more
 * of them on rails. Groups stand on the server that owns them; a group nobody runs stands in a tray below.
 * Cables come first, then servers, then groups in the order of the configuration, so that an element
 * never changes its place among its siblings: it keeps the focus and can glide from server to server.
 * Source: ecosystem.md 3.2 point 1, 3.3.
 */
import type { Language } from "../../catalogue/entry.ts";
import type { GroupState } from "../model.ts";
import { type Board, groupsOf, type Kept, pathsOf, serversOf } from "./board.ts";
import { say } from "./page-text.ts";
import { type Drawing, label, node, type SvgNode } from "./svg.ts";
import { layBesides, layStacked } from "./topology-pair.ts";
import {
  type Box,
  type Brush,
  CARD_HEADER,
  CARD_INSET,
  groupChip,
  serverCard,
} from "./topology-parts.ts";
import { layRails } from "./topology-rails.ts";

export interface Canvas {
  /** Room of the drawing, px, from 280. */
  readonly width: number;
  readonly lang: Language;
  readonly zone?: string;
}

/** Below this width two servers stand one above the other. */
const NARROW_PX = 620;
/** A wider drawing only moves the cabinets apart. */
const WIDTH_MAX = 1100;
/** More groups on one server than this become small tiles. */
const LARGE_CHIPS_MAX = 6;
const LARGE = { height: 36, gap: 8, minWidth: 150 };
const SMALL = { height: 22, gap: 5, minWidth: 62 };
const TRAY_LABEL = 26;

export function drawTopology(board: Board, canvas: Canvas): Drawing {
  const width = Math.min(WIDTH_MAX, canvas.width);
  const servers = serversOf(board);
  const paths = pathsOf(board);
  const groups = groupsOf(board);
  const zone = canvas.zone === undefined ? {} : { zone: canvas.zone };
  const brush: Brush = {
    lang: canvas.lang,
    coordinator: board.cluster?.value.coordinator ?? null,
    ...zone,
  };
  const { byOwner, stranded } = settle(groups, new Set(servers.map(({ value }) => value.name)));
  const fullest = Math.max(0, ...[...byOwner.values()].map((list) => list.length));
  const chip = fullest > LARGE_CHIPS_MAX ? SMALL : LARGE;
  const cardHeight = (cardWidth: number): number =>
    CARD_HEADER + Math.max(58, rowsFor(fullest, cardWidth, chip) * (chip.height + chip.gap) + 26);
  const isNarrow = width < NARROW_PX;
  const common = { servers, paths, width, brush };
  const layout =
    servers.length > 2
      ? layRails({ ...common, cardHeight })
      : isNarrow
        ? layStacked({ ...common, cardHeight: cardHeight(width - 2) })
        : layBesides({ ...common, cardHeight: cardHeight((width - 220) / 2) });
  const cards = servers.map((kept, index) => {
    const box = layout.boxes[index] ?? { x: 0, y: 0, width, height: 0 };
    return serverCard(kept, box, !byOwner.has(kept.value.name), brush);
  });
  const places = new Map<string, Box>();
  servers.forEach(({ value }, index) => {
    const box = layout.boxes[index];
    if (box !== undefined) place(byOwner.get(value.name) ?? [], inside(box), chip, places);
  });
  const tray = layTray(stranded, width, layout.height, places, canvas.lang);
  const chips = groups.flatMap((kept) => {
    const box = places.get(kept.id);
    return box === undefined ? [] : [groupChip(kept, box, brush)];
  });
  const children = [
    node("g", { class: "layer-cables" }, layout.cables, "cables"),
    ...tray.nodes,
    node("g", { class: "layer-cards" }, cards, "cards"),
    node("g", { class: chips.length > 32 ? "layer-chips many" : "layer-chips" }, chips, "chips"),
  ];
  return { width, height: Math.ceil(layout.height + tray.height), children };
}

type Size = typeof LARGE;

/** Groups by the server that has them; without a known owner they are stranded. */
function settle(
  groups: readonly Kept<GroupState>[],
  servers: ReadonlySet<string>,
): { byOwner: ReadonlyMap<string, Kept<GroupState>[]>; stranded: readonly Kept<GroupState>[] } {
  const byOwner = new Map<string, Kept<GroupState>[]>();
  const stranded: Kept<GroupState>[] = [];
  for (const kept of groups) {
    const { owner } = kept.value;
    if (owner === null || !servers.has(owner)) {
      stranded.push(kept);
      continue;
    }
    const list = byOwner.get(owner);
    if (list === undefined) byOwner.set(owner, [kept]);
    else list.push(kept);
  }
  return { byOwner, stranded };
}

function inside(box: Box): Box {
  const width = box.width - 2 * CARD_INSET;
  return { x: box.x + CARD_INSET, y: box.y + CARD_HEADER + CARD_INSET, width, height: 0 };
}

const columnsFor = (width: number, size: Size): number =>
  size === LARGE && width < 2 * 190
    ? 1
    : Math.max(1, Math.floor((width + size.gap) / (size.minWidth + size.gap)));

const rowsFor = (count: number, cardWidth: number, size: Size): number =>
  Math.ceil(count / columnsFor(cardWidth - 2 * CARD_INSET, size));

function place(
  groups: readonly Kept<GroupState>[],
  area: Box,
  size: Size,
  places: Map<string, Box>,
): void {
  const columns = columnsFor(area.width, size);
  const width = (area.width - size.gap * (columns - 1)) / columns;
  groups.forEach((kept, index) => {
    places.set(kept.id, {
      x: area.x + (index % columns) * (width + size.gap),
      y: area.y + Math.floor(index / columns) * (size.height + size.gap),
      width: Math.round(width * 10) / 10,
      height: size.height,
    });
  });
}

function layTray(
  stranded: readonly Kept<GroupState>[],
  width: number,
  top: number,
  places: Map<string, Box>,
  lang: Language,
): { nodes: SvgNode[]; height: number } {
  if (stranded.length === 0) return { nodes: [], height: 0 };
  const size = stranded.length > 2 * LARGE_CHIPS_MAX ? SMALL : LARGE;
  const area = {
    x: CARD_INSET + 1,
    y: top + 16 + TRAY_LABEL,
    width: width - 2 * CARD_INSET - 2,
    height: 0,
  };
  place(stranded, area, size, places);
  const rows = Math.ceil(stranded.length / columnsFor(area.width, size));
  const height = TRAY_LABEL + rows * (size.height + size.gap) + 8;
  const body = [
    node("rect", { x: 1, y: top + 12, width: width - 2, height, rx: 10, class: "tray-body" }),
    label(say(lang, "nobody"), { x: 1 + CARD_INSET, y: top + 32 }, "tray-label", 13, width - 30),
  ];
  return { nodes: [node("g", { class: "tray" }, body, "tray")], height: height + 16 };
}
