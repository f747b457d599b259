/**
 * The program that the demonstration's group monitors: a small web service that answers with the
 * name of the server it runs on, so that a move is seen from outside.
 * Started as `node demo-service.js PORT`; listens on the server's own address, which the public
 * switch reaches, and never on a floating one. Source: issue 2 item 6.
 */
import { createServer } from "node:http";

/** A client that sends nothing is let go, so that it cannot hold up the stop of the group. */
const IDLE_MS = 5000;

const port = Number(process.argv[2]);
const server = process.env["KAGE_SERVER"] ?? "unnamed";
const host = process.env["KAGE_PUBLIC_ADDRESS"];

if (!Number.isInteger(port) || port < 1 || port > 65535 || host === undefined) {
  process.stderr.write(
    "demo-service: expected a TCP port as argument and KAGE_PUBLIC_ADDRESS in the environment\n",
  );
  process.exit(2);
}

const startedAt = new Date().toISOString();
const service = createServer((request, response) => {
  if (request.url === "/health") {
    const body = JSON.stringify({ ok: true, server, pid: process.pid, startedAt });
    response.writeHead(200, { "content-type": "application/json" }).end(`${body}\n`);
    return;
  }
  response.writeHead(200, { "content-type": "text/plain; charset=utf-8" }).end(`${server}\n`);
});
service.requestTimeout = IDLE_MS;
service.headersTimeout = IDLE_MS;
service.keepAliveTimeout = IDLE_MS;
service.on("error", (error) => {
  process.stderr.write(`demo-service: cannot listen on ${host}:${port}: ${error.message}\n`);
  process.exit(1);
});
service.listen(port, host);

function stop(): void {
  service.close(() => process.exit(0));
  service.closeAllConnections();
}
process.on("SIGTERM", stop);
process.on("SIGINT", stop);
