/**
 * Turns a drawing (plain data) into elements. A part that is the same object as in the last drawing gives
 * the same virtual node back, which Preact skips: ten updates a second then cost only what has changed.
 * Source: ecosystem.md 3.3; "Speed" of work order 3.
 */
import { createElement, type VNode } from "preact";
import { useRef } from "preact/hooks";
import type { Drawing, SvgNode } from "../../../services/telemetry/picture/svg.ts";

interface SvgViewProps {
  readonly drawing: Drawing;
  readonly label: string;
  /** `kind/id` of the part that was clicked, or on which Enter or the space bar was pressed. */
  readonly onOpen: (subject: string) => void;
  /** Given the element when it is there, null when it has gone. */
  readonly onMount?: (svg: SVGSVGElement | null) => void;
}

interface Drawn {
  readonly source: SvgNode;
  readonly node: VNode;
}

export function SvgView({ drawing, label, onOpen, onMount }: SvgViewProps) {
  const drawn = useRef(new Map<string, Drawn>());
  const kept = new Map<string, Drawn>();
  const { width, height } = drawing;

  function layer(source: SvgNode): VNode {
    const children = source.children.map((child) =>
      typeof child === "string" ? child : part(`${source.key ?? ""}/${child.key ?? ""}`, child),
    );
    return element(source, children);
  }

  function part(path: string, source: SvgNode): VNode {
    if (source.key === undefined) return toElement(source);
    const before = drawn.current.get(path);
    const same = before?.source === source ? before : { source, node: toElement(source) };
    kept.set(path, same);
    return same.node;
  }

  const children = drawing.children.map(layer);
  drawn.current = kept;
  return (
    // biome-ignore lint/a11y/useSemanticElements: an SVG has no element of its own for a group of controls
    <svg
      {...(onMount === undefined ? {} : { ref: onMount })}
      class="topology"
      role="group"
      aria-label={label}
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      onClick={(event) => openAt(event.target, onOpen)}
      onKeyDown={(event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        openAt(event.target, onOpen);
      }}
    >
      {children}
    </svg>
  );
}

function toElement(source: SvgNode): VNode {
  const children = source.children.map((child) =>
    typeof child === "string" ? child : toElement(child),
  );
  return element(source, children);
}

function element(source: SvgNode, children: readonly (VNode | string)[]): VNode {
  const props: Record<string, string | number> = { ...source.attrs };
  if (source.key !== undefined) props["key"] = source.key;
  return createElement(source.tag, props, [...children]) as VNode;
}

function openAt(target: EventTarget | null, onOpen: (subject: string) => void): void {
  if (!(target instanceof Element)) return;
  const subject = target.closest("[data-subject]")?.getAttribute("data-subject");
  if (subject != null) onOpen(subject);
}
