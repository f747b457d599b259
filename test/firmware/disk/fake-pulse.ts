/**
 * A pulse as the disk process sees it: owns the socket, sends requests, collects what comes back.
 */
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import type { Claim } from "../../../services/quorum/claim.ts";
import { Bell } from "../../deadline.ts";

export type Message = Readonly<Record<string, unknown>>;

export class FakePulse {
  readonly #server: Server;
  readonly messages: Message[] = [];
  #socket: Socket | null = null;
  #rest = "";
  readonly #bell = new Bell();

  constructor() {
    this.#server = createServer((socket) => {
      this.#socket = socket;
      this.#rest = "";
      socket.setEncoding("utf8");
      socket.on("data", (text: string) => this.#take(text));
      socket.on("error", () => socket.destroy());
      socket.on("close", () => this.#bell.ring());
    });
  }

  async listen(path: string): Promise<void> {
    this.#server.listen(path);
    await once(this.#server, "listening");
  }

  /** The pulse dies: connection and socket are gone. */
  async die(): Promise<void> {
    this.#socket?.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  send(text: string): void {
    this.#socket?.write(text);
  }

  write(id: number, claim: Claim | null): void {
    this.send(`${JSON.stringify({ kind: "disk.write", id, claim })}\n`);
  }

  read(id: number, server: number): void {
    this.send(`${JSON.stringify({ kind: "disk.read", id, server })}\n`);
  }

  isConnected(): boolean {
    return this.#socket !== null && !this.#socket.destroyed;
  }

  async hello(): Promise<Message> {
    return await this.first((message) => message["kind"] === "hello", "hello");
  }

  async result(id: number): Promise<Message> {
    const mine = (message: Message): boolean =>
      message["kind"] === "disk.result" && message["id"] === id;
    return await this.first(mine, `result ${id}`);
  }

  async first(matches: (message: Message) => boolean, what: string): Promise<Message> {
    let found: Message | undefined;
    await this.until(() => {
      found = this.messages.find(matches);
      return found !== undefined;
    }, what);
    return found ?? {};
  }

  /** Looks after each message and each end of a connection. */
  async until(holds: () => boolean, what: string): Promise<void> {
    await this.#bell.until(what, holds);
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.messages.push(JSON.parse(line) as Message);
    this.#bell.ring();
  }
}
