/**
 * What a server writes to its own flash: bytes that its four processes dirty on the state folder's file
 * system, as the kernel accounts them (whole pages; the file system's own journal is not in it), on the
 * virtual appliance with telemetry and broker.
 *   a day = idle bytes per second x 86,400 + bytes of a group's move x MOVES_PER_DAY
 * The array, which is no flash of the server, is written over a socket and not counted.
 * Source: proc(5), /proc/pid/io; reliability.md F24 (aim <= 20 MB a day and server); flash/store.
 */
import { setTimeout as pause } from "node:timers/promises";
import { readProc } from "../lab/command.ts";
import type { ClusterLine } from "../scenarios/language.ts";
import { createRackWorld } from "../scenarios/rack-world.ts";
import type { World } from "../scenarios/world.ts";
import { type Row, round } from "./figures.ts";

const DAY_S = 86_400;
const MB = 1_000_000;
const DAY_MB_MAX = 20;
/** Far more than a cluster in production sees; a day of commissioning. */
const MOVES_PER_DAY = 100;
/** What the start writes: records, first events, adopted configuration. */
const SETTLE_MS = 10_000;
const READY_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 100;
const GROUP = "web";

const SERVERS = ["SERVER1", "SERVER2"];

const CLUSTER: ClusterLine = {
  method: "com-disk",
  servers: SERVERS,
  timeoutMs: 3000,
  intervalMs: 300,
  groups: [{ name: GROUP, policy: SERVERS, start: "auto" }],
  watchdogMs: null,
  internalFailure: null,
  diskWaitMs: null,
  startWaitMs: null,
  worlds: ["rack"],
  view: true,
  alone: true,
  set: "basic",
  script: null,
  twoOwners: "forbidden",
};

export interface FlashWrites {
  readonly server: string;
  readonly idleBytesPerS: number;
  readonly bytesPerMove: number;
  readonly mbPerDay: number;
}

export interface FlashResult {
  readonly name: "store";
  readonly servers: readonly FlashWrites[];
  readonly rows: readonly Row[];
}

export async function measureFlashWrites(
  seconds: number,
  moves: number,
  say: (line: string) => void,
): Promise<FlashResult> {
  const world = createRackWorld(CLUSTER);
  await world.start();
  try {
    await runsOn(world, SERVERS[0] ?? "");
    await pause(SETTLE_MS);
    const start = await written(world);
    await pause(seconds * 1000);
    const idle = await written(world);
    for (let count = 0; count < moves; count += 1) {
      const to = SERVERS[(count + 1) % SERVERS.length] ?? "";
      const { exit, stderr } = await world.kage(["group", "move", GROUP, "--to", to]);
      if (exit !== 0) throw new Error(`move ${count}: exit ${exit}: ${stderr}`);
      await runsOn(world, to);
    }
    // What follows a move: telemetry's own mark, the last events.
    await pause(SETTLE_MS);
    const end = await written(world);
    const servers = SERVERS.map((server) => {
      const at = (bytes: ReadonlyMap<string, number>): number => bytes.get(server) ?? 0;
      const idleBytesPerS = (at(idle) - at(start)) / seconds;
      const busy = at(end) - at(idle) - (idleBytesPerS * SETTLE_MS) / 1000;
      const bytesPerMove = Math.max(0, busy) / moves;
      const day = idleBytesPerS * DAY_S + bytesPerMove * MOVES_PER_DAY;
      return { server, idleBytesPerS, bytesPerMove, mbPerDay: day / MB };
    });
    for (const figures of servers) say(`store: ${JSON.stringify(figures)}`);
    return { name: "store", servers, rows: servers.flatMap(rowsOf) };
  } finally {
    for (const line of await world.close()) say(`store: left behind: ${line}`);
  }
}

function rowsOf({ server, idleBytesPerS, bytesPerMove, mbPerDay }: FlashWrites): Row[] {
  return [
    {
      name: `flash writes, ${server}: a day idle`,
      value: `${round((idleBytesPerS * DAY_S) / MB)} MB`,
      target: "",
      met: null,
    },
    {
      name: `flash writes, ${server}: one move`,
      value: `${round(bytesPerMove / 1000)} kB`,
      target: "",
      met: null,
    },
    {
      name: `flash writes, ${server}: a day with ${MOVES_PER_DAY} moves`,
      value: `${round(mbPerDay)} MB`,
      target: `<= ${DAY_MB_MAX}`,
      met: mbPerDay <= DAY_MB_MAX,
    },
  ];
}

/** Bytes so far by server. A process that was replaced meanwhile would make the difference wrong. */
async function written(world: World): Promise<ReadonlyMap<string, number>> {
  const machines = await world.machines();
  return new Map(
    machines.map(({ name, pids }) => {
      const bytes = Object.values(pids).map((pid) => {
        const io = readProc(`/proc/${pid}/io`) ?? "";
        return Number(/^write_bytes: (\d+)$/m.exec(io)?.[1] ?? Number.NaN);
      });
      return [name, bytes.reduce((sum, value) => sum + value, 0)];
    }),
  );
}

async function runsOn(world: World, server: string): Promise<void> {
  const untilMs = performance.now() + READY_WITHIN_MS;
  for (;;) {
    const group = (await world.status(server))?.groups.find(({ name }) => name === GROUP);
    if (group?.state === "running" && group.owner === server) return;
    if (performance.now() > untilMs) {
      throw new Error(`${GROUP} does not run on ${server}\n${await world.blackBox()}`);
    }
    await pause(LOOK_EVERY_MS);
  }
}
