/**
 * The plain page and the metrics as texts: states as icon, word and colour, every foreign text escaped, old
 * data called old, labels bounded and escaped.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { acceptsGzip } from "../../../../firmware/telemetry/web/assets.ts";
import { metricsText } from "../../../../firmware/telemetry/web/metrics.ts";
import { languageOf } from "../../../../firmware/telemetry/web/observe-routes.ts";
import type { WebIdentity, WebSnapshot } from "../../../../firmware/telemetry/web/snapshot.ts";
import { escapeHtml, statusPage } from "../../../../firmware/telemetry/web/status-page.ts";
import type { StatusDocument } from "../../../../services/status.ts";
import { DOCUMENT, SNAPSHOT } from "./stage.ts";

const identity: WebIdentity = {
  ...{ cluster: "demo", prefix: "kage/v1", topicPrefix: "kage/v1/demo", server: "SERVER1" },
  servers: [
    { name: "SERVER2", url: "http://127.0.0.2:8090" },
    { name: "SERVER3", url: "javascript:alert(1)" },
  ],
  virtual: true,
  version: "0.1.0",
};
const wallMs = Date.parse("2026-11-22T12:00:00.000Z");
const page = (snapshot: WebSnapshot, language: "en" | "ja" = "en", who = identity): string =>
  statusPage({ identity: who, snapshot, language, staleMs: 6_000, wallMs });
const gauges = {
  ...{ residentBytes: 1, heapUsedBytes: 2, externalBytes: 3, uptimeS: 4 },
  ...{ sessions: 5, dashboards: 6, connections: 7, loginFailures: 8 },
};

test("R202: a state is told by icon, word and colour", () => {
  const html = page(SNAPSHOT);
  assert.match(html, '<span class="good"><span aria-hidden="true">✔</span> OK</span>');
  assert.match(html, "One more failure of a server can be survived.");
  assert.match(
    html,
    '<tr><th scope="row">SERVER1</th><td><span class="good"><span aria-hidden="true">✔</span> member</span></td><td>2 h 0 min</td></tr>',
  );
  assert.match(
    html,
    '<tr><th scope="row">SERVER2</th><td><span class="bad"><span aria-hidden="true">✖</span> off</span></td><td>-</td></tr>',
  );
  assert.match(html, "<td>SERVER1</td><td>SERVER1, SERVER2</td>");
  assert.match(html, "<td>1 / 2</td>");
  assert.match(html, "faulty</span> SERVER2 → SERVER1");
});

test("R210: the configuration in force is named, and nothing is said when the agent does not know", () => {
  const details = { revision: 3, configHash: "1a2b3c4d" };
  const status = { ...DOCUMENT, cluster: { ...DOCUMENT.cluster, details } };
  assert.match(page({ ...SNAPSHOT, status }), "Configuration 3 (1a2b3c4d).");
  assert.match(page({ ...SNAPSHOT, status }, "ja"), "構成 3 (1a2b3c4d)。");
  assert.not.match(page(SNAPSHOT), "Configuration");
});

test("the same in Japanese", () => {
  const html = page(SNAPSHOT, "ja");
  assert.match(html, '<html lang="ja">');
  for (const word of [
    "正常",
    "ダウン",
    "あと 1 台のサーバ故障に耐えられます。",
    "専用LAN",
    "起動済",
  ]) {
    assert.match(html, word);
  }
  assert.match(html, '<a href="/status?lang=en" lang="en" hreflang="en">English</a>');
});

test("reasons come in the reader's language where there is one", () => {
  const status: StatusDocument = {
    ...DOCUMENT,
    cluster: {
      ...DOCUMENT.cluster,
      level: "degraded",
      reasons: [{ code: "KG-1001", text: "lan1 silent" }],
    },
  };
  const snapshot = { ...SNAPSHOT, status, reasonsJa: ["lan1 途絶"] };
  assert.match(page(snapshot), "<li>lan1 silent (KG-1001)</li>");
  assert.match(page(snapshot, "ja"), "<li>lan1 途絶 (KG-1001)</li>");
  assert.match(page({ ...SNAPSHOT, status }, "ja"), "<li>lan1 silent (KG-1001)</li>");
});

test("old data is called old, and no data no data", () => {
  const old = page({ ...SNAPSHOT, ageMs: 65_000 });
  assert.match(old, 'role="alert"');
  assert.match(old, "OLD DATA: the agent of SERVER1 has been silent for 1 min 5 s");
  assert.match(old, '<div class="stale">');
  assert.match(old, '<p class="level">Last known: <span class="good">');
  assert.not.match(page(SNAPSHOT), "Last known");
  const none = page({ ...SNAPSHOT, status: null, ageMs: null });
  assert.match(none, "NO DATA");
  assert.not.match(none, "<table");
  assert.match(page({ ...SNAPSHOT, broker: { connected: false } }), "no connection to its broker");
});

test("a broken cluster says that a group is down, not how much more it survives", () => {
  const cluster = { ...DOCUMENT.cluster, level: "failed", survivesFailures: 1 } as const;
  const html = page({ ...SNAPSHOT, status: { ...DOCUMENT, cluster } });
  assert.match(html, "A group is down.");
  assert.not.match(html, "can be survived");
});

const NASTY = `"><script>alert('x')</script>&\u202e\u0007<img src=x onerror=y>`;

test("names and texts with markup in them stay texts, everywhere", () => {
  const status: StatusDocument = {
    cluster: {
      ...DOCUMENT.cluster,
      name: NASTY,
      level: "degraded",
      reasons: [{ code: NASTY, text: NASTY }],
    },
    servers: [{ name: NASTY, state: "member", since: NASTY, incarnation: NASTY }],
    groups: [{ name: NASTY, state: "running", owner: NASTY, policy: [NASTY] }],
    paths: [{ kind: "com", id: NASTY, from: NASTY, to: NASTY, state: "faulty", lastHeardMs: null }],
  };
  const who = {
    ...identity,
    ...{ cluster: NASTY, server: NASTY, version: NASTY },
    servers: [{ name: NASTY, url: "http://127.0.0.2:8090" }],
  };
  for (const language of ["en", "ja"] as const) {
    const html = page({ ...SNAPSHOT, status, ageMs: 99_000 }, language, who);
    for (const bad of ["<script", "<img", "onerror=y>", "\u202e", "\u0007", "alert('x')"]) {
      assert.not(html.includes(bad), bad);
    }
    assert.ok(html.split("&lt;script&gt;").length >= 12);
    const tags = new Set(Array.from(html.matchAll(/<([a-z0-9]+)/g), (match) => match[1]));
    assert.not(tags.has("script"));
    assert.not(tags.has("style"));
    assert.not.match(html, /<[^>]* (style|on[a-z]+)=/);
  }
});

test("a state of a newer version is unknown, not a fault", () => {
  const status = JSON.parse(JSON.stringify(DOCUMENT).replaceAll('"member"', '"dreaming"'));
  assert.match(page({ ...SNAPSHOT, status }), "unknown");
});

test("links to other servers are web links only", () => {
  const html = page(SNAPSHOT);
  assert.match(html, '<a href="http://127.0.0.2:8090/status?lang=en">SERVER2</a>');
  assert.not.match(html, "javascript:");
});

test("a long text is cut before it is escaped", () => {
  assert.ok(escapeHtml("<".repeat(10_000)).length <= 400 * 4);
});

test("the page is one document with landmarks, headings in order and a caption per table", () => {
  const html = page(SNAPSHOT);
  for (const part of ["<!doctype html>", "<main", "<header>", "<footer>", "<nav>", "<h1>"]) {
    assert.is(html.split(part).length, 2, part);
  }
  assert.is(html.split("<table>").length, html.split("<caption>").length);
  assert.not.match(html, "http-equiv");
});

test("metrics: one line per server, group and path, with the documented values", () => {
  const text = metricsText(identity, SNAPSHOT, gauges, 6_000);
  const lines = text.split("\n");
  for (const line of [
    'kage_build_info{version="0.1.0",server="SERVER1",cluster="demo"} 1',
    'kage_node_up{node="SERVER1"} 1',
    'kage_node_up{node="SERVER2"} 0',
    'kage_group_state{group="web",owner="SERVER1"} 2',
    'kage_path_up{from="SERVER1",to="SERVER2",kind="lan-private",path="lan1"} 1',
    'kage_path_up{from="SERVER2",to="SERVER1",kind="lan-private",path="lan1"} 0',
    'kage_path_up{from="SERVER1",to="SERVER2",kind="lan-private",path="lan2"} 1',
    "kage_quorum 1",
    "kage_survives_failures 1",
    "kage_failovers_total 2",
    "kage_status_age_seconds 0.4",
    "process_resident_memory_bytes 1",
  ]) {
    assert.ok(lines.includes(line), line);
  }
  assert.ok(text.endsWith("\n"));
  for (const line of lines.filter((one) => one !== "" && !one.startsWith("#"))) {
    assert.match(line, /^[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? -?[0-9.]+$/);
  }
});

test("metrics: a silent agent leaves no old values behind", () => {
  const text = metricsText(identity, { ...SNAPSHOT, ageMs: 6_001 }, gauges, 6_000);
  assert.not.match(text, "kage_node_up");
  assert.match(text, "kage_status_age_seconds 6.001");
  const none = metricsText(identity, { ...SNAPSHOT, status: null, ageMs: null }, gauges, 6_000);
  assert.not.match(none, "kage_status_age_seconds");
});

test("metrics: labels are escaped and cut, equal series appear once, their number is bounded", () => {
  const name = 'a"\\\nb\u0007';
  const servers = [
    { name, state: "member", since: null, incarnation: null },
    { name, state: "off", since: null, incarnation: null },
    ...Array.from({ length: 1_000 }, (_, index) => ({
      ...{ name: `s${index}`, state: "member", since: null, incarnation: null },
    })),
  ] as StatusDocument["servers"];
  const snapshot = {
    ...SNAPSHOT,
    status: { ...DOCUMENT, servers },
    counters: { "evil\n": 1, __proto__: 1 },
  };
  const text = metricsText(identity, snapshot, gauges, 6_000);
  assert.is(text.split("kage_node_up{").length - 1, 63);
  assert.ok(text.includes('kage_node_up{node="a\\"\\\\\\nb "} 1\n'));
  assert.not.match(text, "evil");
  const long = { ...identity, version: "v".repeat(500) };
  assert.match(metricsText(long, SNAPSHOT, gauges, 1), /version="v{64}"/);
});

test("no coordinator is no quorum", () => {
  const cluster = { ...DOCUMENT.cluster, coordinator: null };
  const snapshot = { ...SNAPSHOT, status: { ...DOCUMENT, cluster } };
  assert.match(metricsText(identity, snapshot, gauges, 6_000), "kage_quorum 0");
});

const languages: readonly [asked: string | null, accept: string, language: string][] = [
  [null, "", "en"],
  [null, "ja", "ja"],
  [null, "ja-JP,ja;q=0.9,en;q=0.8", "ja"],
  [null, "en-US,en;q=0.9,ja;q=0.8", "en"],
  [null, "fr,de;q=0.5", "en"],
  [null, "ja;q=0,en;q=0.1", "en"],
  [null, "ja;q=x", "en"],
  ["en", "ja", "en"],
  ["ja", "en", "ja"],
  ["xx", "ja", "ja"],
];
for (const [asked, accept, language] of languages) {
  test(`language: ?lang=${asked} with "${accept}" is ${language}`, () => {
    assert.is(languageOf(asked, accept), language);
  });
}

test("gzip is used when the browser takes it", () => {
  for (const yes of ["gzip", "br, gzip", "*", "GZIP;q=0.5", "x-gzip"]) assert.ok(acceptsGzip(yes));
  for (const no of ["", "br", "gzip;q=0", "gzip;q=0, *", "identity", "gzip;q=x"]) {
    assert.not(acceptsGzip(no), no);
  }
});

test.run();
