/**
 * A virtual appliance that consists of its control sockets only: every agent and the rack answer what
 * the test says, or hang, or talk nonsense. The command line finds it through `appliance.json`.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export type Request = Readonly<Record<string, unknown>>;
/** An object is sent as a JSON line with the request's id; text as it is. */
export type Answer =
  | { readonly kind: "json"; readonly body: Request }
  | { readonly kind: "raw"; readonly bytes: string }
  | { readonly kind: "hang" }
  | { readonly kind: "close" };
export type Script = (request: Request) => Answer;

export const ok = (result: unknown): Answer => ({ kind: "json", body: { ok: true, result } });
export const rackOk = (body: Request): Answer => ({ kind: "json", body: { ok: true, ...body } });
export const refuse = (body: Request): Answer => ({ kind: "json", body: { ok: false, ...body } });

export interface FakeAppliance {
  readonly runDir: string;
  /** What agents and rack were sent, without ids, in order of arrival. */
  readonly requests: (Request & { readonly at: string })[];
  stop(): Promise<void>;
}

/** `agents` by server name; null = its socket does not exist. */
export async function fakeAppliance(
  agents: Readonly<Record<string, Script | null>>,
  rack: Script | null = null,
): Promise<FakeAppliance> {
  const runDir = mkdtempSync(join(tmpdir(), "kage-cli-"));
  const requests: (Request & { at: string })[] = [];
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  const listen = async (name: string, script: Script): Promise<string> => {
    const path = join(runDir, `${name}.sock`);
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
      socket.on("error", () => socket.destroy());
      serve(socket, (request) => {
        const { id: _id, ...rest } = request;
        requests.push({ at: name, ...rest });
        return script(request);
      });
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(path, resolve));
    return path;
  };
  const listed: { name: string; agentSocket: string }[] = [];
  for (const [name, script] of Object.entries(agents)) {
    const absent = join(runDir, `${name}.sock`);
    listed.push({ name, agentSocket: script === null ? absent : await listen(name, script) });
  }
  const rackSocket = rack === null ? null : await listen("rack", rack);
  writeFileSync(join(runDir, "appliance.json"), JSON.stringify({ rackSocket, servers: listed }));
  const stop = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
    rmSync(runDir, { recursive: true, force: true });
  };
  return { runDir, requests, stop };
}

function serve(socket: Socket, answer: (request: Request) => Answer): void {
  let text = "";
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString("utf8");
    const end = text.indexOf("\n");
    if (end === -1) return;
    const request = JSON.parse(text.slice(0, end)) as Request;
    text = text.slice(end + 1);
    const given = answer(request);
    if (given.kind === "json") {
      socket.write(`${JSON.stringify({ id: request["id"], ...given.body })}\n`);
    } else if (given.kind === "raw") socket.write(given.bytes);
    else if (given.kind === "close") socket.destroy();
  });
}
