/**
 * The parts of the topology picture: server cards, group chips, cable labels. Healthy parts are drawn in
 * neutral tones and colour is left to what wants attention, as in the control rooms this stands in; a
 * downed server is red with a sign and the word. Sizes are pixels and match the style sheet's fonts.
 * Source: ecosystem.md 3.2 point 1; R202.
 */
import type { Language } from "../../catalogue/entry.ts";
import type { GroupState, NodeState } from "../model.ts";
import { showTime } from "./ages.ts";
import type { Kept } from "./board.ts";
import { say } from "./page-text.ts";
import { GROUP_WORDS, SERVER_WORDS, type Tone } from "./state-words.ts";
import { icon, label, node, type SvgNode, textWidth } from "./svg.ts";

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** What every part needs to be drawn. */
export interface Brush {
  readonly lang: Language;
  readonly coordinator: string | null;
  /** IANA name of the reader's zone; default that of the machine. */
  readonly zone?: string;
}

export const CARD_HEADER = 60;
export const CARD_INSET = 12;

/** Same inputs, same part: an unchanged part is the very same object, which the page need not draw. */
export interface Drawn {
  readonly inputs: string;
  readonly node: SvgNode;
}

const cards = new WeakMap<Kept<NodeState>, Drawn>();
const chips = new WeakMap<Kept<GroupState>, Drawn>();

export function remembered<T extends object>(
  known: WeakMap<T, Drawn>,
  kept: T,
  inputs: string,
  make: () => SvgNode,
): SvgNode {
  const before = known.get(kept);
  if (before?.inputs === inputs) return before.node;
  const node = make();
  known.set(kept, { inputs, node });
  return node;
}

const inputsOf = (box: Box, brush: Brush): string =>
  `${box.x} ${box.y} ${box.width} ${box.height} ${brush.lang} ${brush.zone} ${brush.coordinator}`;

export function serverCard(kept: Kept<NodeState>, box: Box, empty: boolean, brush: Brush): SvgNode {
  const inputs = `${inputsOf(box, brush)} ${empty}`;
  return remembered(cards, kept, inputs, () => makeCard(kept, box, empty, brush));
}

/** `width` decides how much is written: below 110 px the state's word is left to sign and name. */
export function groupChip(kept: Kept<GroupState>, box: Box, brush: Brush): SvgNode {
  return remembered(chips, kept, inputsOf(box, brush), () => makeChip(kept, box, brush));
}

function makeCard(kept: Kept<NodeState>, box: Box, empty: boolean, brush: Brush): SvgNode {
  const { lang } = brush;
  const { name, state, since } = kept.value;
  const { tone, icon: sign, text } = SERVER_WORDS[state];
  const { x, y, width } = box;
  const inner = width - 2 * CARD_INSET;
  const isCoordinator = brush.coordinator === name;
  const tag = say(lang, "coordinator");
  const tagWidth = isCoordinator ? textWidth(tag, 11) + 8 : 0;
  const sinceText =
    since === null ? "" : say(lang, "sinceTime", { time: showTime(since, lang, brush.zone) });
  const wordWidth = textWidth(text[lang], 14) + 26;
  const room = inner - wordWidth;
  const children: SvgNode[] = [
    node("rect", { ...box, rx: 10, class: "card-body" }),
    node("path", { d: roundedTop(box, CARD_HEADER, 10), class: "card-head" }),
    icon("server", x + CARD_INSET, y + 11, 18),
    label(name, { x: x + CARD_INSET + 26, y: y + 26 }, "card-name", 17, inner - 26 - tagWidth),
    icon(sign, x + CARD_INSET + 1, y + 37, 15, "icon card-sign"),
    label(text[lang], { x: x + CARD_INSET + 26, y: y + 50 }, "card-state", 14, inner - 26),
  ];
  const right = x + width - CARD_INSET;
  if (isCoordinator)
    children.push(label(tag, { x: right, y: y + 25, anchor: "end" }, "card-tag", 11, tagWidth));
  if (sinceText !== "" && room > textWidth(sinceText, 12)) {
    children.push(label(sinceText, { x: right, y: y + 50, anchor: "end" }, "card-since", 12, room));
  }
  if (empty) {
    const at = { x: x + width / 2, y: y + CARD_HEADER + 30, anchor: "middle" as const };
    children.push(label(say(lang, "noGroups"), at, "card-empty", 13, inner));
  }
  children.push(node("rect", { ...box, rx: 10, class: "card-frame" }));
  const spoken = say(lang, "operateServer", { words: spokenWords(children, [name]) });
  return subject("node", kept.id, `card tone-${tone}`, spoken, children);
}

function makeChip(kept: Kept<GroupState>, box: Box, brush: Brush): SvgNode {
  const { lang } = brush;
  const { name, state, owner, policy } = kept.value;
  const { tone, icon: sign, text } = GROUP_WORDS[state];
  const { x, y, width, height } = box;
  const small = height < 26;
  const font = small ? 11 : 14;
  const signSize = small ? 10 : 14;
  const pad = small ? 6 : 10;
  const middle = height / 2;
  const wordWidth = width >= 110 ? textWidth(text[lang], 12) + 4 : 0;
  const isAway = owner !== null && policy.length > 0 && owner !== policy[0];
  const awayWidth = isAway && !small ? 22 : 0;
  const nameRoom = width - 2 * pad - signSize - 6 - wordWidth - awayWidth;
  const children: SvgNode[] = [
    node("rect", { x: 0, y: 0, width, height, rx: small ? 4 : 7, class: "chip-body" }),
    icon(sign, pad, middle - signSize / 2, signSize, "icon chip-sign"),
    label(
      name,
      { x: pad + signSize + 6, y: middle + font * 0.36 },
      small ? "chip-name small" : "chip-name",
      font,
      nameRoom,
    ),
  ];
  if (wordWidth > 0) {
    const at = { x: width - pad, y: middle + 4, anchor: "end" as const };
    children.push(label(text[lang], at, "chip-state", 12, wordWidth));
  }
  if (awayWidth > 0) {
    children.push(
      node("g", { class: "chip-away" }, [
        node("title", {}, [say(lang, "awayFromHome")]),
        icon("arrow", width - pad - wordWidth - 16, middle - 6, 12),
      ]),
    );
  }
  const where = owner ?? say(lang, "nobody");
  const words = spokenWords(children, [name, text[lang]]);
  const spoken = say(lang, "operateGroup", { words, owner: where });
  const drawn = subject("group", kept.id, `chip tone-${tone}`, spoken, children);
  return { ...drawn, attrs: { ...drawn.attrs, transform: `translate(${round(x)} ${round(y)})` } };
}

/** A sign-and-word label on a cable, centred on `at`. */
export function cableLabel(
  at: { readonly x: number; readonly y: number; readonly maxPx: number },
  words: { readonly id: string; readonly state: string },
  sign: SvgNode | null,
): SvgNode {
  const text = words.state === "" ? words.id : `${words.id} ${words.state}`;
  const width = Math.min(at.maxPx, textWidth(text, 13) + (sign === null ? 20 : 40));
  const left = at.x - width / 2;
  const parts: SvgNode[] = [
    node("rect", {
      x: round(left),
      y: at.y - 13,
      width: round(width),
      height: 26,
      rx: 13,
      class: "pill",
    }),
  ];
  if (sign !== null) {
    parts.push(node("g", { transform: `translate(${round(left + 11)} ${at.y - 7})` }, [sign]));
  }
  const shift = sign === null ? 0 : 10;
  parts.push(
    label(
      text,
      { x: round(at.x + shift), y: at.y + 4.5, anchor: "middle" },
      "pill-text",
      13,
      width - 14 - 2 * shift,
    ),
  );
  return node("g", {}, parts);
}

/**
 * The visible words in their order (WCAG 2.5.3, label in name), and what had no room among them.
 */
function spokenWords(children: readonly SvgNode[], needed: readonly string[]): string {
  const shown = children
    .filter((child) => child.tag === "text")
    .map((child) => child.children.filter((part) => typeof part === "string").join(""))
    .join(" ");
  return [shown, ...needed.filter((word) => !shown.includes(word))].join(" ");
}

/** A part a person can open: focusable, named, found again by `data-subject`. */
function subject(
  kind: "node" | "group",
  id: string,
  style: string,
  spoken: string,
  children: readonly SvgNode[],
): SvgNode {
  const attrs = {
    class: style,
    role: "button",
    tabindex: 0,
    "aria-label": spoken,
    "data-subject": `${kind}/${id}`,
  };
  // Blanks keep the words of neighbouring texts apart for readers and for copying.
  const apart = children.flatMap((child) => (child.tag === "text" ? [child, " "] : [child]));
  return node("g", attrs, apart, `${kind}/${id}`);
}

function roundedTop(box: Box, height: number, radius: number): string {
  const { x, y, width } = box;
  const across = width - 2 * radius;
  return `M${x} ${y + height}V${y + radius}a${radius} ${radius} 0 0 1 ${radius} -${radius}h${across}a${radius} ${radius} 0 0 1 ${radius} ${radius}V${y + height}z`;
}

export const round = (value: number): number => Math.round(value * 10) / 10;

/** The most urgent of several tones. */
export function worst(tones: readonly Tone[]): Tone {
  for (const tone of ["bad", "warn", "quiet"] as const) if (tones.includes(tone)) return tone;
  return "calm";
}
