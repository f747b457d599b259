/**
 * Two machines under systemd with the package installed by its own command, joined by the lab's wires, COM
 * cable and array: what an administrator has after README "On two real servers", steps 1 to 3, and with the
 * off command armed. Tests go on from `systemctl enable --now kage.target`.
 * Root only. Source: work order 3 item 5; flash/package.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CLUSTER_FILE, KEY_FILE, LOCAL_FILE, RUN_DIR } from "../../flash/package/places.ts";
import type { StatusDocument } from "../../services/status.ts";
import { untilWithin } from "../deadline.ts";
import { type Bay, type Cabinet, openCabinet } from "../lab/cabinet.ts";
import { type LabClient, openClient } from "../lab/client.ts";
import type { Finished } from "../lab/command.ts";
import type { Life } from "../lab/server.ts";
import { askEvents, askStatus } from "../scenarios/rack-client.ts";
import type { LoggedEvent } from "../scenarios/world.ts";
import { ask, bootMachine, offFile, prepareMachine } from "./machine.ts";

export const SERVERS = ["SERVER1", "SERVER2"] as const;
export type Server = (typeof SERVERS)[number];

export const ADDRESS = "10.77.2.101";
const PORT = 8080;
const BOOTS_WITHIN_MS = 20_000;
/** A cold start of both, the start wait, and a busy machine. */
export const STANDS_WITHIN_MS = 30_000;

const MAIN = fileURLToPath(new URL("../../firmware/main.js", import.meta.url));
const SERVICE = fileURLToPath(new URL("../../hal/rack/demo-service.js", import.meta.url));
const BARE_KEY = "0600";

/** T 4 s: nobody here measures speed, and systemd starts a pulse anew on a busy machine in time. */
function clusterText(startWaitMs: number): object {
  const both = (first: string, second: string) => ({ SERVER1: first, SERVER2: second });
  const program = ["/bin/sh", "-c", 'KAGE_PUBLIC_ADDRESS=0.0.0.0 exec "$0" "$@"'];
  const argv = [...program, process.execPath, "/opt/service.mjs", String(PORT)];
  const address = { type: "floating-ip", name: "address", address: ADDRESS, prefixLength: 24 };
  return {
    cluster: { name: "units" },
    method: "com-disk",
    timing: {
      heartbeatTimeoutMs: 4000,
      heartbeatIntervalMs: 200,
      startSyncWaitMs: startWaitMs,
    },
    servers: SERVERS.map((name) => ({ name, publicInterface: "pub0" })),
    lans: [
      { id: "lan1", kind: "private", addresses: both("10.77.1.1:7001", "10.77.1.2:7001") },
      { id: "lan2", kind: "public", addresses: both("10.77.2.1:7002", "10.77.2.2:7002") },
    ],
    com: { devices: both("/dev/ttyS0", "/dev/ttyS0") },
    disk: { paths: both("/dev/disk/by-partlabel/arb", "/dev/disk/by-partlabel/arb") },
    groups: [
      {
        name: "web",
        policy: SERVERS,
        resources: [address, { type: "program", name: "program", argv }],
      },
    ],
  };
}

export class Pair {
  readonly cabinet: Cabinet;
  readonly #client: LabClient;

  constructor(cabinet: Cabinet) {
    this.cabinet = cabinet;
    this.#client = openClient(cabinet.client, cabinet.env);
  }

  bay(server: Server): Bay {
    return this.cabinet.bay(server);
  }

  isOn(server: Server): boolean {
    return this.bay(server).life !== null;
  }

  life(server: Server): Life {
    const { life } = this.bay(server);
    if (life === null) throw new Error(`${server} is off`);
    return life;
  }

  /** A file of a machine that is on, as the host reads it. */
  file(server: Server, path: string): string {
    return join(`/proc/${this.life(server).initPid}/root`, path);
  }

  /** Resolves when systemd has started everything that it should. */
  async powerOn(server: Server): Promise<void> {
    const life = await this.cabinet.powerOn(server, "");
    await untilWithin(`systemd of ${server} has booted`, BOOTS_WITHIN_MS, async () => {
      const said = await ask(life, ["systemctl", "is-system-running"]);
      return /^(running|degraded)/.test(said.stdout) ? true : null;
    });
  }

  ask(server: Server, argv: readonly string[]): Promise<Finished> {
    return ask(this.life(server), argv);
  }

  /** Throws with the tool's words unless it exits with 0. */
  async run(server: Server, argv: readonly string[]): Promise<string> {
    const { exit, stdout, stderr } = await this.ask(server, argv);
    if (exit !== 0) throw new Error(`${server} ${argv.join(" ")}: ${exit}: ${stdout}${stderr}`);
    return stdout;
  }

  /** One property of a unit as systemd knows it. */
  async show(server: Server, unit: string, property: string): Promise<string> {
    const words = ["systemctl", "show", "--value", "-p", property, unit];
    return (await this.run(server, words)).trim();
  }

  /** Pid of a unit's main process as the machine counts; 0 = none runs. */
  async mainPid(server: Server, unit: string): Promise<number> {
    return Number(await this.show(server, unit, "MainPID"));
  }

  status(server: Server): Promise<StatusDocument | null> {
    return askStatus(this.file(server, `${RUN_DIR}/agent.sock`));
  }

  async events(server: Server): Promise<readonly LoggedEvent[]> {
    return (await askEvents(this.file(server, `${RUN_DIR}/agent.sock`))) ?? [];
  }

  /** Name of the server that answers at the floating address; null = nobody. */
  async answering(): Promise<string | null> {
    return (await this.#client.ask(ADDRESS, PORT))?.server ?? null;
  }

  /** Both are members, `owner` runs the group and answers for it. */
  async stands(owner: Server): Promise<void> {
    await untilWithin(`both members, web on ${owner}`, STANDS_WITHIN_MS, async () => {
      const seen = await Promise.all(SERVERS.map((server) => this.status(server)));
      const all = seen.every(
        (status) =>
          status?.servers.every(({ state }) => state === "member") === true &&
          status.groups.every((group) => group.state === "running" && group.owner === owner) &&
          status.paths.every(({ state }) => state === "normal"),
      );
      return all && (await this.answering()) === owner ? true : null;
    });
  }

  async close(): Promise<void> {
    await this.#client.close();
    await this.cabinet.close();
  }

  /** What a failed test needs: the journal of every machine that is on. */
  async blackBox(): Promise<string> {
    const told: string[] = [];
    for (const server of SERVERS) {
      if (!this.isOn(server)) continue;
      const words = ["journalctl", "--no-pager", "-o", "short-monotonic", "-n", "60"];
      told.push(`${server}:\n${(await this.ask(server, words)).stdout}`);
    }
    return told.join("\n");
  }
}

/** Both machines installed, configured and booted; the cluster software not yet enabled. */
export async function openPair(startWaitMs = 20_000): Promise<Pair> {
  let cabinet: Cabinet | null = null;
  cabinet = await openCabinet({
    servers: SERVERS,
    boot: (plan) =>
      bootMachine(plan, {
        disk: cabinet?.array?.devices[plan.number - 1] ?? null,
        com: cabinet?.cable?.devices[plan.number - 1] ?? null,
      }),
  });
  const pair = new Pair(cabinet);
  try {
    await Promise.all(SERVERS.map((name) => prepareMachine(pair.bay(name), MAIN, SERVICE)));
    const key = readFileSync(offFile(pair.bay("SERVER1").folder, KEY_FILE));
    for (const server of SERVERS) configure(pair.bay(server), key, startWaitMs);
    await Promise.all(SERVERS.map((server) => pair.powerOn(server)));
    await pair.run("SERVER1", ["kage", "disk", "format"]);
    return pair;
  } catch (error) {
    await pair.close();
    throw error;
  }
}

/** Steps 1, 2 and 7 of README "On two real servers". */
function configure(bay: Bay, key: Buffer, startWaitMs: number): void {
  const at = (path: string): string => offFile(bay.folder, path);
  writeFileSync(at(KEY_FILE), key, { mode: Number.parseInt(BARE_KEY, 8) });
  writeFileSync(at(CLUSTER_FILE), `${JSON.stringify(clusterText(startWaitMs), null, 2)}\n`);
  const local = JSON.parse(readFileSync(at(LOCAL_FILE), "utf8")) as { off: object };
  // It ends the machine's first process; nothing beyond the namespace hears of it.
  const off = { ...local.off, armed: true };
  const telemetry = { listen: `10.77.2.${bay.number}:8443`, brokers: ["mqtt://127.0.0.1:1883"] };
  writeFileSync(at(LOCAL_FILE), `${JSON.stringify({ ...local, off, telemetry }, null, 2)}\n`);
}
