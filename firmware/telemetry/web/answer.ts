/**
 * What a route is asked and what it answers, as data, and the one place that writes an answer to a
 * browser. Every answer carries the same strict headers, so no route can forget one.
 * Source: issue 3 item 7; reliability.md 4.1 (dashboard); W3C CSP 3; RFC 9110.
 */
import type { ServerResponse } from "node:http";
import type { WebRefusalKey } from "../../../services/catalogue/dashboard.ts";
import { type EventData, renderRefusal } from "../../../services/catalogue.ts";
import type { Session } from "./sessions.ts";

export type Method = "GET" | "POST" | "DELETE";

/** A request that passed the gate. `address` is the peer's, never a forwarded one. */
export interface WebRequest {
  readonly method: Method;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Header by lower-case name; "" = absent. */
  header(name: string): string;
  readonly address: string;
  /** JSON object of a POST or DELETE; empty for GET. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly session: Session | null;
}

export type WebAnswer =
  | { readonly kind: "json"; readonly body: object; readonly headers?: Headers }
  | { readonly kind: "text"; readonly status: number; readonly type: string; readonly text: string }
  | {
      readonly kind: "bytes";
      readonly status: 200 | 304;
      readonly bytes: Uint8Array;
      readonly headers: Headers;
    }
  | {
      readonly kind: "refused";
      readonly key: WebRefusalKey;
      readonly data?: EventData;
      readonly headers?: Headers;
    };

type Headers = Readonly<Record<string, string>>;

/** HTTP status of each refusal. */
const STATUS_OF: Readonly<Record<WebRefusalKey, number>> = {
  "web-login-needed": 401,
  "web-role-needed": 403,
  "web-wrong-login": 401,
  "web-too-many-attempts": 429,
  "web-wrong-origin": 403,
  "web-wrong-host": 421,
  "web-wrong-code": 403,
  "web-setup-done": 409,
  "web-users-damaged": 503,
  "web-bad-request": 400,
  "web-too-large": 413,
  "web-wrong-type": 415,
  "web-not-found": 404,
  "web-wrong-method": 405,
  "web-busy": 503,
  "web-page-missing": 503,
  "web-bad-password": 400,
  "web-bad-user-name": 400,
  "web-last-admin": 409,
  "web-unknown-user": 404,
  "web-users-full": 409,
  "web-store-failed": 507,
  "web-no-rack": 404,
  "web-rack-silent": 503,
  "web-rack-refused": 422,
  "web-wrong-password": 403,
  "web-user-exists": 409,
  "web-internal": 500,
};

/** `connect-src 'self'` covers the WebSocket of the same origin (CSP 3, 6.7.2.8). */
const STRICT_HEADERS: Headers = {
  "content-security-policy":
    "default-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; " +
    "form-action 'self'; object-src 'none'",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
};

export const refuse = (
  key: WebRefusalKey,
  data: EventData = {},
  headers: Headers = {},
): WebAnswer => ({ kind: "refused", key, data, headers });

export const json = (body: object, headers: Headers = {}): WebAnswer => ({
  kind: "json",
  body,
  headers,
});

/** Body of a refusal: both languages, the page chooses. */
export function refusalBody(key: WebRefusalKey, data: EventData): object {
  const en = renderRefusal(key, data, "en");
  const ja = renderRefusal(key, data, "ja");
  return {
    ok: false,
    code: en.code,
    text: { en: en.message, ja: ja.message },
    remedy: { en: en.remedy, ja: ja.remedy },
  };
}

export function statusOf(key: WebRefusalKey): number {
  return STATUS_OF[key];
}

/** Writes the answer; `withBody` false for HEAD. Nothing happens when the browser has gone. */
export function sendAnswer(response: ServerResponse, answer: WebAnswer, withBody: boolean): void {
  if (response.destroyed || response.headersSent) return;
  const { status, headers, bytes } = rendered(answer);
  const length = status === 304 ? {} : { "content-length": String(bytes.length) };
  response.writeHead(status, {
    ...STRICT_HEADERS,
    "cache-control": "no-store",
    ...headers,
    ...length,
  });
  response.end(withBody && status !== 304 ? bytes : undefined);
}

function rendered(answer: WebAnswer): { status: number; headers: Headers; bytes: Uint8Array } {
  switch (answer.kind) {
    case "json":
      return jsonBytes(200, answer.body, answer.headers);
    case "refused": {
      const body = refusalBody(answer.key, answer.data ?? {});
      return jsonBytes(STATUS_OF[answer.key], body, answer.headers);
    }
    case "text": {
      const headers = { "content-type": `${answer.type}; charset=utf-8` };
      return { status: answer.status, headers, bytes: Buffer.from(answer.text, "utf8") };
    }
    case "bytes":
      return answer;
  }
}

function jsonBytes(status: number, body: object, headers: Headers = {}) {
  const bytes = Buffer.from(`${JSON.stringify(body)}\n`, "utf8");
  return {
    status,
    headers: { "content-type": "application/json; charset=utf-8", ...headers },
    bytes,
  };
}
