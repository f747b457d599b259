/**
 * What `kage user` says, English and Japanese side by side; refusals that the dashboard knows as well
 * come from the catalogue. A `…Do` entry is the remedy of the entry before it.
 */
import type { Bilingual } from "./language.ts";

export const USER_MESSAGES = {
  userAskPassword: { en: "password of {user}: ", ja: "{user} のパスワード: " },
  userAskAgain: { en: "the same again: ", ja: "確認のためもう一度: " },
  userNoPassword: {
    en: "no password was given; expected one line on standard input or at the terminal",
    ja: "パスワードが入力されていません。標準入力または端末から 1 行で入力してください",
  },
  userNoPasswordDo: {
    en: "nothing was changed; run it at a terminal, or give a file: {command} < FILE",
    ja: "何も変更していません。端末で実行するか、ファイルを指定: {command} < FILE",
  },
  userPasswordsDiffer: {
    en: "the two passwords differ",
    ja: "2 回のパスワードが一致しません",
  },
  userPasswordsDifferDo: {
    en: "nothing was changed; run the command again",
    ja: "何も変更していません。もう一度実行してください",
  },
  userAdded: {
    en: "user {user} added with role {role}",
    ja: "利用者 {user} を追加 (ロール {role})",
  },
  userRemoved: {
    en: "user {user} removed; its sessions end",
    ja: "利用者 {user} を削除しました。セッションは終了します",
  },
  userPasswd: {
    en: "password of {user} changed; its sessions end",
    ja: "{user} のパスワードを変更しました。セッションは終了します",
  },
  userNone: {
    en: "no user yet; the first is made with the one-time code, or: kage user add NAME --role admin",
    ja: "利用者はいません。ワンタイムコードで作成するか、kage user add NAME --role admin を実行してください",
  },
  userFirst: {
    en: "{user} would be the first user and has to be an administrator",
    ja: "{user} は最初の利用者となるため、管理者である必要があります",
  },
  userFirstDo: {
    en: "add it with --role admin; further users may have any role",
    ja: "--role admin を指定してください。2 人目以降は任意のロールにできます",
  },
  userNoDashboard: {
    en: "{file} has no telemetry section, so this server has no dashboard and no users",
    ja: "{file} に telemetry がないため、このサーバにはダッシュボードも利用者もありません",
  },
  userNoDashboardDo: {
    en: "run it on the server whose dashboard is meant, or name its file with --local FILE",
    ja: "対象のダッシュボードのサーバで実行するか、--local FILE で指定してください",
  },
  userNoLocal: {
    en: "no local.json is known here, which would say where the users are kept",
    ja: "利用者の保存先を示す local.json が見つかりません",
  },
  userNoLocalDo: { en: "name it with --local FILE", ja: "--local FILE で指定してください" },
  userForeign: {
    en: "the folder {dir} belongs to user {owner}; a file written by another one would lock everybody out",
    ja: "フォルダ {dir} の所有者は {owner} です。別のユーザが書き込むと誰もログインできなくなります",
  },
  userForeignDo: {
    en: "run the command as that user",
    ja: "そのユーザで実行してください",
  },
  userHead: { en: "USER", ja: "利用者" },
  roleHead: { en: "ROLE", ja: "ロール" },
} as const satisfies Readonly<Record<string, Bilingual>>;
