#!/usr/bin/env node
/**
 * The `kage` command as npm installs it: hands over to the compiled command line.
 * Plain JavaScript, so that a clone that was never built can say so instead of failing to load.
 */
import { existsSync } from "node:fs";

const main = new URL("../dist/firmware/cli/main.js", import.meta.url);
if (existsSync(main)) {
  const { runProcess } = await import(main.href);
  await runProcess(process.argv.slice(2));
} else {
  process.stderr.write(
    "kage: this clone is not built yet\n  do: run npm start (or npm run build) first\n",
  );
  process.exitCode = 6;
}
