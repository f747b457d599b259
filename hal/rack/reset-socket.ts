/**
 * Breaks a connection as a pulled cable or a dead host does: with a reset, if that is still possible.
 * Once a half-close is under way libuv refuses the reset, while Node 20 counts the handle as closing:
 * it would stay open for ever and the process would spin at its end (Environment::CleanupHandles).
 */
import type { Socket } from "node:net";

export function resetSocket(socket: Socket): void {
  if (socket.destroyed) return;
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}
