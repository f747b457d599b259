/**
 * The pulse process: heartbeats, lease, verdict, view, last will, addresses, watchdog. It reads its files
 * once at the start, logs nothing on its hot path, and talks to agent and disk through a socket of its own.
 * Intuition: what must never wait for anything lives here; everything slow lives elsewhere.
 * Source: architecture.md 1.4, 2; protocol.md 1.3.5-1.3.7.
 */
import { join } from "node:path";
import { monotonicMs } from "../../hal/base/clock.ts";
import type { View } from "../../hal/base/view.ts";
import { readProcess } from "../../hal/drivers/process-tree/process-tree.ts";
import type { OffPort } from "../../hal/ports/host.ts";
import type { WatchdogPort } from "../../hal/ports/watchdog.ts";
import type { LoadedConfig } from "../../services/configuration/load.ts";
import type { NoteData, PulseEffect } from "../../services/effects.ts";
import type { AgentToken, PulseEvent, Wish } from "../../services/events.ts";
import { type AliveWord, alivePeriodMs } from "../../services/facts.ts";
import { ringOf } from "../../services/keys/key-set.ts";
import { drawFullWill } from "../full-will.ts";
import { openHostPorts } from "../host-ports.ts";
import { readKeySet } from "../key-files.ts";
import { endsSystem, leaveLastWords } from "../last-words.ts";
import type { ServerContext } from "../local.ts";
import { PULSE_PRIORITY, raisePriority } from "../priority.ts";
import { openBlackBox } from "../replay/black-box.ts";
import { Scheduler } from "../scheduler.ts";
import { executeWill } from "../will.ts";
import { Addresses } from "./addresses.ts";
import { type Cores, createCores } from "./cores.ts";
import { KeyPart, sealing } from "./key-part.ts";
import { Meter } from "./meter.ts";
import { findOrphan, ORPHAN_WILL } from "./orphan.ts";
import { rehearseTakeover } from "./rehearse.ts";
import { hearRevision } from "./revision-words.ts";
import { PulseSocket, type Role } from "./socket.ts";
import { openWires, type Wires } from "./wires.ts";

type Message = Readonly<Record<string, unknown>>;

/** Whole facts are repeated this often though nothing changed: ages in the status stay fresh. */
const FACTS_MS = 1000;
/** Notes wait for an agent that is being restarted; older ones are in no hurry to be lost. */
const NOTES_MAX = 256;
const MALFORMED_NOTE_MS = 60_000;
/** A program that survives KILL for so long is in the hands of the watchdog. */
const WILL_MIN_MS = 1000;

export class Pulse {
  #context: ServerContext;
  readonly #wires: Wires;
  readonly #keys: KeyPart;
  readonly #socket: PulseSocket;
  readonly #scheduler: Scheduler<PulseEvent>;
  readonly #addresses: Addresses;
  readonly #watchdog: WatchdogPort;
  readonly #off: OffPort;
  readonly #cores: Cores;
  /** Groups may run here. A new pulse does not know better until the agent has looked. */
  #covers = true;
  #willRevision = 0;
  readonly #meter = new Meter();
  #armed = false;
  #willRunning = false;
  #factsAtMs = 0;
  #aliveAtMs = 0;
  #toldLease = false;
  #notes: object[] = [];
  #malformedNotedAtMs = new Map<string, number>();
  readonly #pids = new Map<Role, { readonly pid: number; readonly startTicks: number }>();
  /** What the disk process has seen of the peer's slot, as its successor is to be told. */
  #recall: Message | null = null;

  constructor(context: ServerContext) {
    this.#context = context;
    const { local, config, self, host } = context;
    const ring = ringOf(readKeySet(local).set);
    this.#keys = new KeyPart(ring, {
      setKeys: (keys, holders) => this.#wires.setKeys(keys, holders),
      tellDisk: (message) => this.#socket.send("disk", message),
    });
    const ports = openHostPorts(context, (text) => this.#note("host.trouble", { text }));
    this.#watchdog = ports.watchdog;
    const box = openBlackBox("pulse", context, (noteKey, data) => this.#note(noteKey, data));
    this.#off = box.beforeOff(ports.off);
    rehearseTakeover(self, host, config);
    this.#cores = createCores(self, host, config, monotonicMs(), box.through);
    this.#addresses = new Addresses(ports.addresses, {
      mayAnnounce: () => this.#cores.holdsLease(monotonicMs(), this.#context.config),
      now: monotonicMs,
      note: (noteKey, data) => this.#note(noteKey, data),
    });
    this.#scheduler = new Scheduler<PulseEvent>({
      take: (event) => this.#take(event),
      tick: (atMs) => ({ kind: "tick", atMs }),
      gap: (atMs, gapMs) => ({ kind: "gap.noticed", atMs, gapMs }),
      gapMs: Math.max(config.budget.intervalMs * 2, 50),
      sleepMaxMs: config.budget.intervalMs,
      nextDeadlineMs: () =>
        Math.min(
          this.#cores.nextDeadlineMs(this.#context.config, monotonicMs()),
          this.#addresses.nextDeadlineMs(),
        ),
    });
    this.#socket = new PulseSocket(
      join(local.runDir, "pulse.sock"),
      {
        onHello: (role, pid) => this.#greet(role, pid),
        onMessage: (role, message) => this.#hear(role, message),
        onGone: (role) => this.#miss(role),
      },
      (error) => {
        throw error;
      },
    );
    this.#wires = openWires(context, ring.map(sealing), {
      onEvent: (event) => this.#scheduler.push(event),
      onTrouble: (path, text) => this.#note("path.trouble", { path, text }),
      onMalformed: (path, reason) => this.#noteMalformed(path, reason),
    });
  }

  run(): void {
    if (process.env["KAGE_REALTIME"] === "late") raisePriority(process.pid, PULSE_PRIORITY);
    this.#scheduler.start();
  }

  #take(event: PulseEvent): void {
    const { config } = this.#context;
    const { effects, isNews } = this.#cores.take(event, config);
    for (const peer of this.#cores.peers) this.#meter.heard(peer, config.budget);
    let tell = isNews;
    for (const effect of effects) tell = this.#execute(effect) || tell;
    const suspended = this.#cores.membership.listenUntilMs !== null;
    this.#addresses.suspend(suspended, (error) => this.#noteError(error));
    if (event.kind === "tick") this.#addresses.tick();
    if (tell) this.#tellAgent(event.atMs);
    else this.#keepAgentInformed(event.atMs);
  }

  /** True when the agent has to hear of it at once. */
  #execute(effect: PulseEffect): boolean {
    switch (effect.kind) {
      case "lan.send":
        if (!this.#cores.hasSaidFarewell) this.#wires.sendLan(effect.beat);
        return false;
      case "com.send":
        this.#wires.sendCom(effect.beat);
        return false;
      case "claim.write":
        this.#socket.send("disk", { kind: "disk.write", id: effect.id, claim: effect.claim });
        return false;
      case "claim.read":
        this.#socket.send("disk", { kind: "disk.read", id: effect.id, server: effect.server });
        return false;
      case "watchdog.feed":
        if (this.#armed) this.#watchdog.feed();
        return false;
      case "will.execute":
        void this.#executeWill(effect);
        return true;
      case "agent.kill":
        this.#killRole("agent");
        return false;
      case "orphan.end":
        this.#endOrphan();
        return false;
      case "disk.kill":
        this.#killRole("disk");
        return false;
      case "config.switched":
        this.#context = { ...this.#context, config: effect.config as LoadedConfig };
        return true;
      case "agent.tell":
        return true;
      case "note":
        this.#note(effect.key, effect.data);
        return false;
    }
  }

  #greet(role: Role, pid: number): void {
    const identity = pid > 0 ? readProcess(pid) : null;
    if (identity !== null) this.#pids.set(role, { pid, startTicks: identity.startTicks });
    const atMs = monotonicMs();
    if (role === "disk") this.#keys.greetDisk();
    if (role === "disk" && this.#recall !== null) this.#socket.send("disk", this.#recall);
    if (role === "disk") return this.#scheduler.push({ kind: "disk.ready", atMs });
    const blob = this.#cores.token?.blob ?? new Uint8Array(0);
    const words = Buffer.from(blob).toString("base64");
    this.#socket.send("agent", { kind: "welcome", pid: process.pid, blob: words });
    for (const note of this.#notes.splice(0)) this.#socket.send("agent", note);
    this.#tellAgent(atMs);
  }

  #miss(role: Role): void {
    const atMs = monotonicMs();
    this.#pids.delete(role);
    if (role === "disk") this.#keys.missDisk();
    this.#scheduler.push(
      role === "disk" ? { kind: "disk.gone", atMs } : { kind: "agent.gone", atMs },
    );
  }

  #hear(role: Role, message: Message): void {
    if (role === "disk") return this.#hearDisk(message);
    switch (message["kind"]) {
      case "token":
        return this.#hearToken(message);
      case "will":
        return this.#takeWill(message);
      case "address.up":
      case "address.down":
        void this.#moveAddress(message);
        return;
      case "off":
        this.#watchdog.disarm();
        return this.#off.off("planned");
      case "give-up":
        void this.#giveUp(message);
        return;
      default: {
        if (this.#keys.hearAgent(message)) return this.#tellAgent(monotonicMs());
        const told = hearRevision(message, monotonicMs());
        if (told !== null) return this.#scheduler.push(told);
        this.#note("ipc.unknown", { role, kind: String(message["kind"]) });
      }
    }
  }

  #hearDisk(message: Message): void {
    if (this.#keys.hearDisk(message)) return this.#tellAgent(monotonicMs());
    if (message["kind"] !== "disk.result") return;
    if (message["ok"] === true) this.#meter.diskTook(Number(message["tookMs"]));
    this.#recall = (message["seen"] as Message | undefined) ?? this.#recall;
    this.#scheduler.push({
      kind: "disk.answered",
      atMs: monotonicMs(),
      id: Number(message["id"]),
      op: message["op"] === "write" ? "write" : "read",
      ok: message["ok"] === true,
      claim: (message["claim"] ?? null) as never,
      error: String(message["error"] ?? ""),
    });
  }

  #hearToken(message: Message): void {
    const token: AgentToken = {
      progress: Number(message["progress"]),
      blob: Buffer.from(String(message["blob"] ?? ""), "base64"),
      wish: message["wish"] as Wish,
      holds: (message["holds"] ?? null) as View | null,
      peersOff: (message["peersOff"] ?? []) as readonly number[],
      mayOwn: this.#covers,
    };
    this.#scheduler.push({ kind: "agent.spoke", atMs: monotonicMs(), token });
  }

  /** Held before the first start effect of a group; says so by the revision in the facts. */
  #takeWill(message: Message): void {
    if (this.#willRunning) return;
    // An address that is still up here is ownership, whatever the agent has forgotten.
    this.#covers = message["covers"] !== false || this.#addresses.isHolding;
    if (this.#covers) this.#arm();
    this.#willRevision = Number(message["revision"]);
    const { token } = this.#cores;
    const atMs = monotonicMs();
    if (token !== null) {
      const owned = { ...token, mayOwn: this.#covers };
      this.#scheduler.push({ kind: "agent.spoke", atMs, token: owned });
    }
    this.#tellAgent(atMs);
  }

  /** Before the first start (protocol.md 1.3.6); from then on it counts until an orderly off. */
  #arm(): void {
    const { watchdogTimeoutMs } = this.#context.config.timing;
    if (this.#armed || watchdogTimeoutMs <= 0) return;
    this.#watchdog.arm(watchdogTimeoutMs);
    this.#armed = true;
  }

  async #moveAddress(message: Message): Promise<void> {
    const id = Number(message["id"]);
    const address = String(message["address"]);
    try {
      if (message["kind"] === "address.up") {
        const isCold = message["cold"] === true;
        await this.#addresses.up(address, Number(message["prefixLength"]), isCold);
      } else {
        await this.#addresses.down(address);
      }
      this.#socket.send("agent", { kind: "done", id, ok: true });
    } catch (error) {
      this.#socket.send("agent", { kind: "done", id, ok: false, error: textOf(error) });
    }
  }

  /** A group could not be stopped, or an operator ends a server that hangs: nothing of it is left. */
  async #giveUp(message: Message): Promise<void> {
    const reason = message["reason"] === "forced" ? "forced" : "stop-failed";
    const evidence = String(message["error"]);
    await this.#executeWill({ kind: "will.execute", reason, evidence, off: true });
  }

  #endOrphan(): void {
    const orphan = findOrphan(this.#context.local.runDir);
    if (orphan === null) return;
    this.#pids.set("agent", orphan);
    this.#note("agent.orphaned", {});
    void this.#executeWill(ORPHAN_WILL);
  }

  async #executeWill(effect: Extract<PulseEffect, { kind: "will.execute" }>): Promise<void> {
    if (this.#willRunning) return;
    this.#willRunning = true;
    const { config } = this.#context;
    // It writes what this process asks, nothing else, and this process asks for one more stamp.
    const spared = config.method === "disk" && effect.off ? "disk" : null;
    const kill = [...this.#pids]
      .filter(([role]) => role !== spared)
      .map(([role, { pid, startTicks }]) => ({ role, pid, startTime: startTicks }));
    const result = await executeWill(
      drawFullWill(this.#context, kill),
      { addresses: this.#addresses },
      Math.max(WILL_MIN_MS, config.budget.marginMs),
    );
    const completed = result.kind === "completed";
    const off = endsSystem(effect, completed);
    const ending = { ...effect, off, method: config.method, completed };
    const { floor: epoch } = this.#cores.membership;
    leaveLastWords(this.#context.local.stateDir, { ...ending, epoch });
    if (completed) this.#covers = false;
    this.#willRunning = off;
    const farewell = this.#cores.sayFarewell();
    this.#scheduler.push({ kind: "will.done", atMs: monotonicMs(), completed, off });
    if (!off) return;
    if (config.method === "disk" && completed) await farewell;
    this.#off.off("emergency");
  }

  #killRole(role: Role): void {
    const identity = this.#pids.get(role);
    if (identity === undefined) return;
    const alive = readProcess(identity.pid);
    if (alive?.startTicks === identity.startTicks) process.kill(identity.pid, "SIGKILL");
  }

  /** Between two facts a short word says that the pulse lives and how long the lease lasts. */
  #keepAgentInformed(atMs: number): void {
    const { config } = this.#context;
    const holds = this.#cores.holdsLease(atMs, config);
    if (holds !== this.#toldLease || atMs - this.#factsAtMs >= FACTS_MS) {
      return this.#tellAgent(atMs);
    }
    if (atMs - this.#aliveAtMs < alivePeriodMs(config.budget.intervalMs)) return;
    this.#aliveAtMs = atMs;
    const word: AliveWord = { atMs, holdsLease: holds, ...this.#cores.drawLease(atMs, config) };
    this.#socket.send("agent", { kind: "alive", word });
  }

  #tellAgent(atMs: number): void {
    this.#factsAtMs = atMs;
    this.#aliveAtMs = atMs;
    const { config } = this.#context;
    this.#toldLease = this.#cores.holdsLease(atMs, config);
    if (!this.#socket.isConnected("agent")) return;
    const facts = this.#cores.drawFacts(this.#willRevision, atMs, config);
    const peers = facts.peers.map((one) => ({
      ...one,
      blob: Buffer.from(one.blob).toString("base64"),
    }));
    const measured = this.#meter.snapshot(this.#scheduler.lateness);
    this.#socket.send("agent", {
      kind: "facts",
      facts: { ...facts, keys: this.#keys.facts, measured, peers },
    });
  }

  #note(key: string, data: NoteData): void {
    const note = { kind: "note", key, data, at: Date.now() };
    if (this.#socket?.isConnected("agent")) return this.#socket.send("agent", note);
    this.#notes.push(note);
    if (this.#notes.length > NOTES_MAX) this.#notes.shift();
  }

  #noteError(error: unknown): void {
    this.#note("host.trouble", { text: textOf(error) });
  }

  /** One line a minute per path and cause: a flood of garbage must not become a flood of events. */
  #noteMalformed(path: string, reason: string): void {
    const cause = `${path}/${reason}`;
    const atMs = monotonicMs();
    const notedAtMs = this.#malformedNotedAtMs.get(cause);
    if (notedAtMs !== undefined && atMs - notedAtMs < MALFORMED_NOTE_MS) return;
    this.#malformedNotedAtMs.set(cause, atMs);
    this.#note(reason === "replay" ? "frame.replayed" : "frame.garbage", { path, reason });
  }
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
