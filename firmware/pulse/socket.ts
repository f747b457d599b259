/**
 * The pulse's Unix socket: agent and disk process come to it, never the other way round, so that a dead
 * or stopped one breaks nothing here. One connection per role; the newest wins.
 * Source: architecture.md 2; protocol.md P3.
 */
import { chmodSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { type LineChannel, openLineChannel } from "../ipc.ts";

export type Role = "agent" | "disk";
type Message = Readonly<Record<string, unknown>>;

export interface RoleHandlers {
  readonly onHello: (role: Role, pid: number) => void;
  readonly onMessage: (role: Role, message: Message) => void;
  readonly onGone: (role: Role) => void;
}

export class PulseSocket {
  readonly #server: Server;
  readonly #handlers: RoleHandlers;
  readonly #channels = new Map<Role, LineChannel>();

  constructor(path: string, handlers: RoleHandlers, onError: (error: Error) => void) {
    this.#handlers = handlers;
    // A socket file outlives its process; the supervisor starts one pulse at a time.
    rmSync(path, { force: true });
    this.#server = createServer((socket) => this.#greet(socket));
    this.#server.on("error", onError);
    this.#server.listen(path, () => chmodSync(path, 0o600));
  }

  send(role: Role, message: object): void {
    this.#channels.get(role)?.send(message);
  }

  isConnected(role: Role): boolean {
    return this.#channels.has(role);
  }

  close(): void {
    for (const channel of this.#channels.values()) channel.close();
    this.#server.close();
  }

  #greet(socket: Socket): void {
    let role: Role | null = null;
    const channel = openLineChannel(
      socket,
      (message) => {
        if (role !== null) return this.#handlers.onMessage(role, message);
        role = roleOf(message);
        if (role === null) return channel.close();
        this.#channels.get(role)?.close();
        this.#channels.set(role, channel);
        const pid = message["pid"];
        this.#handlers.onHello(role, typeof pid === "number" ? pid : 0);
      },
      () => {
        if (role === null || this.#channels.get(role) !== channel) return;
        this.#channels.delete(role);
        this.#handlers.onGone(role);
      },
    );
  }
}

function roleOf(message: Message): Role | null {
  if (message["kind"] !== "hello") return null;
  const role = message["role"];
  return role === "agent" || role === "disk" ? role : null;
}
