/**
 * Our own stack under the bench: the lab's two servers with one group of a floating address and
 * the echo program, which is started at a takeover (keepalived's echo runs on both servers all
 * the time, so this is the harder course).
 */
import { request } from "../../firmware/cli/client.ts";
import type { StatusDocument } from "../../services/status.ts";
import { untilWithin } from "../deadline.ts";
import { type LabCluster, serverFiles } from "../lab/appliance-files.ts";
import { type Lab, openLab } from "../lab/lab.ts";
import { askStatus } from "../scenarios/rack-client.ts";
import { FLOATING, SERVERS, SERVICE_PORT, type Stack } from "./stack.ts";
import { BeatTap, clockOffsetMs, Probe, type Tools } from "./tools.ts";

export const GROUP = "bench";
/** UDP ports of lan1 and lan2 in the lab's configuration. */
const BEAT_PORTS = [7001, 7002];
const READY_WITHIN_MS = 60_000;
const ORDER_WITHIN_MS = 10_000;

export type BenchMethod = LabCluster["method"];

/** `intervalMs` defaults to a tenth of the timeout. */
export async function openKagemusha(
  tools: Tools,
  method: BenchMethod,
  timeoutMs: number,
  intervalMs = timeoutMs / 10,
): Promise<Stack & { readonly lab: Lab }> {
  const group = {
    name: GROUP,
    policy: SERVERS,
    start: "auto",
    address: FLOATING,
    // The shell is gone before it counts: exec.
    argv: ["/bin/sh", "-c", `exec ${tools.echo} ${SERVICE_PORT} "$KAGE_SERVER"`],
  } as const;
  const cluster: LabCluster = {
    method,
    timeoutMs,
    intervalMs,
    startWaitMs: READY_WITHIN_MS,
    groups: [group],
  };
  const lab = await openLab({ servers: SERVERS, cluster });
  const taps = new BeatTap(tools, lab.cabinet.network, BEAT_PORTS);
  const probe = new Probe(tools, lab.cabinet.client, FLOATING, SERVICE_PORT, 5);
  const close = async (): Promise<void> => {
    await Promise.all([probe.close(), taps.close()]);
    await lab.close();
  };
  const owner = async (): Promise<string | null> => (await running(lab))?.owner ?? null;
  try {
    await Promise.all(SERVERS.map((server) => lab.powerOn(server)));
    await ready(lab, probe);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    name: "kagemusha",
    windowMs: timeoutMs,
    setting: `${method}, timeout ${timeoutMs} ms, interval ${intervalMs} ms`,
    lab,
    cabinet: lab.cabinet,
    probe,
    owner,
    lastBeat: (server, atMs) => taps.lastBefore(lab.cabinet.bay(server).number, "beat", atMs),
    cut: async (server) => (await lab.cabinet.powerOff(server)) + clockOffsetMs(),
    repair: async (server) => {
      await lab.powerOn(server);
      await untilWithin(`${server} is detached`, READY_WITHIN_MS, async () => {
        const state = (await status(lab, server))?.servers.find((one) => one.name === server);
        return state?.state === "detached" ? true : null;
      });
      await order(lab, server, "server.return", { server });
      await ready(lab, probe);
    },
    move: async (from) => {
      await order(lab, from, "group.move", { group: GROUP, to: otherServer(from) });
      return () => ready(lab, probe);
    },
    takeovers: async () => (await running(lab))?.epoch ?? null,
    close,
  };
}

export const otherServer = (server: string): string =>
  SERVERS.find((name) => name !== server) ?? server;

async function status(lab: Lab, server: string): Promise<StatusDocument | null> {
  const bay = lab.cabinet.bay(server);
  return bay.life === null ? null : askStatus(serverFiles(bay).agentSocket);
}

/** The group as the first server says that has it running; null when none does. */
async function running(lab: Lab): Promise<{ owner: string; epoch: number } | null> {
  for (const server of SERVERS) {
    const document = await status(lab, server);
    const group = document?.groups.find(({ name }) => name === GROUP);
    if (group?.state !== "running" || group.owner !== server) continue;
    return { owner: server, epoch: document?.cluster.epoch ?? 0 };
  }
  return null;
}

/** Both servers members of one view and the client served. */
async function ready(lab: Lab, probe: Probe): Promise<void> {
  await untilWithin("both servers members and the group running", READY_WITHIN_MS, async () => {
    const documents = await Promise.all(SERVERS.map((server) => status(lab, server)));
    const members = documents.every((document) =>
      document?.servers.every((server) => server.state === "member"),
    );
    return members && (await running(lab)) !== null ? true : null;
  });
  const owner = (await running(lab))?.owner ?? null;
  probe.forget();
  await probe.answers(owner, 0, READY_WITHIN_MS);
}

/** Asks again while the agent refuses: a server that has just booted must first hear the other. */
async function order(
  lab: Lab,
  server: string,
  verb: string,
  args: Readonly<Record<string, string>>,
): Promise<void> {
  const socket = serverFiles(lab.cabinet.bay(server)).agentSocket;
  let answer = "";
  const accepted = untilWithin("accepted", ORDER_WITHIN_MS, async () => {
    const reply = await request(socket, { verb, args }, ORDER_WITHIN_MS);
    answer = JSON.stringify(reply);
    return reply.kind === "ok" ? true : null;
  });
  await accepted.catch((error: unknown) => {
    throw new Error(`${verb} ${JSON.stringify(args)}: ${answer}`, { cause: error });
  });
}
