/**
 * Stands in for the processes of a server: an agent that says it is a member, serves the group's
 * address when it is SERVER1, and goes off when the cluster is shut down; pulse and disk only live. With a
 * file `end-itself` in the state folder it goes off as in an emergency. Started as `node stand-in-main.js ROLE --local FILE`, like the real one. With a file `crash-ROLE` in
 * the state folder the role ends at once with status 7.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { createRackBoard } from "../../hal/drivers/host-rack/board.ts";
import { createRackAddresses } from "../../hal/drivers/host-rack/switch.ts";

interface StandInLocal {
  readonly server: string;
  readonly configFile: string;
  readonly stateDir: string;
  readonly runDir: string;
  readonly rack: { readonly board: string; readonly publicSwitch: string };
}

const [, , role, , localFile = ""] = process.argv;
const local = JSON.parse(readFileSync(localFile, "utf8")) as StandInLocal;
if (existsSync(join(local.stateDir, `crash-${role}`))) process.exit(7);
if (role === "agent" && "rack" in local) runAgent();
setInterval(() => undefined, 1000);

function runAgent(): void {
  mkdirSync(local.runDir, { recursive: true });
  const onTrouble = (text: string): void => void process.stderr.write(`${text}\n`);
  const board = createRackBoard(local.rack.board, onTrouble);
  const agent = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.on("data", (bytes) => {
      const { id, verb } = JSON.parse(bytes.toString()) as { id: number; verb: string };
      const servers = [{ name: local.server, state: "member" }];
      socket.write(`${JSON.stringify({ id, ok: true, result: { servers } })}\n`);
      if (verb === "cluster.shutdown") shutDown();
    });
  });
  agent.listen(join(local.runDir, "agent.sock"));
  // One agent hears the order; the others hear of it over the LAN, here over a file.
  const order = join(dirname(local.configFile), "stand-in-shutdown");
  const emergency = join(local.stateDir, "end-itself");
  setInterval(() => {
    if (existsSync(order)) board.off("planned");
    if (existsSync(emergency)) board.off("emergency");
  }, 20);
  function shutDown(): void {
    spawn("touch", [order]).on("exit", () => board.off("planned"));
  }
  if (local.server === "SERVER1") serve(onTrouble);
}

/** The group `web`: the demonstration's service as a detached program, and the floating address. */
function serve(onTrouble: (text: string) => void): void {
  const text = readFileSync(local.configFile, "utf8").replace(/^\/\/.*$/gm, "");
  const config = JSON.parse(text) as {
    groups: { resources: { type: string; address?: string; argv?: string[] }[] }[];
  };
  const resources = config.groups[0]?.resources ?? [];
  const [node = "", ...args] = resources.find((one) => one.type === "program")?.argv ?? [];
  spawn(node, args, { detached: true, stdio: "ignore" }).unref();
  const address = resources.find((one) => one.type === "floating-ip")?.address ?? "";
  const { publicSwitch } = local.rack;
  createRackAddresses({ publicSwitch, onTrouble })
    .up(address, 24)
    .catch((error: Error) => onTrouble(error.message));
}
