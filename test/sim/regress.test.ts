/**
 * Plans that once broke an invariant, cut down and kept (test/regress): none of them does again.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { play, readGame, tellGame } from "./game.ts";

const REGRESS = fileURLToPath(new URL("../../../test/regress/", import.meta.url));

for (const name of readdirSync(REGRESS)) {
  test(`reliability 2.4: ${name} does not fail again`, () => {
    const game = readGame(join(REGRESS, name));
    if (game.kind === "refused") throw new Error(game.text);
    const { problems } = play(game);
    if (problems.length > 0) assert.equal(problems, [], tellGame(game).slice(-80).join("\n"));
  });
}

test.run();
