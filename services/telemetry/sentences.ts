/**
 * Sentences in both languages: the present state of a group or server, refusals, and the headline that
 * says how many more failures can be survived. A reader picks the language, so every message has both.
 * Source: R16; ecosystem.md 1.3; services/catalogue.
 */
import {
  type EventData,
  isRefusalKey,
  type PhraseKey,
  type RefusalKey,
  renderPhrase,
  renderRefusal,
} from "../catalogue.ts";
import type { GroupStatus, ServerStatus, StatusDocument } from "../status.ts";
import type { Bilingual } from "./model.ts";

/** Words for the states that a status document shows. */
const STATE_WORDS: Readonly<Record<GroupStatus["state"] | ServerStatus["state"], Bilingual>> = {
  starting: { en: "starting", ja: "起動中" },
  member: { en: "a member", ja: "メンバー" },
  leaving: { en: "leaving", ja: "離脱中" },
  detached: { en: "detached", ja: "切り離し中" },
  returning: { en: "returning", ja: "復帰中" },
  stopping: { en: "stopping", ja: "停止処理中" },
  off: { en: "off or not heard", ja: "停止または通信不可" },
  stopped: { en: "stopped", ja: "停止" },
  running: { en: "running", ja: "動作中" },
  failed: { en: "failed", ja: "異常" },
  unknown: { en: "unknown", ja: "不明" },
};

type SentenceData = Readonly<Record<string, string | number | Bilingual>>;

/** Values that are bilingual themselves go into their own language. */
export function sentence(key: PhraseKey, data: SentenceData = {}): Bilingual {
  return {
    en: renderPhrase(key, only(data, "en")).en,
    ja: renderPhrase(key, only(data, "ja")).ja,
  };
}

export interface BilingualRefusal {
  readonly code: string;
  readonly text: Bilingual;
  readonly hint: Bilingual;
}

/** An unknown key, e.g. of a newer agent, is shown as an unknown outcome. */
export function refusalOf(key: string, data: SentenceData): BilingualRefusal {
  const known: RefusalKey = isRefusalKey(key) ? key : "outcome-unknown";
  const en = renderRefusal(known, only(data, "en"), "en");
  const ja = renderRefusal(known, only(data, "ja"), "ja");
  return {
    code: en.code,
    text: { en: en.message, ja: ja.message },
    hint: { en: en.remedy, ja: ja.remedy },
  };
}

export function groupNow(group: GroupStatus): Bilingual {
  const state = STATE_WORDS[group.state];
  return group.owner === null
    ? sentence("group-is", { group: group.name, state })
    : sentence("group-on", { group: group.name, state, server: group.owner });
}

export const serverNow = (server: ServerStatus): Bilingual =>
  sentence("server-is", { server: server.name, state: STATE_WORDS[server.state] });

/** R16 in one sentence. */
export function headlineOf({ cluster, groups }: StatusDocument): Bilingual {
  const down = groups.filter(({ state }) => state === "failed").map(({ name }) => name);
  if (cluster.level === "failed") {
    return sentence("group-down", { groups: down.join(", ") || "-" });
  }
  if (cluster.epoch === null) return sentence("no-view");
  if (cluster.survivesFailures === 0) return sentence("survives-none");
  const count = cluster.survivesFailures;
  const isOk = cluster.level === "ok";
  if (count > 1) return sentence(isOk ? "survives-many" : "survives-many-degraded", { count });
  return sentence(isOk ? "survives-some" : "survives-degraded", { count });
}

function only(data: SentenceData, language: "en" | "ja"): EventData {
  return Object.fromEntries(
    Object.entries(data).map(([name, value]) => [
      name,
      typeof value === "object" ? value[language] : value,
    ]),
  );
}
