/**
 * Stand-ins for `ip` and `socat` with the same words on the same pipes, for tests without root.
 *
 *   node emulator.js ip STATE ...         the words of `ip -json -force -batch -`; addresses
 *                                         live in the file STATE, whoever ends
 *   node emulator.js segment SOCKET ...   what socat does with a packet socket: stdin to
 *                                         the segment (a Unix socket), segment to stdout
 *
 * Faults are files beside STATE: `STATE.hang` = no answer, `STATE.deaf` = accepts and does nothing,
 * `STATE.die` = ends at the next order and removes the file; `STATE.gone` = interface missing.
 * Beside SOCKET: `SOCKET.slow` = the sockets are not open before the file is gone.
 * Recorded from iproute2 6.1 and socat 1.7.4.4.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { createInterface } from "node:readline";

interface Entry {
  readonly family: "inet" | "inet6";
  readonly local: string;
  readonly prefixlen: number;
}

const INDEX = 7;
const HARDWARE = "02:00:00:00:0a:01";
const SLOW_LOOK_MS = 10;

function emulateIp(statePath: string): void {
  let lineNumber = 0;
  const say = (text: string): void => void process.stdout.write(`${text}\n`);
  const complain = (text: string): void => say(`${text}\nCommand failed -:${lineNumber}`);
  createInterface({ input: process.stdin }).on("line", (line) => {
    lineNumber += 1;
    if (existsSync(`${statePath}.hang`)) return;
    if (existsSync(`${statePath}.die`)) {
      rmSync(`${statePath}.die`);
      process.exit(1);
    }
    const [object, verb, what = "", ...rest] = line.split(" ");
    const device = verb === "show" ? rest[0] : rest[1];
    if (object !== "addr") complain(`Object "${object}" is unknown, try "ip help".`);
    else if (device === undefined || existsSync(`${statePath}.gone`)) {
      complain(`Cannot find device "${device}"`);
    } else if (verb === "show") say(describe(statePath, device));
    else change(statePath, verb === "add", what, complain);
  });
}

function change(path: string, add: boolean, what: string, complain: (text: string) => void): void {
  const [local = "", bits = ""] = what.split("/");
  const entries = load(path);
  const others = entries.filter((entry) => entry.local !== local);
  const isThere = others.length < entries.length;
  if (add && isThere) complain("Error: ipv4: Address already assigned.");
  else if (!add && !isThere) complain("Error: ipv4: Address not found.");
  else if (!existsSync(`${path}.deaf`)) {
    const family = local.includes(":") ? "inet6" : "inet";
    const entry: Entry = { family, local, prefixlen: Number(bits) };
    writeFileSync(path, JSON.stringify(add ? [...others, entry] : others));
  }
}

function describe(path: string, device: string): string {
  const state = { ifindex: INDEX, ifname: device, address: HARDWARE, addr_info: load(path) };
  return JSON.stringify([state]);
}

function load(path: string): Entry[] {
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Entry[]) : [];
}

/** socat's notice level, as `-d -d` switches it on. */
function notice(text: string): void {
  process.stderr.write(`2024/05/01 00:00:00 socat[${process.pid}] N ${text}\n`);
}

function openWhenAllowed(path: string): void {
  if (existsSync(`${path}.slow`)) setTimeout(openWhenAllowed, SLOW_LOOK_MS, path);
  else joinSegment(path);
}

function joinSegment(path: string): void {
  const segment = connect(path);
  process.stdin.pipe(segment);
  segment.pipe(process.stdout);
  segment.on("connect", () => notice("starting data transfer loop with FDs [0,1] and [5,5]"));
  segment.on("error", () => process.exit(1));
  segment.on("close", () => process.exit(1));
}

const [, , role, path = ""] = process.argv;
if (role === "ip") emulateIp(path);
else if (role === "segment") openWhenAllowed(path);
else {
  process.stderr.write(`emulator: expected "ip" or "segment", got "${role}"\n`);
  process.exitCode = 2;
}
