/**
 * Process entry: `main.js <role> --local FILE` for the processes of a server, `main.js appliance` for the
 * virtual appliance, anything else for the command line. Source: architecture.md 2, 7.
 */
import { parseArgs } from "node:util";
import type { Role } from "./supervisor.ts";

/** A start that cannot go on: wrong configuration or files. The supervisor tries again with back-off. */
const EXIT_START = 1;

async function main(argv: readonly string[]): Promise<void> {
  const [word, ...rest] = argv;
  // Some words are a role and the first word of a command; a role is followed by options only.
  const isBoth = word === "disk" || word === "broker";
  const role = isBoth && rest[0]?.startsWith("-") !== true ? "kage" : word;
  switch (role) {
    case "pulse":
    case "agent":
    case "disk":
    case "telemetry":
      return runRole(role, rest);
    case "leave":
    case "sweep":
      return endServer(role, rest);
    case "broker": {
      const { runBroker } = await import("./appliance/broker.ts");
      const status = await runBroker(rest);
      if (status !== null) process.exitCode = status;
      return;
    }
    case "appliance": {
      const { runAppliance } = await import("./appliance.ts");
      process.exitCode = await runAppliance(rest);
      return;
    }
    default: {
      const { isHelperCommand } = await import("../hal/drivers/script-runner/helper-commands.ts");
      if (isHelperCommand(role)) {
        const { runArmProcess } = await import("./arm/command.ts");
        return runArmProcess(role, rest);
      }
      const { runProcess } = await import("./cli/main.ts");
      return runProcess(argv);
    }
  }
}

async function runRole(role: Role, argv: string[]): Promise<void> {
  const { values } = parseArgs({ args: argv, options: { local: { type: "string" } } });
  const { readServerContext, StartFault } = await import("./local.ts");
  try {
    const context = readServerContext(values.local ?? "");
    if (role === "pulse") {
      const { Pulse } = await import("./pulse/pulse.ts");
      return new Pulse(context).run();
    }
    if (role === "agent") {
      const { Agent } = await import("./agent/agent.ts");
      await new Agent(context).run();
      return await tellManager();
    }
    if (role === "telemetry") {
      const { Telemetry } = await import("./telemetry/telemetry.ts");
      new Telemetry(context).run();
      return await tellManager();
    }
    const { runServerDisk } = await import("./disk/disk.ts");
    if (runServerDisk(context) === null) idle();
  } catch (error) {
    if (!(error instanceof StartFault)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = EXIT_START;
  }
}

/** Only what is no pulse: a word to the service manager is a process. */
async function tellManager(): Promise<void> {
  const { startServiceNotify } = await import("./service-notify.ts");
  const onTrouble = (text: string): void => void process.stderr.write(`${text}\n`);
  startServiceNotify({ env: process.env, pid: process.pid, onTrouble });
}

/** What the service manager runs before and after the processes of this server stop. */
async function endServer(step: "leave" | "sweep", argv: string[]): Promise<void> {
  const { values } = parseArgs({ args: argv, options: { local: { type: "string" } } });
  const { readServerContext, StartFault } = await import("./local.ts");
  const { runEnding } = await import("./install/ending.ts");
  try {
    process.exitCode = await runEnding(step, readServerContext(values.local ?? ""));
  } catch (error) {
    if (!(error instanceof StartFault)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = EXIT_START;
  }
}

/** Without an array the role has nothing to do, but ending would make the supervisor start it for ever. */
function idle(): void {
  setInterval(() => undefined, 2 ** 30);
}

await main(process.argv.slice(2));
