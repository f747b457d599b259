/**
 * `npm run coverage:requirements [-- --json] [-- --open]`: every row of the contract with the tests that
 * carry it, or "open"; the last line is the sum. `--open` shows the open rows only. Runs in the project's
 * folder. Exit 0; 1 = a test names a row that does not exist; 2 = usage, or the list cannot be read.
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { ROWS_FILE, readCarriers } from "./carriers.ts";
import { cover, faultOf, readRows, showCoverage, sumOf } from "./scan.ts";

function main(): number {
  const { values } = parseArgs({
    options: { json: { type: "boolean" }, open: { type: "boolean" } },
  });
  const carriers = readCarriers(".");
  if (carriers === null) {
    process.stderr.write(`no ${ROWS_FILE} here; do: run it in the project's folder\n`);
    return 2;
  }
  const read = readRows(readFileSync(ROWS_FILE, "utf8"));
  if (read.kind === "malformed") {
    process.stderr.write(
      `${ROWS_FILE}:${read.line}: expected "R1 heading", each row once, found "${read.text}"\n`,
    );
    return 2;
  }
  const coverage = cover(read.rows, carriers);
  const code = coverage.unknown.length === 0 ? 0 : 1;
  if (values.json === true) {
    process.stdout.write(`${JSON.stringify({ ...coverage, sum: sumOf(coverage) })}\n`);
    return code;
  }
  const isOpen = values.open === true;
  const rows = isOpen ? coverage.rows.filter((r) => r.claims.length === 0) : coverage.rows;
  process.stdout.write(`${showCoverage({ rows, unknown: [] })}\n`);
  for (const claim of coverage.unknown) process.stderr.write(`${faultOf(claim)}\n`);
  process.stdout.write(`${sumOf(coverage)}\n`);
  return code;
}

process.exitCode = main();
