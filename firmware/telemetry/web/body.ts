/**
 * Reads the JSON body of a request, never more than a bound. How long it may take is the HTTP server's
 * business (`requestMs`). Source: issue 3 item 7; RFC 9110 15.5.14.
 */
import type { IncomingMessage } from "node:http";
import { parseObject } from "../../cli/client.ts";

export type Body =
  | { readonly kind: "object"; readonly object: Readonly<Record<string, unknown>> }
  | { readonly kind: "too-large" }
  | { readonly kind: "malformed" }
  /** The browser went away. */
  | { readonly kind: "gone" };

/** Empty counts as `{}`. */
export async function readBody(request: IncomingMessage, bytesMax: number): Promise<Body> {
  if (Number(request.headers["content-length"] ?? 0) > bytesMax) return { kind: "too-large" };
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    // Not destroyed on leaving early: the answer still has to go out on the same socket.
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      bytes += (chunk as Buffer).length;
      if (bytes > bytesMax) return { kind: "too-large" };
      chunks.push(chunk as Buffer);
    }
  } catch (error) {
    if (request.destroyed || (error as NodeJS.ErrnoException).code === "ECONNRESET") {
      return { kind: "gone" };
    }
    throw error;
  }
  if (bytes === 0) return { kind: "object", object: {} };
  const object = parseObject(Buffer.concat(chunks).toString("utf8"));
  return object === null ? { kind: "malformed" } : { kind: "object", object };
}

/** `application/json`, with or without parameters: a form of another site cannot send that. */
export function isJson(contentType: string): boolean {
  return contentType.split(";")[0]?.trim().toLowerCase() === "application/json";
}
