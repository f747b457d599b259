/**
 * Events about servers and views: start, join, leave, shutdown.
 * One entry per key: stable code, severity, and text, cause and remedy in both languages.
 * Source: R180-R191, R203; D15-D19, D55; protocol.md 1.4, 1.7.
 */
import type { EventEntry } from "./entry.ts";

export const serversEvents = {
  "view.installed": {
    code: "KG-2001",
    severity: "info",
    en: {
      text: "Members are now {members} (epoch {epoch}, {reason}).",
      cause: "The members agreed on a new view.",
      remedy: "Nothing to do.",
    },
    ja: {
      text: "現在のメンバーは {members} です(エポック {epoch}、{reason})。",
      cause: "メンバー間で新しい構成に合意しました。",
      remedy: "対処は不要です。",
    },
  },
  "view.left": {
    code: "KG-2002",
    severity: "warning",
    en: {
      text: "This server has left the view of epoch {epoch} ({reason}).",
      cause: "It was ordered to leave, or it may no longer own anything.",
      remedy: "See the events before this one. Return the server when the cause is removed.",
    },
    ja: {
      text: "本サーバはエポック {epoch} の構成から外れました({reason})。",
      cause: "離脱の指示があったか、資源を所有できなくなりました。",
      remedy: "直前のイベントを確認し、原因を取り除いてから復帰させてください。",
    },
  },
  "server.joined": {
    code: "KG-2010",
    severity: "info",
    en: {
      text: "Server {server} is a member of the cluster.",
      cause: "It started or returned, and the members accepted it.",
      remedy: "Nothing to do.",
    },
    ja: {
      text: "サーバ {server} がクラスタに参加しました。",
      cause: "起動または復帰し、メンバーに受け入れられました。",
      remedy: "対処は不要です。",
    },
  },
  "server.detached": {
    code: "KG-2011",
    severity: "warning",
    en: {
      text: "Server {server} is detached from the cluster.",
      cause:
        "It restarted after a failure, or it was detached by an " +
        "order. It runs no group and takes nothing over.",
      remedy: "Check it, then return it with: kage server return {server}",
    },
    ja: {
      text: "サーバ {server} はクラスタから切り離されています。",
      cause:
        "障害後に再起動したか、切り離しの操作が行われまし" +
        "た。グループは動作せず、引き継ぎも行いません。",
      remedy: "サーバを確認し、次のコマンドで復帰させてください: kage server return {server}",
    },
  },
  "server.returning": {
    code: "KG-2012",
    severity: "info",
    en: {
      text: "Server {server} returns to the cluster.",
      cause: "The return was ordered.",
      remedy: "Wait until it is a member. Running groups are not touched.",
    },
    ja: {
      text: "サーバ {server} をクラスタに復帰させています。",
      cause: "復帰の操作が行われました。",
      remedy: "メンバーになるまでお待ちください。動作中のグループには影響しません。",
    },
  },
  "server.refused-return": {
    code: "KG-2013",
    severity: "warning",
    en: {
      text: "Server {server} could not return ({reason}).",
      cause: "No member accepted it: none is heard, or key, version or configuration differ.",
      remedy: "Remove the cause and order the return again.",
    },
    ja: {
      text: "サーバ {server} を復帰できませんでした({reason})。",
      cause:
        "受け入れるメンバーがありません。メンバーが見えない" +
        "か、鍵、バージョン、構成情報が異なります。",
      remedy: "原因を取り除き、もう一度復帰を指示してください。",
    },
  },
  "server.leaving": {
    code: "KG-2014",
    severity: "info",
    en: {
      text: "Server {server} is leaving; its groups are stopped or moved first.",
      cause: "Detach or shutdown was ordered.",
      remedy: "Wait until it has left.",
    },
    ja: {
      text: "サーバ {server} が離脱します。先にグループを停止または移動します。",
      cause: "切り離しまたはシャットダウンの操作が行われました。",
      remedy: "離脱が完了するまでお待ちください。",
    },
  },
  "server.excluded": {
    code: "KG-2015",
    severity: "error",
    en: {
      text: "The cluster went on without server {server} (epoch {epoch}).",
      cause: "A newer view without this server was heard: it was silent for too long.",
      remedy: "Find the cause of the silence, then return it with: kage server return {server}",
    },
    ja: {
      text: "クラスタはサーバ {server} を除いて継続しています(エポック {epoch})。",
      cause: "本サーバを含まない新しい構成を受信しました。途絶が長すぎたためです。",
      remedy: "途絶の原因を調べ、次のコマンドで復帰させてください: kage server return {server}",
    },
  },
  "start.waiting": {
    code: "KG-2020",
    severity: "info",
    en: {
      text: "Waiting up to {seconds} s for the other servers to start.",
      cause: "This server started with a clean mark and hears no member yet.",
      remedy: "Start the other servers, or wait. To start alone now: kage cluster start-now",
    },
    ja: {
      text: "他のサーバの起動を最大 {seconds} 秒待ちます。",
      cause: "正常終了の記録がありますが、まだ他のメンバーが見えません。",
      remedy:
        "他のサーバを起動するか、お待ちください。単独で起動するには次のコマンドを使用" +
        "してください: kage cluster start-now",
    },
  },
  "start.alone": {
    code: "KG-2021",
    severity: "warning",
    en: {
      text: "This server starts alone (method {method}).",
      cause: "No other server was heard within the start wait, and the method allows it.",
      remedy: "Start the other servers; they join by themselves after a clean shutdown.",
    },
    ja: {
      text: "本サーバは単独で起動します(方式 {method})。",
      cause: "起動待ち時間内に他のサーバが見えず、方式上、単独起動が許されています。",
      remedy: "他のサーバを起動してください。正常終了していれば自動的に参加します。",
    },
  },
  "start.refused-alone": {
    code: "KG-2022",
    severity: "error",
    en: {
      text: "This server does not start alone ({reason}): {evidence}",
      cause: "The method could not exclude that another server already runs the groups.",
      remedy:
        "Repair the path named in the reason, or start the other server. Nothing runs until then.",
    },
    ja: {
      text: "本サーバは単独では起動しません({reason}): {evidence}",
      cause: "他のサーバがすでにグループを動作させている可能性を否定できません。",
      remedy:
        "理由に示されたパスを修理するか、他のサーバを起動し" +
        "てください。それまでグループは動作しません。",
    },
  },
  "start.clean": {
    code: "KG-2023",
    severity: "info",
    en: {
      text: "The last end of this server was a cluster shutdown; it joins by itself.",
      cause: "The clean mark of epoch {epoch} was found.",
      remedy: "Nothing to do.",
    },
    ja: {
      text: "前回はクラスタシャットダウンで正常に終了しています。自動的に参加します。",
      cause: "エポック {epoch} の正常終了の記録が見つかりました。",
      remedy: "対処は不要です。",
    },
  },
  "start.first": {
    code: "KG-2026",
    severity: "info",
    en: {
      text: "First start of this server: its state folder is new; it joins by itself.",
      cause: "There is no record of an earlier start.",
      remedy:
        "Nothing to do on a new server. If it has run before, its state folder was lost or replaced: " +
        "find out why.",
    },
    ja: {
      text: "本サーバの初回起動です。状態フォルダは新規です。自動的に参加します。",
      cause: "以前の起動の記録がありません。",
      remedy:
        "新しいサーバであれば対処は不要です。以前に稼働していた場合は、状態フォルダが失われたか" +
        "置き換えられています。原因を調べてください。",
    },
  },
  "start.unclean": {
    code: "KG-2024",
    severity: "warning",
    en: {
      text: "The last end of server {server} was not a cluster shutdown; it stays detached.",
      cause: "Crash, power cut, emergency shutdown, or shutdown of this server alone.",
      remedy: "Check the server, then return it with: kage server return {server}",
    },
    ja: {
      text: "サーバ {server} は前回クラスタシャットダウンで終了していないため、切り離されたままです。",
      cause: "クラッシュ、電源断、緊急シャットダウン、または単独でのシャットダウンが考えられます。",
      remedy: "サーバを確認し、次のコマンドで復帰させてください: kage server return {server}",
    },
  },
  "shutdown.cluster": {
    code: "KG-2030",
    severity: "info",
    en: {
      text: "Cluster shutdown: all groups stop, then all servers.",
      cause: "It was ordered.",
      remedy: "Wait until all servers are off.",
    },
    ja: {
      text: "クラスタシャットダウンを開始します。全グループ、続いて全サーバを停止します。",
      cause: "シャットダウンの操作が行われました。",
      remedy: "全サーバが停止するまでお待ちください。",
    },
  },
  "shutdown.server": {
    code: "KG-2031",
    severity: "info",
    en: {
      text: "This server shuts down.",
      cause: "It was ordered.",
      remedy:
        "Its groups go to the other servers. After its next " +
        "start it is detached until it is returned.",
    },
    ja: {
      text: "本サーバをシャットダウンします。",
      cause: "シャットダウンの操作が行われました。",
      remedy:
        "グループは他のサーバへ移動します。次回の起動後は、復帰させるまで切り離されたままです。",
    },
  },
  "shutdown.clean-mark": {
    code: "KG-2032",
    severity: "info",
    en: {
      text: "All groups are stopped on all servers; the clean mark of epoch {epoch} is written.",
      cause: "Last step of a cluster shutdown.",
      remedy: "Nothing to do. The next start is a normal start.",
    },
    ja: {
      text: "全サーバで全グループが停止し、エポック {epoch} の正常終了を記録しました。",
      cause: "クラスタシャットダウンの最終段階です。",
      remedy: "対処は不要です。次回は通常起動になります。",
    },
  },
  "shutdown.unclean": {
    code: "KG-2033",
    severity: "warning",
    en: {
      text: "Cluster shutdown without a clean mark ({reason}).",
      cause: "A group did not stop, a server was not heard, or the mark could not be written.",
      remedy: "After the next start this server is detached; return it with: kage server return",
    },
    ja: {
      text: "正常終了を記録できないまま、クラスタシャットダウンを行います({reason})。",
      cause: "停止しないグループがあるか、見えないサーバがあるか、記録の書き込みに失敗しました。",
      remedy: "次回の起動後、本サーバは切り離されます。kage server return で復帰させてください。",
    },
  },
} as const satisfies Record<string, EventEntry>;
