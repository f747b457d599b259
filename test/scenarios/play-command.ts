/**
 * Does one command of a scenario in a world. A `kage` order that ends with another exit code than the
 * story says is a failed step, not a thrown error.
 */

import { EXIT } from "../../firmware/cli/exit-code.ts";
import { unreachable } from "../../hal/base/assert.ts";
import type { ApplyOrder, Command } from "./command-grammar.ts";
import { makeText, readMadeText, withTexts } from "./config-text.ts";
import type { Baseline, Verdict } from "./judge-fact.ts";
import type { Answer, World } from "./world.ts";

const DONE: Verdict = { holds: true, seen: "done" };

export async function playCommand(
  world: World,
  command: Command,
  baseline: Baseline,
): Promise<Verdict> {
  switch (command.kind) {
    case "wire":
      await world.wire(command);
      return DONE;
    case "power":
      // One instant for both: the orders leave together.
      await Promise.all(command.servers.map((s) => world.power(s, command.on)));
      return DONE;
    case "power.cycle":
      await world.power(command.server, false);
      await world.power(command.server, true);
      return DONE;
    case "freeze":
      await world.freeze(command.server, command.frozen);
      return DONE;
    case "signal":
      await world.signal(command.server, command.role, command.signal);
      return DONE;
    case "loss":
      await world.lose(command.server, command.role, command.lost);
      return DONE;
    case "broker":
      await world.signalBroker(command.signal);
      return DONE;
    case "spin":
      await world.spin(command.server);
      return DONE;
    case "program.kill":
      await world.killProgram(command.group);
      return DONE;
    case "disk":
      await world.disk(command.server, command.fault);
      return DONE;
    case "stranger":
      await world.stranger(command.group, command.on);
      return DONE;
    case "kage":
      return expectExit(await world.kage(withTexts(world, command.args)), command.exit, baseline);
    case "text":
      await makeText(world, command.name, command.edit);
      return DONE;
    case "key.wrong":
      await world.wrongKey(command.server);
      return DONE;
    case "garbage":
      await world.garbage(command.path, command.server, command.count);
      return DONE;
    case "replay":
      await world.replay(command.path, command.from, command.count);
      return DONE;
    case "slot":
      await world.slot(command.server, command.content);
      return DONE;
    case "version":
      await world.version(command.server, command.other);
      return DONE;
    case "state":
      await world.stateFolder(command.server, command.condition);
      return DONE;
    case "script":
      await world.script(command.condition);
      return DONE;
    case "apply.both":
      return expectOneTaken(world, command.orders, baseline);
    case "appliance.second":
      return expectExit(await world.secondAppliance(), command.exit, baseline);
    case "watch":
      return DONE;
    default:
      return unreachable(command);
  }
}

/** Both were looked at when the text before was in force: one comes too late, whichever. */
async function expectOneTaken(
  world: World,
  orders: readonly ApplyOrder[],
  baseline: Baseline,
): Promise<Verdict> {
  const [status] = await Promise.all(orders.map(({ server }) => world.status(server)));
  const expectHash = status?.cluster.details?.["configHash"];
  const answers = await Promise.all(
    orders.map(({ server, text }) => {
      const args = { text: readMadeText(world, text), expectHash, by: `story, ${text}` };
      return world.order(server, "config.apply", args);
    }),
  );
  const stderr = answers.map((answer) => answer.stderr).join("");
  baseline.lastAnswer = { exit: 0, stdout: answers.map(({ stdout }) => stdout).join(""), stderr };
  const exits = answers.map(({ exit }) => exit).sort((a, b) => a - b);
  const seen = answers.map(({ exit, stdout, stderr: said }) => `exit ${exit}: ${stdout}${said}`);
  return { holds: exits[0] === EXIT.done && exits[1] === EXIT.refused, seen: seen.join("; ") };
}

function expectExit(answer: Answer, exit: number, baseline: Baseline): Verdict {
  baseline.lastAnswer = answer;
  const said = `${answer.stdout}${answer.stderr}`.trim();
  return { holds: answer.exit === exit, seen: `exit ${answer.exit}: ${said || "(silent)"}` };
}
