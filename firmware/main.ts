/**
 * Process entry: `main.js <role> --local FILE` for the processes of a server, `main.js appliance` for the
 * virtual appliance, anything else for the command line. Source: architecture.md 2, 7.
 */
import { parseArgs } from "node:util";

/** A start that cannot go on: wrong configuration or files. The supervisor tries again with back-off. */
const EXIT_START = 1;

async function main(argv: readonly string[]): Promise<void> {
  const [role, ...rest] = argv;
  switch (role) {
    case "pulse":
    case "agent":
    case "disk":
      return runRole(role, rest);
    case "appliance": {
      const { runAppliance } = await import("./appliance.ts");
      process.exitCode = await runAppliance(rest);
      return;
    }
    default: {
      const { runProcess } = await import("./cli/main.ts");
      return runProcess(argv);
    }
  }
}

async function runRole(role: "pulse" | "agent" | "disk", argv: string[]): Promise<void> {
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
      return await new Agent(context).run();
    }
    const { runServerDisk } = await import("./disk.ts");
    if (runServerDisk(context) === null) idle();
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
