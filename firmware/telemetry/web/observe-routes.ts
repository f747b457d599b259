/**
 * The routes for eyes and machines without a dashboard: is this process in touch (`/healthz`), how is the
 * cluster (`/status`, `/metrics`), and what the page must know before anybody has logged in.
 * Source: contract of the telemetry pieces; ecosystem.md 3.2 (14), 4.3; RFC 9110 12.5.4.
 */
import type { Language } from "../../../services/catalogue/entry.ts";
import { json, type WebAnswer, type WebRequest } from "./answer.ts";
import { type Gauges, METRICS_TYPE, metricsText } from "./metrics.ts";
import type { WebIdentity, WebSnapshot } from "./snapshot.ts";
import { STATUS_CSS, statusPage } from "./status-page.ts";

export interface ObserveContext {
  readonly identity: WebIdentity;
  readonly staleMs: number;
  snapshot(): WebSnapshot;
  gauges(): Gauges;
  setupNeeded(): boolean;
  usersDamaged(): boolean;
  /** Wall clock, ms since 1970. */
  wallMs(): number;
}

export function getBootstrap(_request: WebRequest, context: ObserveContext): WebAnswer {
  return json({
    ...context.identity,
    setupNeeded: context.setupNeeded(),
    usersDamaged: context.usersDamaged(),
  });
}

/** 200 `ok` while this process hears its agent and its broker, else 503 with one word per reason. */
export function getHealth(_request: WebRequest, context: ObserveContext): WebAnswer {
  const { ageMs, broker } = context.snapshot();
  const reasons = [
    ...(ageMs === null || ageMs > context.staleMs ? ["agent-silent"] : []),
    ...(broker.connected ? [] : ["broker-lost"]),
  ];
  const healthy = reasons.length === 0;
  const text = healthy ? "ok\n" : `${reasons.join(" ")}\n`;
  return { kind: "text", status: healthy ? 200 : 503, type: "text/plain", text };
}

export function getStatus(request: WebRequest, context: ObserveContext): WebAnswer {
  const { identity, staleMs } = context;
  const language = languageOf(request.query.get("lang"), request.header("accept-language"));
  const snapshot = context.snapshot();
  const text = statusPage({ identity, snapshot, language, staleMs, wallMs: context.wallMs() });
  return { kind: "text", status: 200, type: "text/html", text };
}

export function getStatusCss(): WebAnswer {
  return { kind: "text", status: 200, type: "text/css", text: STATUS_CSS };
}

export function getMetrics(_request: WebRequest, context: ObserveContext): WebAnswer {
  const { identity, staleMs } = context;
  const text = metricsText(identity, context.snapshot(), context.gauges(), staleMs);
  return { kind: "text", status: 200, type: METRICS_TYPE, text };
}

/** `asked` (en, ja) goes over the browser's wishes; English when neither says. */
export function languageOf(asked: string | null, acceptLanguage: string): Language {
  if (asked === "ja" || asked === "en") return asked;
  const weight = { en: 0, ja: 0 };
  for (const part of acceptLanguage.slice(0, 500).toLowerCase().split(",")) {
    const [tag = "", ...parameters] = part.split(";").map((word) => word.trim());
    const language = tag.split("-")[0];
    const q = Number(parameters.find((word) => word.startsWith("q="))?.slice(2) ?? "1");
    if ((language === "en" || language === "ja") && q > weight[language]) weight[language] = q;
  }
  return weight.ja > weight.en ? "ja" : "en";
}
