/**
 * A group dragged onto a server card: the hand's way to the dialog in which every order is read and
 * confirmed; nothing is ordered by letting go. Pointer events, because an SVG has no drag and drop of its
 * own. A finger scrolls instead and taps for the dialog, as Enter does on the keyboard.
 * Source: ecosystem.md 3.2 point 5; W3C Pointer Events 3; WCAG 2.5.7 (a way without dragging stays).
 */
import { useEffect, useRef } from "preact/hooks";

export interface GroupDrag {
  /** Both are topic ids. */
  readonly canDrop: (groupId: string, nodeId: string) => boolean;
  readonly onDrop: (groupId: string, nodeId: string) => void;
  /** Words beside the pointer; `nodeId` null = over no server. */
  readonly describe: (
    groupId: string,
    nodeId: string | null,
  ) => { readonly text: string; readonly isRefused: boolean };
}

/** A hand that clicks moves less, px. */
const START_PX = 6;

interface Drag {
  readonly groupId: string;
  readonly ghost: HTMLElement;
  over: string | null;
}

/** Null = dragging is off, e.g. because the page is not live. */
export function useGroupDrag(drag: GroupDrag | null): (svg: SVGSVGElement | null) => void {
  const held = useRef(drag);
  held.current = drag;
  const stop = useRef<(() => void) | null>(null);
  const mount = useRef((svg: SVGSVGElement | null): void => {
    stop.current?.();
    stop.current = svg === null ? null : listen(svg, () => held.current);
  });
  useEffect(() => () => stop.current?.(), []);
  return mount.current;
}

function listen(svg: SVGSVGElement, current: () => GroupDrag | null): () => void {
  let pressed: { readonly groupId: string; readonly x: number; readonly y: number } | null = null;
  let drag: Drag | null = null;

  function end(): void {
    pressed = null;
    removeEventListener("pointermove", onMove);
    removeEventListener("pointerup", onUp);
    removeEventListener("pointercancel", end);
    removeEventListener("blur", end);
    removeEventListener("keydown", onKey, true);
    drag?.ghost.remove();
    drag = null;
    delete svg.dataset["dragging"];
    for (const card of cardsOf(svg)) delete card.dataset["drop"];
  }

  function onDown(event: PointerEvent): void {
    const groupId = subjectAt(event.target, "group");
    const isHand = event.isPrimary && event.button === 0 && event.pointerType !== "touch";
    if (groupId === null || !isHand || current() === null) return;
    end();
    pressed = { groupId, x: event.clientX, y: event.clientY };
    addEventListener("pointermove", onMove);
    addEventListener("pointerup", onUp);
    addEventListener("pointercancel", end);
    addEventListener("blur", end);
    addEventListener("keydown", onKey, true);
  }

  function onMove({ clientX, clientY }: PointerEvent): void {
    const rules = current();
    if (pressed === null || rules === null) return end();
    if (drag === null) {
      if (Math.hypot(clientX - pressed.x, clientY - pressed.y) < START_PX) return;
      getSelection()?.removeAllRanges();
      svg.dataset["dragging"] = "yes";
      drag = { groupId: pressed.groupId, ghost: makeGhost(), over: null };
    }
    const { groupId, ghost } = drag;
    drag.over = cardUnder(clientX, clientY);
    for (const card of cardsOf(svg)) {
      const id = subjectAt(card, "node") ?? "";
      const fits = rules.canDrop(groupId, id);
      card.dataset["drop"] = !fits ? "no" : id === drag.over ? "here" : "ok";
    }
    const { text, isRefused } = rules.describe(groupId, drag.over);
    ghost.classList.toggle("is-refused", isRefused);
    ghost.textContent = text;
    ghost.style.transform = `translate(${clientX + 14}px, ${clientY + 14}px)`;
  }

  function onUp(): void {
    const rules = current();
    const done = drag;
    end();
    if (done === null) return;
    swallowClick();
    const { groupId, over } = done;
    if (over !== null && rules?.canDrop(groupId, over) === true) rules.onDrop(groupId, over);
  }

  function onKey(event: KeyboardEvent): void {
    if (event.key !== "Escape" || drag === null) return;
    event.preventDefault();
    end();
  }

  svg.addEventListener("pointerdown", onDown);
  return () => {
    end();
    svg.removeEventListener("pointerdown", onDown);
  };
}

function makeGhost(): HTMLElement {
  const ghost = document.createElement("div");
  ghost.className = "drag-ghost";
  ghost.setAttribute("aria-hidden", "true");
  document.body.append(ghost);
  return ghost;
}

/** The click that follows letting go is no wish to open what lies under the pointer. */
function swallowClick(): void {
  const swallow = (event: MouseEvent): void => event.stopPropagation();
  addEventListener("click", swallow, { capture: true, once: true });
  setTimeout(() => removeEventListener("click", swallow, { capture: true }), 0);
}

const cardsOf = (svg: SVGSVGElement): readonly SVGElement[] => [
  ...svg.querySelectorAll<SVGElement>('[data-subject^="node/"]'),
];

/** Chips lie over their card, so all that is under the pointer is looked through. */
function cardUnder(x: number, y: number): string | null {
  for (const element of document.elementsFromPoint(x, y)) {
    const id = subjectAt(element, "node");
    if (id !== null) return id;
  }
  return null;
}

function subjectAt(target: EventTarget | null, kind: "group" | "node"): string | null {
  if (!(target instanceof Element)) return null;
  const subject = target.closest("[data-subject]")?.getAttribute("data-subject") ?? "";
  return subject.startsWith(`${kind}/`) ? subject.slice(kind.length + 1) : null;
}
