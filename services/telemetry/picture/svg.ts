/**
 * An SVG drawing as plain data, so that a drawing can be computed without a browser, compared in a test
 * and turned into elements or into text. Texts are always children, never markup: whatever a group is
 * called, it stays text. Source: ecosystem.md 3.3 ("state -> SVG tree"), R203.
 */
import { ICONS, type IconName } from "./icons.ts";

export interface SvgNode {
  readonly tag: "g" | "rect" | "line" | "path" | "text" | "circle" | "title";
  /** Keeps the identity of an element between two drawings; unique among its siblings. */
  readonly key?: string;
  readonly attrs: Readonly<Record<string, string | number>>;
  readonly children: readonly (SvgNode | string)[];
}

export interface Drawing {
  readonly width: number;
  readonly height: number;
  readonly children: readonly SvgNode[];
}

type Attrs = Readonly<Record<string, string | number>>;

export function node(
  tag: SvgNode["tag"],
  attrs: Attrs,
  children: readonly (SvgNode | string)[] = [],
  key?: string,
): SvgNode {
  return key === undefined ? { tag, attrs, children } : { tag, attrs, children, key };
}

export function icon(name: IconName, x: number, y: number, size: number, style = "icon"): SvgNode {
  const scale = size / 16;
  return node("path", {
    d: ICONS[name],
    class: style,
    transform: `translate(${x} ${y}) scale(${scale})`,
  });
}

/** `fontPx`: size of the class `style` in the style sheet; the text is cut to `maxPx`. */
export function label(
  text: string,
  at: { readonly x: number; readonly y: number; readonly anchor?: "start" | "middle" | "end" },
  style: string,
  fontPx: number,
  maxPx: number,
): SvgNode {
  const fitted = fitText(text, maxPx, fontPx);
  const attrs = { x: at.x, y: at.y, class: style, "text-anchor": at.anchor ?? "start" };
  return node("text", attrs, fitted === text ? [text] : [node("title", {}, [text]), fitted]);
}

/** Width estimate: full-width characters count one em, others 0.6 em, which no usual font exceeds much. */
export function textWidth(text: string, fontPx: number): number {
  let em = 0;
  for (const character of text) em += (character.codePointAt(0) ?? 0) >= 0x1100 ? 1 : 0.6;
  return em * fontPx;
}

/** Cut with an ellipsis so that it stays inside `maxPx`. */
export function fitText(text: string, maxPx: number, fontPx: number): string {
  if (textWidth(text, fontPx) <= maxPx) return text;
  let shown = "";
  for (const character of text) {
    if (textWidth(`${shown}${character}…`, fontPx) > maxPx) break;
    shown += character;
  }
  return `${shown}…`;
}
