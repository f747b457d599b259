/**
 * keepalived as the yardstick: VRRP v3, a floating address, the same echo service running on both
 * servers.
 *
 * Its backup takes over 3 advert + skew after the last advertisement, skew = advert (256 -
 * priority) / 256 (RFC 5798 6.1, keepalived's v3 timers in centiseconds). For a detection window
 * equal to our timeout T:
 *   advert   = T / 3, rounded down to whole centiseconds
 *   priority = 256 - 256 (T - 3 advert) / advert, so that the skew is what is left of T; 1-254
 * Both servers get the same priority, hence the same window whoever is the backup.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { untilWithin } from "../deadline.ts";
import { type Cabinet, openCabinet } from "../lab/cabinet.ts";
import { heldAddresses } from "../lab/recorder.ts";
import { inside } from "../lab/server.ts";
import { FLOATING, SERVERS, SERVICE_PORT, type Stack } from "./stack.ts";
import { BeatTap, clockOffsetMs, Probe, type Tools } from "./tools.ts";

export interface VrrpTiming {
  readonly advertCs: number;
  readonly priority: number;
  /** 3 advert + skew, ms. */
  readonly windowMs: number;
}

export function vrrpTiming(timeoutMs: number): VrrpTiming {
  const advertCs = Math.max(1, Math.floor(timeoutMs / 3 / 10));
  const advertMs = advertCs * 10;
  const share = (timeoutMs - 3 * advertMs) / advertMs;
  const priority = Math.min(254, Math.max(1, 256 - Math.round(256 * share)));
  const windowMs = 3 * advertMs + (advertMs * (256 - priority)) / 256;
  return { advertCs, priority, windowMs: Math.round(windowMs * 10) / 10 };
}

const READY_WITHIN_MS = 30_000;

export async function openKeepalived(tools: Tools, timeoutMs: number): Promise<Stack> {
  const timing = vrrpTiming(timeoutMs);
  const cabinet = await openCabinet({ servers: SERVERS, baud: null, array: false });
  const taps = new BeatTap(tools, cabinet.network, []);
  const probe = new Probe(tools, cabinet.client, FLOATING, SERVICE_PORT, 5);
  const boot = (name: string) => cabinet.powerOn(name, writeBoot(cabinet, name, tools, timing));
  const owner = (): string | null =>
    cabinet.bays.find(
      ({ life }) => life !== null && heldAddresses(life.initPid, [FLOATING]).size > 0,
    )?.name ?? null;
  const ready = async (): Promise<void> => {
    const name = await untilWithin("a keepalived master", READY_WITHIN_MS, owner);
    await probe.answers(name, 0, READY_WITHIN_MS);
  };
  try {
    // One after the other: two fresh backups of one priority would both rise.
    for (const name of SERVERS) {
      await boot(name);
      await ready();
    }
  } catch (error) {
    await cabinet.close();
    throw error;
  }
  return {
    name: "keepalived",
    windowMs: timing.windowMs,
    setting: `advert_int ${timing.advertCs / 100}, priority ${timing.priority}`,
    cabinet,
    probe,
    owner,
    lastBeat: (server, atMs) => taps.lastBefore(cabinet.bay(server).number, "vrrp", atMs),
    cut: async (server) => (await cabinet.powerOff(server)) + clockOffsetMs(),
    repair: async (server) => {
      await boot(server);
      await ready();
    },
    move: async (from) => {
      const { life } = cabinet.bay(from);
      if (life === null) throw new Error(`${from} is off`);
      await inside(life, ["sh", "-c", "kill $(cat /run/keepalived.pid)"]);
      return async () => {
        await cabinet.powerOff(from);
        await boot(from);
        await ready();
      };
    },
    takeovers: async () => null,
    close: async () => {
      await Promise.all([probe.close(), taps.close()]);
      await cabinet.close();
    },
  };
}

function writeBoot(cabinet: Cabinet, name: string, tools: Tools, timing: VrrpTiming): string {
  const { folder } = cabinet.bay(name);
  const configFile = join(folder, "keepalived.conf");
  writeFileSync(
    configFile,
    [
      `global_defs { \n router_id ${name} \n}`,
      "vrrp_instance bench {",
      "  version 3",
      "  state BACKUP",
      "  nopreempt",
      "  interface pub0",
      "  virtual_router_id 51",
      `  priority ${timing.priority}`,
      `  advert_int ${timing.advertCs / 100}`,
      `  virtual_ipaddress {\n    ${FLOATING}/24 dev pub0\n  }`,
      "}",
      "",
    ].join("\n"),
  );
  const bootScript = join(folder, "boot.sh");
  const lines = [
    `${tools.echo} ${SERVICE_PORT} ${name} &`,
    `exec keepalived --dont-fork --log-console --vrrp --use-file ${configFile}`,
    "",
  ];
  writeFileSync(bootScript, lines.join("\n"));
  return bootScript;
}
