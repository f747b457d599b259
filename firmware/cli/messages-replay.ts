/**
 * What `kage replay` and `kage blackbox` say, in both languages. A `…Do` entry is the remedy of the entry
 * before it. Source: work order 4 item 8.
 */
import type { Bilingual } from "./language.ts";

export const REPLAY_MESSAGES = {
  replayHead: {
    en: "{file}: {role} of {server}, cluster {cluster}, method {method}, configuration {hash}",
    ja: "{file}: {server} の {role}、クラスタ {cluster}、解決方式 {method}、構成 {hash}",
  },
  replaySpan: {
    en: "{entries} entries from {from} to {until} UTC, {seconds} s, product {product}",
    ja: "{entries} 件、{from} から {until} (UTC)、{seconds} 秒間、製品版 {product}",
  },
  replayOtherProduct: {
    en: "recorded by product {recorded}, replayed by {product}: a difference may come from that",
    ja: "記録時の製品版は {recorded}、再実行は {product} です。差異は版の違いによる可能性があります",
  },
  replayCut: {
    en: "the file is cut at byte {offset}: replayed to entry {entry}, its last whole one",
    ja: "ファイルはバイト {offset} で途切れています。最後の完全な記録 {entry} まで再実行しました",
  },
  replayGap: {
    en: "entries {from} to {to} are missing; the replay goes on from the state behind them",
    ja: "記録 {from} から {to} が欠落しています。その後の状態から再実行を続けます",
  },
  replayTime: { en: "TIME (UTC)", ja: "時刻 (UTC)" },
  replayEntry: { en: "ENTRY", ja: "記録" },
  replayInput: { en: "WHAT CAME IN", ja: "入力" },
  replayDecided: { en: "WHAT WAS DECIDED", ja: "判断" },
  replayDaily: {
    en: "... daily work, entries: {count}",
    ja: "... 通常動作の記録 {count} 件",
  },
  replayNothing: { en: "no entry in that time", ja: "その時間帯に記録はありません" },
  replaySame: {
    en: "identical: all {count} entries are decided as recorded",
    ja: "一致: 全 {count} 件の判断が記録と同じです",
  },
  replayOther: {
    en: "different from entry {entry} ({time}) on: {at} was {recorded}, is now {replayed}",
    ja: "記録 {entry} ({time}) から差異があります: {at} 記録時 {recorded}、再実行 {replayed}",
  },
  replayOtherState: {
    en: "different before entry {entry} ({time}): in the state {at} was {recorded}, is now {replayed}",
    ja: "記録 {entry} ({time}) の直前で状態に差異があります: {at} 記録時 {recorded}、再実行 {replayed}",
  },
  replayOtherDo: {
    en: "replay it with the version that recorded it ({product}); if it differs there, send the file to support",
    ja: "記録した版 ({product}) で再実行してください。それでも差異がある場合はファイルをサポートへ送ってください",
  },
  replayRefused: {
    en: "{file}: {place}: {why}",
    ja: "{file}: {place}: {why}",
  },
  replayAtEntry: { en: "entry {entry} at byte {offset}", ja: "記録 {entry} (バイト {offset})" },
  replayAtByte: { en: "byte {offset}", ja: "バイト {offset}" },
  replayForeign: {
    en: "expected a journal (it begins with KAGEJRN), found something else",
    ja: "ジャーナル (先頭が KAGEJRN) ではありません",
  },
  replayForeignDo: {
    en: "name a .kgj file; those of the servers: kage blackbox list",
    ja: ".kgj ファイルを指定してください。一覧: kage blackbox list",
  },
  replayVersion: {
    en: "expected format {expected}, found {found}",
    ja: "形式 {expected} が必要ですが、{found} でした",
  },
  replayVersionDo: {
    en: "replay it with the kage of the version that recorded it",
    ja: "記録した版の kage で再実行してください",
  },
  replayDamaged: {
    en: "expected a record of the length that stands there, found a damaged one",
    ja: "記録の長さが壊れています",
  },
  replayChecksum: {
    en: "expected a record whose checksum is right, found a damaged one",
    ja: "記録のチェックサムが一致しません",
  },
  replayShape: {
    en: "expected an entry of this format, found another content",
    ja: "記録の内容がこの形式ではありません",
  },
  replayOrder: {
    en: "expected the next number, found {found}",
    ja: "記録番号が連続していません ({found})",
  },
  replayDamagedDo: {
    en: "copy the file again from the server; if that one is damaged as well, take another box",
    ja: "サーバからコピーし直してください。元も壊れている場合は別のファイルを使用してください",
  },
  replayRole: {
    en: "expected one process of role pulse or agent, found {found}",
    ja: "ロール pulse または agent の 1 プロセスの記録が必要ですが、{found} でした",
  },
  replayRoleDo: {
    en: "replay each process's file by itself",
    ja: "プロセスごとのファイルを個別に再実行してください",
  },
  replayEmpty: {
    en: "expected at least one whole entry, found none",
    ja: "完全な記録が 1 件もありません",
  },
  replayEmptyDo: {
    en: "the process ended before its first entry was written; take another box",
    ja: "最初の記録の前にプロセスが終了しています。別のファイルを使用してください",
  },
  replayBadTime: {
    en: '{option} cannot be "{found}"; expected a time like 04:47:01.5 or seconds from the beginning',
    ja: "{option} に「{found}」は指定できません。04:47:01.5 のような時刻か、先頭からの秒数を指定してください",
  },
  boxNone: { en: "no black boxes here", ja: "ブラックボックスはありません" },
  boxRole: { en: "PROCESS", ja: "プロセス" },
  boxState: { en: "STATE", ja: "状態" },
  boxBytes: { en: "BYTES", ja: "バイト" },
  boxFile: { en: "FILE", ja: "ファイル" },
  boxBegin: { en: "STARTED (UTC)", ja: "起動時刻 (UTC)" },
  boxLive: { en: "in memory", ja: "メモリ上" },
  boxSaved: { en: "saved", ja: "保存済み" },
  boxEmergency: { en: "saved, gave up", ja: "保存済み (処理を放棄)" },
  boxUnknown: {
    en: "the folders of {server} are not known here",
    ja: "{server} のフォルダが分かりません",
  },
  boxUnknownDo: {
    en: "run it on that server, or name its file with --local FILE",
    ja: "そのサーバで実行するか、--local FILE で指定してください",
  },
  boxWritten: { en: "saved: {file}", ja: "保存しました: {file}" },
  boxNotSaved: { en: "cannot write {file}: {detail}", ja: "{file} に書き込めません: {detail}" },
  boxNotSavedDo: {
    en: "change to a folder that you may write to, with room for it",
    ja: "書き込み可能で空きのあるフォルダに移動してください",
  },
} as const satisfies Readonly<Record<string, Bilingual>>;
