/**
 * Refusals of the dashboard's web server: what a browser is told when it may not, cannot or asked badly.
 * The page shows text and remedy in the reader's language; runbooks name the code.
 * Source: issue 3 item 7; ecosystem.md 3.2 (13); reliability.md 4.1 (dashboard).
 */
import type { RefusalEntry } from "./entry.ts";

const entry = (
  code: `KG-98${number}`,
  exit: RefusalEntry["exit"],
  en: readonly [text: string, remedy: string],
  ja: readonly [text: string, remedy: string],
): RefusalEntry => ({
  code,
  exit,
  en: { text: en[0], remedy: en[1] },
  ja: { text: ja[0], remedy: ja[1] },
});

export const dashboardRefusals = {
  "web-login-needed": entry(
    "KG-9801",
    4,
    ["Nobody is logged in.", "Log in on the dashboard first."],
    ["ログインしていません。", "先にダッシュボードでログインしてください。"],
  ),
  "web-role-needed": entry(
    "KG-9802",
    4,
    ["This needs the role {role}.", "Log in as a user with that role, or ask an administrator."],
    [
      "この操作にはロール {role} が必要です。",
      "そのロールのユーザーでログインするか、管理者に依頼してください。",
    ],
  ),
  "web-wrong-login": entry(
    "KG-9803",
    4,
    ["User name or password is wrong.", "Check both; every wrong attempt makes the next one wait."],
    [
      "ユーザー名またはパスワードが正しくありません。",
      "両方を確認してください。失敗するたびに待ち時間が長くなります。",
    ],
  ),
  "web-too-many-attempts": entry(
    "KG-9804",
    4,
    ["Too many wrong attempts.", "Wait {seconds} s, then try again."],
    ["失敗の回数が多すぎます。", "{seconds} 秒待ってから、もう一度実行してください。"],
  ),
  "web-wrong-origin": entry(
    "KG-9805",
    4,
    [
      "The request came from another site ({origin}).",
      "Open the dashboard by its own address and work from there.",
    ],
    [
      "別のサイト ({origin}) からの要求です。",
      "ダッシュボードを本来のアドレスで開いて操作してください。",
    ],
  ),
  "web-wrong-host": entry(
    "KG-9806",
    4,
    [
      "This server is not called {host}.",
      "Use its IP address, or add the name to telemetry.hostNames in local.json.",
    ],
    [
      "本サーバの名前は {host} ではありません。",
      "IP アドレスを使用するか、設定ファイル local.json の telemetry.hostNames に名前を追加してください。",
    ],
  ),
  "web-wrong-code": entry(
    "KG-9807",
    4,
    [
      "The one-time code is wrong.",
      "It stands in the output of the first start and in the file setup-code of the state folder.",
    ],
    [
      "ワンタイムコードが正しくありません。",
      "初回起動時の出力、または状態フォルダのファイル setup-code を確認してください。",
    ],
  ),
  "web-setup-done": entry(
    "KG-9808",
    3,
    ["The first user exists already.", "Log in; an administrator adds further users."],
    [
      "最初のユーザーはすでに作成されています。",
      "ログインしてください。ユーザーの追加は管理者が行います。",
    ],
  ),
  "web-users-damaged": entry(
    "KG-9809",
    1,
    [
      "The file of users cannot be used: {reason}",
      "Restore it from a backup, or remove it to begin again with a new one-time code.",
    ],
    [
      "ユーザーのファイルを使用できません: {reason}",
      "バックアップから復元するか、削除して新しいワンタイムコードでやり直してください。",
    ],
  ),
  "web-bad-request": entry(
    "KG-9810",
    1,
    ["The request was not understood: {reason}", "Reload the page; it may be of another version."],
    [
      "要求を解釈できません: {reason}",
      "ページを再読み込みしてください。バージョンが異なる可能性があります。",
    ],
  ),
  "web-too-large": entry(
    "KG-9811",
    1,
    ["The request is larger than {bytes} bytes.", "Send less at once."],
    ["要求が {bytes} バイトを超えています。", "一度に送る量を減らしてください。"],
  ),
  "web-wrong-type": entry(
    "KG-9812",
    1,
    ["The request is not JSON.", "Send it with the header Content-Type: application/json"],
    [
      "要求が JSON ではありません。",
      "次のヘッダを付けて送信してください: Content-Type: application/json",
    ],
  ),
  "web-not-found": entry(
    "KG-9813",
    1,
    ["There is no such page.", "Begin at the start page: /"],
    ["ページが見つかりません。", "先頭のページから始めてください: /"],
  ),
  "web-wrong-method": entry(
    "KG-9814",
    1,
    ["This address takes only: {methods}", "Reload the page; it may be of another version."],
    [
      "このアドレスで使用できるメソッド: {methods}",
      "ページを再読み込みしてください。バージョンが異なる可能性があります。",
    ],
  ),
  "web-busy": entry(
    "KG-9815",
    1,
    ["The server has too much to do.", "Wait a moment and try again."],
    ["サーバが混み合っています。", "少し待ってから、もう一度実行してください。"],
  ),
  "web-page-missing": entry(
    "KG-9816",
    1,
    [
      "The dashboard's files are not there.",
      "Build them with: npm run build (until then: /status).",
    ],
    [
      "ダッシュボードのファイルがありません。",
      "次のコマンドで作成してください: npm run build (それまでは /status を使用)",
    ],
  ),
  "web-bad-password": entry(
    "KG-9817",
    1,
    [
      "The password cannot be used.",
      "Choose {min} to {max} characters that do not repeat the user name.",
    ],
    [
      "このパスワードは使用できません。",
      "ユーザー名とは異なる {min} ～ {max} 文字を指定してください。",
    ],
  ),
  "web-bad-user-name": entry(
    "KG-9818",
    1,
    [
      "The user name cannot be used.",
      "Choose 1 to 32 of a-z, 0-9, dot, hyphen and underscore; the first is a letter or digit.",
    ],
    [
      "このユーザー名は使用できません。",
      "a-z、0-9、ドット、ハイフン、下線の 1 ～ 32 文字で、英数字で始まる名前を指定してください。",
    ],
  ),
  "web-last-admin": entry(
    "KG-9819",
    3,
    ["The last administrator stays.", "Give another user the role admin first."],
    ["最後の管理者は変更できません。", "先に別のユーザーにロール admin を与えてください。"],
  ),
  "web-unknown-user": entry(
    "KG-9820",
    3,
    ["There is no user {user}.", "Look at the list of users."],
    ["ユーザー {user} は存在しません。", "ユーザーの一覧を確認してください。"],
  ),
  "web-users-full": entry(
    "KG-9821",
    3,
    ["There are {max} users already.", "Remove one that is no longer needed."],
    ["ユーザーがすでに {max} 人います。", "不要なユーザーを削除してください。"],
  ),
  "web-store-failed": entry(
    "KG-9822",
    1,
    [
      "The users could not be saved: {reason}",
      "Check space and permissions of the state folder, look at the users, then try again.",
    ],
    [
      "ユーザーを保存できません: {reason}",
      "状態フォルダの空き容量と権限を確認し、ユーザーの一覧を見てから再実行してください。",
    ],
  ),
  "web-no-rack": entry(
    "KG-9823",
    3,
    ["There is no rack here.", "Only the virtual appliance (npm start) has a rack panel."],
    ["ラックがありません。", "ラックパネルは仮想装置 (npm start) だけにあります。"],
  ),
  "web-rack-silent": entry(
    "KG-9824",
    1,
    ["The rack does not answer: {reason}", "Is npm start still running? Look at its output."],
    ["ラックが応答しません: {reason}", "npm start が動作しているか、出力を確認してください。"],
  ),
  "web-rack-refused": entry(
    "KG-9825",
    3,
    ["The rack refused: {reason}", "Correct the request as the sentence says."],
    ["ラックが拒否しました: {reason}", "表示された内容に従って要求を修正してください。"],
  ),
  "web-wrong-password": entry(
    "KG-9827",
    4,
    [
      "The present password is wrong.",
      "Type the password you logged in with; every wrong attempt makes the next one wait.",
    ],
    [
      "現在のパスワードが正しくありません。",
      "ログイン時のパスワードを入力してください。失敗するたびに待ち時間が長くなります。",
    ],
  ),
  "web-user-exists": entry(
    "KG-9828",
    3,
    ["There is a user {user} already.", "Choose another name, or change that user."],
    [
      "ユーザー {user} はすでに存在します。",
      "別の名前を指定するか、そのユーザーを変更してください。",
    ],
  ),
  "web-internal": entry(
    "KG-9826",
    1,
    ["The server could not answer because of a fault of its own.", "Its log says more."],
    ["サーバ内部の障害により応答できません。", "詳細はログを確認してください。"],
  ),
} as const satisfies Record<string, RefusalEntry>;

export type WebRefusalKey = keyof typeof dashboardRefusals;
