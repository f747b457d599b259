/**
 * Runs the schema over a parsed document and turns every issue into a remark with place and remedy.
 * Unknown keys are compared with the keys that belong there ("did you mean").
 * Source: work order 8; R104.
 */
import * as v from "valibot";
import { type JsonPath, quote, type Remark } from "./finding.ts";
import { configurationSchema, type RawConfiguration } from "./schema.ts";
import { remedyForUnknown } from "./suggest.ts";

export type ShapeResult =
  | { readonly kind: "shaped"; readonly raw: RawConfiguration }
  | { readonly kind: "misshaped"; readonly remarks: readonly Remark[] };

/** What later releases bring, so that the answer is not "unknown" but "not yet". */
const LATER_RESOURCES = [
  "disk",
  "partition",
  "mirror",
  "volume",
  "virtual-ip",
  "virtual-name",
  "line",
];

/** Minimal view of a valibot schema for walking along a path: only what we ask of it. */
interface Walkable {
  readonly type: string;
  readonly entries?: Readonly<Record<string, unknown>>;
  readonly item?: unknown;
  readonly value?: unknown;
  readonly wrapped?: unknown;
  readonly options?: readonly unknown[];
}

export function checkShape(value: unknown): ShapeResult {
  const result = v.safeParse(configurationSchema, value, { abortPipeEarly: true });
  if (result.success) return { kind: "shaped", raw: result.output };
  return { kind: "misshaped", remarks: result.issues.map((issue) => toRemark(issue, value)) };
}

interface Issue {
  readonly type: string;
  readonly message: string;
  readonly expected: string | null;
  readonly input: unknown;
  readonly path?: readonly { readonly key?: unknown }[] | undefined;
}

function toRemark(issue: Issue, root: unknown): Remark {
  const at = (issue.path ?? []).map((step) =>
    typeof step.key === "number" ? step.key : String(step.key),
  );
  const key = String(at.at(-1) ?? "");
  const isKeyIssue = issue.type === "strict_object" && issue.path !== undefined;
  if (isKeyIssue && issue.expected === "never") {
    const known = keysAt(at.slice(0, -1), root);
    const found = `unknown key ${quote(key)}`;
    const remedy = remedyForUnknown(key, known);
    return { at, onKey: true, expected: "a known key", found, remedy };
  }
  // The object lacks a required key; an object given where none belongs has no such expectation.
  if (isKeyIssue && issue.expected === `"${key}"` && issue.input === undefined) {
    const schema = schemaAt(at, root);
    const help = schema === null ? undefined : descriptionOf(schema);
    const remedy = `add "${key}"${help === undefined ? "" : ` (${help.replace(/\.$/, "")})`}`;
    return { at, expected: `the key "${key}"`, found: "nothing", remedy };
  }
  const base = { at, expected: issue.message, found: quote(issue.input) };
  if (key === "type" && LATER_RESOURCES.includes(String(issue.input))) {
    return { ...base, remedy: "this type of resource arrives with a later release" };
  }
  if (issue.type === "picklist" || issue.type === "variant") {
    const words = [...issue.message.matchAll(/"([^"]+)"/g)].map((match) => match[1] ?? "");
    return { ...base, remedy: remedyForUnknown(String(issue.input), words) };
  }
  return { ...base, remedy: "correct the value" };
}

/** Keys the schema knows at this object, for suggestions. */
function keysAt(at: JsonPath, root: unknown): string[] {
  const schema = schemaAt(at, root);
  return Object.keys(schema?.entries ?? {}).filter((key) => key !== "$schema");
}

function schemaAt(at: JsonPath, root: unknown): Walkable | null {
  let schema: Walkable | null = configurationSchema as Walkable;
  let value = root;
  for (const step of at) {
    schema = descend(unwrap(schema, value), step);
    value = (value as Record<string | number, unknown> | undefined)?.[step];
    if (schema === null) return null;
  }
  return unwrap(schema, value);
}

/** Through optional to the schema itself, and through a variant to the option that `type` names. */
function unwrap(schema: Walkable, value: unknown): Walkable {
  if (schema.wrapped !== undefined) return unwrap(schema.wrapped as Walkable, value);
  if (schema.options === undefined || schema.type !== "variant") return schema;
  const named = (value as { readonly type?: unknown } | undefined)?.type;
  const option = schema.options.find((candidate) => {
    const discriminator = (candidate as Walkable).entries?.["type"];
    return (discriminator as { readonly literal?: unknown } | undefined)?.literal === named;
  });
  return (option as Walkable | undefined) ?? schema;
}

function descend(schema: Walkable, step: string | number): Walkable | null {
  const next = typeof step === "number" ? schema.item : (schema.entries?.[step] ?? schema.value);
  return (next as Walkable | undefined) ?? null;
}

function descriptionOf(schema: Walkable): string | undefined {
  return v.getDescription(schema as unknown as v.GenericSchema);
}
