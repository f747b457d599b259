/**
 * `/status`: the cluster as one plain page for old browsers, screen readers and scripts: no script, no
 * inline style, every state as icon, word and colour. Intuition: markup is made in one place from texts
 * that are always escaped, so a server called `<script>` is only an odd name.
 * Source: ecosystem.md 3.2 (1-3, 10, 12, 14); WCAG 2.2 1.3.1, 1.4.1, 2.4.1, 3.1.1; R202.
 */
import type { Language } from "../../../services/catalogue/entry.ts";
import type { PathStatus, StatusDocument } from "../../../services/status.ts";
import { showSpan, spanSince } from "../../cli/ages.ts";
import { fill } from "../../cli/language.ts";
import {
  GROUP_WORDS,
  LEVEL_WORDS,
  PATH_KIND_WORDS,
  SERVER_WORDS,
  signOf,
  type Word,
} from "../../cli/words.ts";
import type { WebIdentity, WebSnapshot } from "./snapshot.ts";
import { STATUS_WORDS, type StatusWord } from "./status-words.ts";

export interface StatusPageOptions {
  readonly identity: WebIdentity;
  readonly snapshot: WebSnapshot;
  readonly language: Language;
  readonly staleMs: number;
  /** Wall clock, ms since 1970. */
  readonly wallMs: number;
}

/** Markup that is finished; only `markup` makes it. */
interface Markup {
  readonly html: string;
}

/** More rows than any cluster has; the rest is not drawn. */
const ROWS_MAX = 512;
/** Directions named per path; 16 servers have 240. */
const DIRECTIONS_MAX = 24;
const TEXT_CHARACTERS_MAX = 400;

const UNKNOWN: Word = { tone: "warn", text: { en: "unknown", ja: "不明" } };

export function statusPage(options: StatusPageOptions): string {
  const { identity, snapshot, language } = options;
  const say = speaker(language);
  const other = language === "ja" ? "en" : "ja";
  const title = say("title", { cluster: identity.cluster });
  const page = markup`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="stylesheet" href="/status.css">
</head>
<body>
<a class="skip" href="#main">${say("skip")}</a>
<header>
<h1>${title}</h1>
<nav><a href="/">${say("dashboard")}</a> <a href="/status?lang=${language}">${say("reload")}</a>
<a href="/status?lang=${other}" lang="${other}" hreflang="${other}">${
    other === "ja" ? "日本語" : "English"
  }</a></nav>
</header>
<main id="main">
${content(options, snapshot)}
</main>
<footer>${otherServers(options)}
<p>${say("version", { version: identity.version })}</p></footer>
</body>
</html>
`;
  return page.html;
}

function content(options: StatusPageOptions, { status, ageMs, broker }: WebSnapshot): Markup {
  const { identity, language, staleMs, wallMs } = options;
  const say = speaker(language);
  const { server } = identity;
  if (status === null || ageMs === null) {
    return markup`<p class="bad" role="alert"><span aria-hidden="true">${signOf("bad", true)}</span> ${say(
      "noData",
      { server },
    )} ${say("noDataDo")}</p>`;
  }
  const age = showSpan(ageMs, language);
  const stale = ageMs > staleMs;
  const time = new Date(wallMs).toISOString().slice(0, 19).replace("T", " ");
  return markup`${
    stale
      ? markup`<p class="bad" role="alert"><span aria-hidden="true">${signOf("bad", true)}</span> ${say(
          "stale",
          { server, age },
        )}</p>\n`
      : NOTHING
  }<div${stale ? markup` class="stale"` : NOTHING}>
${headline(options, status)}
<p>${say("seenBy", { server })} ${configuration(options, status)}${say("age", { age, time })}</p>
${broker.connected ? NOTHING : markup`<p class="warn">! ${say("brokerLost")}</p>`}
${serverTable(options, status)}
${groupTable(options, status)}
${pathTable(options, status)}
</div>`;
}

/** Number and hash as `kage config history` shows them. */
function configuration({ language }: StatusPageOptions, { cluster }: StatusDocument): string {
  const { revision, configHash: hash } = cluster.details ?? {};
  if (typeof revision !== "number" || typeof hash !== "string") return "";
  return `${speaker(language)("configuration", { rev: `${revision}`, hash })} `;
}

function headline(options: StatusPageOptions, { cluster }: StatusDocument): Markup {
  const { language, snapshot, staleMs } = options;
  const say = speaker(language);
  const count = cluster.survivesFailures;
  const key = count === 0 ? "survivesNone" : count === 1 ? "survivesOne" : "survivesMany";
  const sentence = cluster.level === "failed" ? say("stopped") : say(key, { count: `${count}` });
  const level = worded(LEVEL_WORDS[cluster.level] ?? UNKNOWN, language);
  const reasons = cluster.reasons.slice(0, ROWS_MAX).map((reason, index) => {
    const text = (language === "ja" ? snapshot.reasonsJa?.[index] : undefined) ?? reason.text;
    return markup`<li>${text} (${reason.code})</li>\n`;
  });
  const isOld = snapshot.ageMs === null || snapshot.ageMs > staleMs;
  const lead = isOld ? markup`${say("lastKnown")} ` : NOTHING;
  return markup`<p class="level">${lead}${level} ${sentence}</p>
${reasons.length === 0 ? NOTHING : markup`<h2>${say("reasons")}</h2>\n<ul>\n${reasons}</ul>`}`;
}

function serverTable(options: StatusPageOptions, { servers }: StatusDocument): Markup {
  const { language, wallMs } = options;
  const say = speaker(language);
  const rows = servers.slice(0, ROWS_MAX).map(({ name, state, since }) => {
    const span = spanSince(since, wallMs);
    const shown = span === null ? "-" : showSpan(span, language);
    const word = worded(SERVER_WORDS[state] ?? UNKNOWN, language);
    return markup`<tr><th scope="row">${name}</th><td>${word}</td><td>${shown}</td></tr>\n`;
  });
  return table(say("servers"), [say("server"), say("state"), say("since")], rows);
}

function groupTable({ language }: StatusPageOptions, { groups }: StatusDocument): Markup {
  const say = speaker(language);
  const rows = groups.slice(0, ROWS_MAX).map(({ name, state, owner, policy }) => {
    const word = worded(GROUP_WORDS[state] ?? UNKNOWN, language);
    const order = policy.join(", ");
    return markup`<tr><th scope="row">${name}</th><td>${word}</td><td>${
      owner ?? "-"
    }</td><td>${order}</td></tr>\n`;
  });
  return table(say("groups"), [say("group"), say("state"), say("owner"), say("policy")], rows);
}

function pathTable({ language }: StatusPageOptions, { paths }: StatusDocument): Markup {
  const say = speaker(language);
  const ids = [...new Set(paths.map((path) => path.id))].slice(0, ROWS_MAX);
  const rows = ids.map((id) => pathRow(id, paths, language));
  return table(say("paths"), [say("path"), say("kind"), say("good"), say("trouble")], rows);
}

/** Normal directions are counted, the others named: sixteen servers have hundreds. */
function pathRow(id: string, paths: readonly PathStatus[], language: Language): Markup {
  const say = speaker(language);
  const all = paths.filter((path) => path.id === id);
  const abnormal = all.filter((path) => path.state !== "normal");
  const kind = all[0] === undefined ? "-" : (PATH_KIND_WORDS[all[0].kind]?.[language] ?? "-");
  const named = abnormal.slice(0, DIRECTIONS_MAX).map((path) => {
    const word = path.state === "faulty" ? FAULTY : UNKNOWN;
    return markup`<li>${worded(word, language)} ${path.from} → ${path.kind === "disk" ? path.id : path.to}</li>`;
  });
  const more = abnormal.length - named.length;
  const rest = more > 0 ? markup`<li>+ ${more}</li>` : NOTHING;
  const trouble =
    abnormal.length === 0
      ? markup`<span class="good"><span aria-hidden="true">${signOf("good", true)}</span> ${say("none")}</span>`
      : markup`<ul>${named}${rest}</ul>`;
  const normal = `${all.length - abnormal.length} / ${all.length}`;
  return markup`<tr><th scope="row">${id}</th><td>${kind}</td><td>${normal}</td><td>${trouble}</td></tr>\n`;
}

const FAULTY: Word = { tone: "bad", text: { en: "faulty", ja: "異常" } };

function otherServers({ identity, language }: StatusPageOptions): Markup {
  const links = identity.servers
    .filter(({ name, url }) => name !== identity.server && url !== null && isWebUrl(url))
    .map(({ name, url }) => markup` <a href="${`${url}/status?lang=${language}`}">${name}</a>`);
  if (links.length === 0) return NOTHING;
  return markup`<p>${speaker(language)("others")}:${links}</p>`;
}

/** Never `javascript:` or the like in a link, whoever wrote the configuration. */
const isWebUrl = (url: string): boolean => /^https?:\/\/[^\s/]+$/.test(url);

function table(caption: string, heads: readonly string[], rows: readonly Markup[]): Markup {
  const cells = heads.map((head) => markup`<th scope="col">${head}</th>`);
  return markup`<table>
<caption>${caption}</caption>
<thead><tr>${cells}</tr></thead>
<tbody>
${rows}</tbody>
</table>`;
}

/** Colour, icon and word; the icon is not read out because the word says the same. */
function worded({ tone, text }: Word, language: Language): Markup {
  return markup`<span class="${tone}"><span aria-hidden="true">${signOf(tone, true)}</span> ${text[language]}</span>`;
}

const speaker =
  (language: Language) =>
  (word: StatusWord, values: Readonly<Record<string, string>> = {}): string =>
    fill(STATUS_WORDS[word], language, values);

type Value = string | number | Markup | readonly Markup[];

const NOTHING: Markup = { html: "" };

/** Everything that is not markup itself is escaped. */
function markup(parts: TemplateStringsArray, ...values: Value[]): Markup {
  const html = parts.reduce(
    (text, part, index) => text + (index === 0 ? "" : rendered(values[index - 1] ?? "")) + part,
    "",
  );
  return { html };
}

function rendered(value: Value): string {
  if (typeof value === "string" || typeof value === "number") return escapeHtml(String(value));
  if ("html" in value) return value.html;
  return value.map((part) => part.html).join("");
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
  "`": "&#96;",
};

/** Also takes out control and direction-changing characters, which can make a text lie. */
export function escapeHtml(text: string): string {
  return text
    .slice(0, TEXT_CHARACTERS_MAX)
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu, " ")
    .replace(/[&<>"'`]/g, (character) => ENTITIES[character] ?? "");
}

/** Contrast of every tone is at least 4.5 : 1 on its ground, light and dark (WCAG 1.4.3). */
export const STATUS_CSS = `:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1rem;
  color: #1a1a1a; background: #fff; }
a { color: #0b57d0; }
.skip:not(:focus) { position: absolute; left: -100rem; }
nav a { margin-right: 1rem; }
table { border-collapse: collapse; margin: 1rem 0; width: 100%; }
caption { font-weight: bold; text-align: left; padding: .25rem 0; }
th, td { border: 1px solid #767676; padding: .25rem .5rem; text-align: left; vertical-align: top; }
td ul { margin: 0; padding-left: 1rem; }
.level { font-size: 1.25rem; font-weight: bold; }
.good { color: #136b2c; }
.warn { color: #8a4b00; }
.bad { color: #b3121d; font-weight: bold; }
.quiet { color: #595959; }
.stale { filter: grayscale(1); border-left: .5rem solid #767676; padding-left: .75rem; }
@media (prefers-color-scheme: dark) {
  body { color: #eee; background: #121212; }
  a { color: #a8c7fa; }
  .good { color: #7ddc92; }
  .warn { color: #ffb95c; }
  .bad { color: #ff8a80; }
  .quiet { color: #b0b0b0; }
}
`;
