/** The shipped JSON Schema is the valibot schema of this build, and says what editors need. */
import { readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { renderSchema, SCHEMA_FILE } from "./schema-json.ts";

test("services/configuration/schema.json is current (make it with dist/test/.../schema-json.js)", () => {
  const shipped: unknown = JSON.parse(readFileSync(SCHEMA_FILE, "utf8"));
  assert.equal(shipped, JSON.parse(renderSchema()));
});

test("the JSON Schema forbids unknown keys, requires the method and describes the timeout", () => {
  const schema = JSON.parse(renderSchema());
  assert.is(schema.additionalProperties, false);
  assert.equal(schema.required, ["cluster", "method", "servers", "lans", "groups"]);
  const timeout = schema.properties.timing.properties.heartbeatTimeoutMs;
  assert.is(timeout.minimum, 50);
  assert.match(timeout.description, "Default 30000");
});

test.run();
