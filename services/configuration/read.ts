/**
 * Reads commented JSON (JSONC): comments and trailing commas are welcome, everything else is strict.
 * Keeps the syntax tree, so that every later finding can name line and column. Never throws: size and
 * nesting are bounded before the recursive parser sees the text. The only home of jsonc-parser.
 * Source: architecture 6; RFC 8259 4 (duplicate names are refused instead of "the last one wins").
 */
import {
  createScanner,
  findNodeAtLocation,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from "jsonc-parser";
import type { JsonPath, Place, Remark } from "./finding.ts";

/** A cluster of 16 servers with 32 groups needs about 60 kB. */
const TEXT_CHARACTERS_MAX = 1_000_000;
/** The deepest value of the schema lies 6 levels down; jsonc-parser recurses per level. */
const NESTING_MAX = 32;
/** Token kinds of jsonc-parser, whose const enum cannot be used with isolated modules. */
const OPEN_BRACE = 1;
const CLOSE_BRACE = 2;
const OPEN_BRACKET = 3;
const CLOSE_BRACKET = 4;
const END_OF_FILE = 17;

/** A remark whose place is known by offset because there is no path to it. */
export interface SyntaxRemark extends Remark {
  readonly place: Place;
}

export interface Document {
  readonly value: unknown;
  /** Place of the value (or with `onKey` of its key); of the nearest existing parent if absent. */
  placeOf(at: JsonPath, onKey?: boolean): Place;
}

export type ReadResult =
  | { readonly kind: "document"; readonly document: Document }
  | { readonly kind: "malformed"; readonly remarks: readonly SyntaxRemark[] };

/** For any text. Of errors of form the first is told, of keys written twice all. */
export function readDocument(text: string): ReadResult {
  const place = placesOf(text);
  const malformed = (offset: number, expected: string, found: string, remedy: string) =>
    ({
      kind: "malformed",
      remarks: [{ at: [], place: place(offset), expected, found, remedy }],
    }) as const;
  if (text.length > TEXT_CHARACTERS_MAX) {
    const found = `${text.length} characters`;
    return malformed(
      0,
      `at most ${TEXT_CHARACTERS_MAX} characters`,
      found,
      "is this the right file?",
    );
  }
  // A byte order mark is what some editors add; a blank keeps all positions.
  const clean = text.startsWith("\uFEFF") ? ` ${text.slice(1)}` : text;
  const deep = firstTooDeep(clean);
  if (deep !== null) {
    return malformed(deep, `at most ${NESTING_MAX} levels`, "deeper nesting", "check the brackets");
  }
  const errors: ParseError[] = [];
  const root = parseTree(clean, errors, { allowTrailingComma: true, disallowComments: false });
  const first = errors[0];
  if (first !== undefined)
    return { kind: "malformed", remarks: [syntaxRemark(first, clean, place)] };
  if (root === undefined) {
    return malformed(
      0,
      "one JSON object",
      "an empty file",
      "start from boards/examples/cluster.jsonc",
    );
  }
  const duplicates = duplicateKeys(root, [], place);
  if (duplicates.length > 0) return { kind: "malformed", remarks: duplicates };
  const placeOf = (at: JsonPath, onKey = false) => place(offsetOf(root, at, onKey));
  return { kind: "document", document: { value: toValue(root), placeOf } };
}

function syntaxRemark(
  error: ParseError,
  text: string,
  place: (offset: number) => Place,
): SyntaxRemark {
  const name = printParseErrorCode(error.error);
  const words = name.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
  const token = text.slice(error.offset, error.offset + Math.min(error.length, 20));
  const atEnd = error.offset + error.length >= text.length && token.trim() === "";
  return {
    at: [],
    place: place(error.offset),
    expected: name.endsWith("Expected") ? words.replace(" expected", "") : "valid JSON",
    found: atEnd ? "the end of the file" : `${JSON.stringify(token)} (${words})`,
    remedy: "correct the text here; look at the line before for a missing comma, quote or bracket",
  };
}

/** Offset of the first bracket beyond the permitted depth, or null. */
function firstTooDeep(text: string): number | null {
  const scanner = createScanner(text, true);
  let depth = 0;
  for (let token: number = scanner.scan(); token !== END_OF_FILE; token = scanner.scan()) {
    if (token === OPEN_BRACE || token === OPEN_BRACKET) depth += 1;
    if (token === CLOSE_BRACE || token === CLOSE_BRACKET) depth -= 1;
    if (depth > NESTING_MAX) return scanner.getTokenOffset();
  }
  return null;
}

function duplicateKeys(node: Node, at: JsonPath, place: (offset: number) => Place): SyntaxRemark[] {
  const children = node.children ?? [];
  if (node.type === "array") {
    return children.flatMap((child, position) => duplicateKeys(child, [...at, position], place));
  }
  if (node.type !== "object") return [];
  const remarks: SyntaxRemark[] = [];
  const seen = new Map<string, Place>();
  for (const property of children) {
    const [keyNode, valueNode] = property.children ?? [];
    if (keyNode === undefined || valueNode === undefined) continue;
    const key = String(keyNode.value);
    const here = place(keyNode.offset);
    const before = seen.get(key);
    if (before !== undefined) {
      remarks.push({
        at: [...at, key],
        place: here,
        expected: "every key once",
        found: `"${key}" a second time (first on line ${before.line})`,
        remedy: "remove one of the two",
      });
    }
    seen.set(key, before ?? here);
    remarks.push(...duplicateKeys(valueNode, [...at, key], place));
  }
  return remarks;
}

/** Like jsonc-parser's getNodeValue, but a key `__proto__` stays an ordinary, refusable key. */
function toValue(node: Node): unknown {
  if (node.type === "array") return (node.children ?? []).map(toValue);
  if (node.type !== "object") return node.value;
  const result = {};
  for (const property of node.children ?? []) {
    const [keyNode, valueNode] = property.children ?? [];
    if (keyNode === undefined || valueNode === undefined) continue;
    const value = toValue(valueNode);
    const own = { value, enumerable: true, configurable: true, writable: true };
    Object.defineProperty(result, String(keyNode.value), own);
  }
  return result;
}

function offsetOf(root: Node, at: JsonPath, onKey: boolean): number {
  for (let length = at.length; length >= 0; length -= 1) {
    const node = findNodeAtLocation(root, [...at.slice(0, length)]);
    if (node === undefined) continue;
    const exact = length === at.length;
    const key = node.parent?.type === "property" ? node.parent.offset : node.offset;
    return exact && onKey ? key : node.offset;
  }
  return root.offset;
}

function placesOf(text: string): (offset: number) => Place {
  const starts = [0];
  for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", end + 1)) {
    starts.push(end + 1);
  }
  return (offset) => {
    let line = starts.length;
    while (line > 1 && (starts[line - 1] ?? 0) > offset) line -= 1;
    return { line, column: offset - (starts[line - 1] ?? 0) + 1 };
  };
}
