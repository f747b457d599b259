/** The launcher with stand-ins for the servers' processes: `node stand-in-appliance.js [options]`. */
import { join } from "node:path";
import { runAppliance } from "../../firmware/appliance.ts";

const demoService = join(import.meta.dirname, "..", "..", "hal", "rack", "demo-service.js");
process.exitCode = await runAppliance(process.argv.slice(2), {
  nodePath: process.execPath,
  mainJs: join(import.meta.dirname, "stand-in-main.js"),
  demoService,
});
