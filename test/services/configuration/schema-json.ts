/**
 * Makes services/configuration/schema.json from the valibot schema, so that editors check and explain
 * the configuration file while it is written. `node dist/test/services/configuration/schema-json.js`
 * in the project folder writes the file; schema.test.ts fails when it is not current.
 * Source: work order 8 (commented JSON with a JSON Schema).
 */
import { writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { toJsonSchema } from "@valibot/to-json-schema";
import { configurationSchema } from "../../../services/configuration/schema.ts";

/** Relative to the project folder, from which build and tests run. */
export const SCHEMA_FILE = "services/configuration/schema.json";

/** The schema as the text of the shipped file. `input` form: keys with a default may be left out. */
export function renderSchema(): string {
  const schema = toJsonSchema(configurationSchema, { typeMode: "input", errorMode: "throw" });
  const title = "Kagemusha cluster configuration";
  return `${JSON.stringify({ ...schema, title }, null, 2)}\n`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  writeFileSync(SCHEMA_FILE, renderSchema());
}
