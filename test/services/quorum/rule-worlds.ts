/**
 * The situations that the guide's rules speak of: a configuration that is taken or refused, two servers whose
 * wires are cut or whose power is gone, and what is seen of each of them afterwards.
 * Source: guide 1.2.4; T = 1000 ms, disk wait 1000 ms, COM interval 100 ms.
 */
import { loadConfiguration } from "../../../services/configuration/load.ts";
import { type Pair, started } from "../../firmware/pulse/pair.ts";
import { sample, write } from "../configuration/sample.ts";

export const T = 1000;

export interface Equipment {
  readonly servers: number;
  readonly com?: boolean;
  readonly disk?: boolean;
}

/** "accepted", or what would have been expected instead, findings joined. */
export function configured(method: string, { servers, com, disk }: Equipment): string {
  const sheet = sample();
  const names = Array.from({ length: servers }, (_, at) => `SERVER${at + 1}`);
  const each = (text: (at: number) => string) =>
    Object.fromEntries(names.map((name, at) => [name, text(at)]));
  sheet.method = method;
  sheet.servers = names.map((name) => ({ name }));
  for (const [at, lan] of sheet.lans.entries()) {
    lan.addresses = each((server) => `127.5.5.${server + 1}:${7001 + at}`);
  }
  sheet.com =
    com === true ? { devices: each((at) => `tcp://127.5.5.254:${7100 + at}`) } : undefined;
  sheet.disk =
    disk === true ? { paths: each((at) => `nbd://127.5.5.254:${1080 + at}/array`) } : undefined;
  const result = loadConfiguration(write(sheet), "f");
  if (result.kind !== "refused") return "accepted";
  return result.findings.map(({ expected }) => expected).join("; ");
}

/** Both ways and both LANs; the serial line stays as it is. */
export const cutLans = (pair: Pair): void => pair.cutLan(true);

/** Each server as the guide would say it: goes on (sole), ES, or still a member. */
export function outcome(pair: Pair): string[] {
  return [0, 1].map((self) => {
    const shown = pair.shows(self);
    const { will } = pair.at(self);
    if (will !== null) return will.off ? `ES ${will.reason}` : `groups stopped ${will.reason}`;
    if (shown === "sole") return "goes on";
    return shown === "off" ? "dead" : shown;
  });
}

/** Two members, `owner` with groups; something happens; 5 T later. */
export function after(method: string, owner: number, happens: (pair: Pair) => void): string[] {
  const pair = started(method, owner);
  happens(pair);
  pair.run(5 * T);
  return outcome(pair);
}

/** Ms from `happens` until `self` goes on alone; null = it does not within 10 T. */
export function takeoverMs(
  method: string,
  owner: number,
  self: number,
  happens: (pair: Pair) => void,
): number | null {
  const pair = started(method, owner);
  happens(pair);
  const fromMs = pair.nowMs;
  while (pair.nowMs - fromMs < 10 * T) {
    if (pair.shows(self) === "sole") return pair.nowMs - fromMs;
    pair.run(1);
  }
  return null;
}
