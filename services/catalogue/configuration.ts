/**
 * Events and refusals about the configuration text of the running cluster: prepared, installed, given up.
 * One entry per key: stable code, severity, and text, cause and remedy in both languages.
 * Source: work order 3 item 4; protocol.md 1.9, V3.
 */
import type { EventEntry, RefusalEntry } from "./entry.ts";

export const configurationEvents = {
  "config.prepared": {
    code: "KG-5101",
    severity: "info",
    en: {
      text: "Server {server} holds configuration {rev} ({hash}) ready.",
      cause: "The text was checked and is on disk; it is not in force yet.",
      remedy: "Nothing to do. It comes into force when every server holds it ready.",
    },
    ja: {
      text: "サーバ {server} は構成 {rev} ({hash}) の準備を完了しました。",
      cause: "構成を検査し、ディスクに保存しました。まだ有効ではありません。",
      remedy: "対処は不要です。全サーバの準備が完了すると有効になります。",
    },
  },
  "config.installed": {
    code: "KG-5102",
    severity: "info",
    en: {
      text: "Configuration {revision} ({hash}) is in force on server {server}.",
      cause: "Every server of the view held it ready, or this server was handed the text in force.",
      remedy: "Nothing to do. To go back to the one before it use: kage config rollback",
    },
    ja: {
      text: "サーバ {server} で構成 {revision} ({hash}) が有効になりました。",
      cause: "全メンバーの準備が完了した、または有効な構成を受け取りました。",
      remedy: "対処は不要です。直前の構成に戻すには kage config rollback を使用してください。",
    },
  },
  "config.withdrawn": {
    code: "KG-5103",
    severity: "warning",
    en: {
      text: "Configuration {rev} ({hash}) was given up on server {server}; the old one stays in force.",
      cause: "Before every server held it ready: {reason}.",
      remedy: "When kage status shows no trouble, apply it again.",
    },
    ja: {
      text: "サーバ {server} は構成 {rev} ({hash}) を取り消しました。以前の構成が有効です。",
      cause: "全サーバの準備が完了する前に中止されました: {reason}。",
      remedy: "kage status で異常がないことを確認し、もう一度適用してください。",
    },
  },
  "config.unfit": {
    code: "KG-5104",
    severity: "error",
    en: {
      text: "Server {server} refuses configuration {rev} ({hash}): {detail}.",
      cause: "The text does not fit what this server runs by or what runs on it.",
      remedy:
        "Change the text or stop the group that stands in the way. A server that missed an offline " +
        "change gets the file by hand while it is off.",
    },
    ja: {
      text: "サーバ {server} は構成 {rev} ({hash}) を受け入れません: {detail}。",
      cause: "構成が、このサーバで有効な構成または動作中のグループと合いません。",
      remedy:
        "構成を修正するか、妨げになるグループを停止してください。停止中に行った" +
        "変更は、サーバの停止中にファイルを置き換えてください。",
    },
  },
  "config.store-failed": {
    code: "KG-5105",
    severity: "error",
    en: {
      text: "Server {server} cannot keep a configuration on disk: {error}.",
      cause: "The state folder is full, read-only or damaged.",
      remedy: "Make room in the state folder or repair its disk. What is in force stays in force.",
    },
    ja: {
      text: "サーバ {server} は構成をディスクに保存できません: {error}。",
      cause: "状態フォルダが満杯、読み取り専用、または破損しています。",
      remedy:
        "状態フォルダの空きを増やすか、ディスクを修理してください。有効な構成は変わりません。",
    },
  },
  "config.file-other": {
    code: "KG-5106",
    severity: "warning",
    en: {
      text: "Server {server} runs by configuration {rev} ({hash}), not by what {file} says.",
      cause: "The file was changed while the server runs, or could not be replaced at an apply.",
      remedy:
        "To put the file into force: kage config apply {file}. To undo the change of the file: " +
        "kage config get > {file}",
    },
    ja: {
      text: "サーバ {server} は {file} の内容ではなく構成 {rev} ({hash}) で動作しています。",
      cause: "動作中にファイルが変更されたか、適用時にファイルを置き換えられませんでした。",
      remedy:
        "ファイルの内容を有効にするには kage config apply {file}、ファイルの変更を取り消すには " +
        "kage config get > {file} を実行してください。",
    },
  },
  "config.file-behind": {
    code: "KG-5107",
    severity: "warning",
    en: {
      text: "Server {server} could not replace {file}: {error}.",
      cause: "The folder of the configuration file is read-only or full.",
      remedy:
        "Nothing is lost: the text in force is kept in the state folder and rules. When the folder can " +
        "be written: kage config get > {file}",
    },
    ja: {
      text: "サーバ {server} は {file} を置き換えられませんでした: {error}。",
      cause: "構成ファイルのフォルダが読み取り専用、または満杯です。",
      remedy:
        "有効な構成は状態フォルダに保存されています。書き込めるようになったら " +
        "kage config get > {file} を実行してください。",
    },
  },
} as const satisfies Record<string, EventEntry>;

export const configurationRefusals = {
  "config-invalid": {
    code: "KG-9201",
    exit: 1,
    en: {
      text: "The configuration has {count} errors. {first}.",
      remedy: "All of them are shown by: kage config check FILE",
    },
    ja: {
      text: "構成に {count} 件のエラーがあります。{first}。",
      remedy: "すべてのエラーは kage config check FILE で確認できます。",
    },
  },
  "config-too-long": {
    code: "KG-9202",
    exit: 1,
    en: {
      text: "There is no configuration text, or it is longer than {max} bytes.",
      remedy: "Give a text of 1 to {max} bytes; comments count.",
    },
    ja: {
      text: "構成がないか、{max} バイトを超えています。",
      remedy: "1 から {max} バイトの構成を指定してください (コメントを含む)。",
    },
  },
  "config-conflict": {
    code: "KG-9203",
    exit: 3,
    en: {
      text: "Another configuration than {expected} is in force or under way (here {rev}, {hash}).",
      remedy: "Look at it with kage config diff FILE, bring your changes into it, and apply again.",
    },
    ja: {
      text: "{expected} とは別の構成が有効または適用中です (現在 {rev}、{hash})。",
      remedy: "kage config diff FILE で確認し、変更を取り込んでから、もう一度適用してください。",
    },
  },
  "config-busy": {
    code: "KG-9204",
    exit: 3,
    en: {
      text: "A configuration is being installed at this moment.",
      remedy: "Wait some seconds and try again.",
    },
    ja: {
      text: "構成を適用している最中です。",
      remedy: "数秒待ってから、もう一度実行してください。",
    },
  },
  "config-trouble": {
    code: "KG-9205",
    exit: 3,
    en: {
      text: "The servers are not in firm contact: a cut, a server on its way in, or a verdict under way.",
      remedy:
        "Look at kage status. Repair the paths or wait until the server is in, then apply again.",
    },
    ja: {
      text: "サーバ間の通信が安定していません (切断、参加途中、または判定中)。",
      remedy: "kage status を確認し、経路を修復するか参加の完了を待ってから、適用してください。",
    },
  },
  "config-cut": {
    code: "KG-9206",
    exit: 3,
    en: {
      text: "The configuration was given up before it was in force: {reason}. The old one stays.",
      remedy: "When kage status shows no trouble, apply it again.",
    },
    ja: {
      text: "構成は有効になる前に取り消されました: {reason}。以前の構成が有効です。",
      remedy: "kage status で異常がないことを確認し、もう一度適用してください。",
    },
  },
  "config-offline": {
    code: "KG-9207",
    exit: 3,
    en: {
      text: "Not while the cluster runs: {what}.",
      remedy:
        "Sockets, devices, priorities and the lease hang on these. Shut down with kage cluster shutdown, " +
        "replace the file on every server, and start.",
    },
    ja: {
      text: "クラスタの動作中は変更できません: {what}。",
      remedy:
        "通信経路、デバイス、優先順位に関わる項目です。kage cluster shutdown で停止し、" +
        "全サーバのファイルを置き換えてから起動してください。",
    },
  },
  "config-other-cluster": {
    code: "KG-9208",
    exit: 3,
    en: {
      text: "This is the configuration of another cluster: {what} differs.",
      remedy: "Name and id of a cluster never change. Apply the file of this cluster.",
    },
    ja: {
      text: "別のクラスタの構成です: {what} が異なります。",
      remedy: "クラスタの名前と ID は変更できません。このクラスタのファイルを適用してください。",
    },
  },
  "config-method-unsupported": {
    code: "KG-9214",
    exit: 3,
    en: {
      text: "Method {method} needs software that carries it out on every server; not said by: {servers}.",
      remedy:
        "Install the release of this server there too, switch on what is off, and try again; " +
        "or choose another method.",
    },
    ja: {
      text: "方式 {method} には全サーバのソフトウェアの対応が必要です。対応を示していないサーバ: {servers}。",
      remedy:
        "そのサーバにも本サーバと同じリリースをインストールし、停止中のサーバは起動してから" +
        "もう一度実行するか、別の方式を選択してください。",
    },
  },
  "config-group-runs": {
    code: "KG-9209",
    exit: 3,
    en: {
      text: "Not stopped, but removed or with other resources in the new configuration: {what}.",
      remedy: "Stop it first with: kage group stop GROUP",
    },
    ja: {
      text: "新しい構成で削除またはリソースが変更されるグループが停止していません: {what}。",
      remedy: "先に次のコマンドで停止してください: kage group stop GROUP",
    },
  },
  "config-times-apart": {
    code: "KG-9210",
    exit: 3,
    en: {
      text: "The new times are too far from those in force for one step: {what}.",
      remedy: "Change them in several steps, e.g. halve or double the timeout at a time.",
    },
    ja: {
      text: "新しい時間の値が現在の値から離れすぎています: {what}。",
      remedy: "数回に分けて変更してください (例: タイムアウトを一度に半分または 2 倍まで)。",
    },
  },
  "config-refused-there": {
    code: "KG-9211",
    exit: 3,
    en: {
      text: "The other server refuses this configuration.",
      remedy: "Its event KG-5104 says why: kage events",
    },
    ja: {
      text: "相手サーバがこの構成を受け入れません。",
      remedy: "理由は相手サーバのイベント KG-5104 にあります: kage events",
    },
  },
  "config-unfit-here": {
    code: "KG-9212",
    exit: 1,
    en: {
      text: "This server could not prepare the configuration.",
      remedy: "Its newest event says why: kage events",
    },
    ja: {
      text: "このサーバで構成を準備できませんでした。",
      remedy: "理由は最新のイベントにあります: kage events",
    },
  },
  "config-unknown-revision": {
    code: "KG-9213",
    exit: 1,
    en: {
      text: "There is no configuration {rev} here; known are {known}.",
      remedy: "The list is shown by: kage config history",
    },
    ja: {
      text: "構成 {rev} はありません。あるのは {known} です。",
      remedy: "一覧は kage config history で確認できます。",
    },
  },
} as const satisfies Record<string, RefusalEntry>;
