/**
 * Events and refusals of a cluster's beginnings and ends: force-return, start-now, forced stop, an
 * operator's word that a server is off, and what is left of an emergency shutdown after the restart.
 * Source: R108, R191, R205, R208, R209; D16, D17, D25, D33; protocol.md 1.7, 1.8, V4, 2.5.
 */
import type { EventEntry, RefusalEntry } from "./entry.ts";

export const lifeEvents = {
  "start.wait-cancelled": {
    code: "KG-2025",
    severity: "info",
    en: {
      text: "The start sync wait was cancelled; this server judges alone from now on.",
      cause: "An operator does not expect the other servers: kage cluster start-now",
      remedy: "Nothing to do. Whether it may start alone is for the resolution method to say.",
    },
    ja: {
      text: "起動同期待ちを取り消しました。以後は本サーバが単独で判断します。",
      cause: "他のサーバを待たない操作が行われました: kage cluster start-now",
      remedy: "対処は不要です。単独で起動できるかどうかは、解決方式に従って判断します。",
    },
  },
  "force-return.ordered": {
    code: "KG-2040",
    severity: "warning",
    en: {
      text:
        "Force-return: this server becomes the base of the cluster's information (its newest " +
        "epoch {own}, the newest of any other server that it knows of {theirs}; {heard}).",
      cause: "All servers are down or detached, and an operator chose this one.",
      remedy:
        "Return the other servers with: kage server return SERVER, then start the groups with: " +
        "kage group start GROUP. Nothing starts by itself.",
    },
    ja: {
      text:
        "強制復帰: 本サーバをクラスタ情報の基準とします(本サーバの最新エポック {own}、" +
        "他のサーバの既知の最新エポック {theirs}、{heard})。",
      cause: "全サーバが停止または切り離し中のため、本サーバが基準に選ばれました。",
      remedy:
        "他のサーバを kage server return SERVER で復帰させ、kage group start GROUP で" +
        "グループを起動してください。自動では起動しません。",
    },
  },
  "force-return.confirmed": {
    code: "KG-2041",
    severity: "info",
    en: {
      text: "Groups may be started on the force-returned server (method {method}): {evidence}",
      cause: "The resolution method rules out that another server runs them.",
      remedy: "Start them with: kage group start GROUP",
    },
    ja: {
      text: "強制復帰したサーバでグループを起動できます(方式 {method}): {evidence}",
      cause: "他のサーバでグループが動作していないことを、解決方式により確認しました。",
      remedy: "次のコマンドで起動してください: kage group start GROUP",
    },
  },
  "force-return.waiting": {
    code: "KG-2042",
    severity: "error",
    en: {
      text: "No group may start on the force-returned server yet ({reason}): {evidence}",
      cause: "The method could not exclude that another server runs the groups.",
      remedy:
        "Repair what the reason names, or start the other servers and return them. Of two servers you " +
        "may also make sure that the other one is off and say so with: " +
        "kage server force-stop SERVER --confirm-off",
    },
    ja: {
      text: "強制復帰したサーバではまだグループを起動できません({reason}): {evidence}",
      cause: "他のサーバがグループを動作させている可能性を否定できません。",
      remedy:
        "理由の箇所を修理するか、他のサーバを起動して復帰させてください。2 台構成では電源が切れて" +
        "いることを確かめて宣言することもできます: kage server force-stop SERVER --confirm-off",
    },
  },
  "force-return.minority": {
    code: "KG-2046",
    severity: "error",
    en: {
      text: "No group may start yet: {members} force-returned of {needed} needed servers.",
      cause: "More than half of the configured servers decide, and so many are not yet back.",
      remedy: "Return further servers with: kage server return SERVER",
    },
    ja: {
      text: "まだグループを起動できません。復帰済み {members} 台、必要 {needed} 台。",
      cause: "設定したサーバの過半数が必要ですが、まだ復帰していません。",
      remedy: "他のサーバを復帰させてください: kage server return SERVER",
    },
  },
  "majority.edge": {
    code: "KG-2047",
    severity: "warning",
    en: {
      text:
        "{members} of {counted} servers are members and {needed} are needed: one more loss stops " +
        "the cluster.",
      cause: "Servers failed, or were detached or shut down in order.",
      remedy: "Repair the servers that are missing and return them: kage server return SERVER",
    },
    ja: {
      text:
        "{counted} 台のうち {members} 台がメンバーで、{needed} 台が必要です。あと 1 台停止すると" +
        "クラスタが停止します。",
      cause: "サーバの故障、または計画的な切り離しやシャットダウンによるものです。",
      remedy: "欠けているサーバを修理し、復帰させてください: kage server return SERVER",
    },
  },
  "server.confirmed-off": {
    code: "KG-2043",
    severity: "warning",
    en: {
      text: "An operator states that server {server} is off.",
      cause: "Nothing of it is heard. The statement is void as soon as anything is heard again.",
      remedy: "Keep it off until it is repaired. It comes up detached.",
    },
    ja: {
      text: "サーバ {server} の電源が切れていることを、オペレータが確認しました。",
      cause: "相手からは何も受信していません。何か受信した時点でこの確認は無効になります。",
      remedy: "修理が済むまで電源を入れないでください。起動後は切り離された状態になります。",
    },
  },
  "server.fenced": {
    code: "KG-2044",
    severity: "warning",
    en: {
      text: "The fence command has switched server {server} off.",
      cause: "A forced stop was ordered and the server did not obey.",
      remedy: "Check the server before it is started again. It comes up detached.",
    },
    ja: {
      text: "フェンスコマンドによりサーバ {server} の電源を切りました。",
      cause: "強制停止が指示されましたが、サーバが従いませんでした。",
      remedy: "再起動する前にサーバを確認してください。切り離された状態で起動します。",
    },
  },
  "server.fence-failed": {
    code: "KG-2045",
    severity: "critical",
    en: {
      text: "The fence command did not switch server {server} off: {error}",
      cause: "The management board does not answer, or the command is wrong.",
      remedy:
        "Press the server's power or dump switch, make sure that it is off, then say so with: " +
        "kage server force-stop {server} --confirm-off",
    },
    ja: {
      text: "フェンスコマンドでサーバ {server} の電源を切れませんでした: {error}",
      cause: "管理ボードが応答しないか、コマンドに誤りがあります。",
      remedy:
        "サーバの電源スイッチまたはダンプスイッチを押し、電源が切れたことを確かめて" +
        "次のコマンドで宣言してください: kage server force-stop {server} --confirm-off",
    },
  },
  "emergency.recorded": {
    code: "KG-3035",
    severity: "error",
    en: {
      text:
        "This server ended itself by an emergency shutdown at {at} ({reason}, method {method}, " +
        "epoch {epoch}): {evidence}",
      cause: "Going on could have damaged data: {reason}.",
      remedy:
        "Remove the cause, check the server, then return it. When all servers ended: choose the " +
        "one whose data is right and force-return it: kage server force-return SERVER",
    },
    ja: {
      text:
        "本サーバは {at} に緊急シャットダウンで終了しました({reason}、方式 {method}、" +
        "エポック {epoch}): {evidence}",
      cause: "継続するとデータを破壊するおそれがありました: {reason}。",
      remedy:
        "原因を取り除き、サーバを確認してから復帰させてください。全サーバが終了した場合は、" +
        "データの正しいサーバを選んで強制復帰してください: kage server force-return SERVER",
    },
  },
} as const satisfies Record<string, EventEntry>;

export const lifeRefusals = {
  "all-down": {
    code: "KG-9030",
    exit: 3,
    en: {
      text: "No live member is heard, so there is no cluster into which {server} could return.",
      remedy:
        "If all servers are down or detached, choose the one whose information is right as the " +
        "base: kage server force-return SERVER; then return the others. Otherwise repair the LANs.",
    },
    ja: {
      text: "動作中のメンバーが見えないため、{server} を復帰させるクラスタがありません。",
      remedy:
        "全サーバが停止または切り離し中の場合は、情報の正しいサーバを基準に選び、" +
        "kage server force-return SERVER を実行してから他を復帰させてください。" +
        "そうでない場合は LAN を修理してください。",
    },
  },
  "live-member-heard": {
    code: "KG-9031",
    exit: 3,
    en: {
      text: "A live server is heard: a force-return of {server} would begin a second cluster.",
      remedy:
        "Return {server} into the living cluster with: kage server return {server}. If the live one " +
        "stays at starting, switch it off first, force-return {server}, and then start the other.",
    },
    ja: {
      text: "動作中のサーバが見えます。{server} を強制復帰すると二つ目のクラスタになります。",
      remedy:
        "動作中のクラスタへ復帰させてください: kage server return {server}。相手が「起動中」のままの場合は、" +
        "先に相手の電源を切り、{server} を強制復帰してから相手を起動してください。",
    },
  },
  "later-epoch": {
    code: "KG-9032",
    exit: 3,
    en: {
      text: "Another server was in the cluster later than {server}; its information is newer.",
      remedy:
        "Force-return that server instead. If its data is lost or wrong, accept the loss: kage " +
        "server force-return {server} --accept-loss",
    },
    ja: {
      text: "{server} より後までクラスタに参加していたサーバがあり、そちらの情報が新しいです。",
      remedy:
        "そのサーバを強制復帰してください。そのデータが失われたか誤っている場合は、損失を" +
        "承知の上で実行してください: kage server force-return {server} --accept-loss",
    },
  },
  "still-heard": {
    code: "KG-9033",
    exit: 3,
    en: {
      text: "Server {server} is heard: it is not off.",
      remedy:
        "Switch it off at its power or dump switch, wait a heartbeat timeout, then try again.",
    },
    ja: {
      text: "サーバ {server} から受信しています。電源は切れていません。",
      remedy:
        "電源スイッチまたはダンプスイッチで電源を切り、ハートビートタイムアウトの時間だけ" +
        "待ってから、もう一度実行してください。",
    },
  },
  provisional: {
    code: "KG-9034",
    exit: 3,
    en: {
      text:
        "Group {group} may not start yet: after the force-return the method cannot rule out that " +
        "another server runs it.",
      remedy:
        "See the reason in: kage status. Return the other servers; of two you may also make sure that " +
        "the other one is off and say so with: kage server force-stop SERVER --confirm-off",
    },
    ja: {
      text:
        "グループ {group} はまだ起動できません。強制復帰の後、他のサーバで動作していないことを" +
        "確認できていません。",
      remedy:
        "理由は kage status で確認できます。他のサーバを復帰させてください。2 台構成では電源が切れて" +
        "いることを確かめて宣言することもできます: kage server force-stop SERVER --confirm-off",
    },
  },
  "majority-counts": {
    code: "KG-9066",
    exit: 3,
    en: {
      text:
        "With method majority the servers are counted; a statement that {server} is off stands for " +
        "no server.",
      remedy:
        "Nothing waits for it: a majority goes on by itself. Where there is none, return further " +
        "servers with: kage server return SERVER",
    },
    ja: {
      text: "多数決方式ではサーバの台数を数えます。{server} の電源断の宣言は台数に影響しません。",
      remedy:
        "宣言は不要です。過半数があれば自動で継続します。過半数がない場合は、他のサーバを" +
        "復帰させてください: kage server return SERVER",
    },
  },
  "no-majority-yet": {
    code: "KG-9067",
    exit: 3,
    en: {
      text: "Group {group} may not start yet: the force-returned servers are no majority.",
      remedy:
        "Return further servers with: kage server return SERVER, until more than half of all " +
        "configured servers are members.",
    },
    ja: {
      text: "グループ {group} はまだ起動できません。強制復帰したサーバは過半数に達していません。",
      remedy:
        "設定した全サーバの過半数がメンバーになるまで、他のサーバを復帰させてください: " +
        "kage server return SERVER",
    },
  },
  "not-waiting": {
    code: "KG-9035",
    exit: 3,
    en: {
      text: "This server is not waiting for the others to start.",
      remedy: "Nothing to cancel; see: kage status",
    },
    ja: {
      text: "本サーバは他のサーバの起動を待っていません。",
      remedy: "取り消すものはありません。kage status で確認できます。",
    },
  },
  "other-release": {
    code: "KG-9039",
    exit: 3,
    en: {
      text: "The other server runs another release, and the two do not understand each other here.",
      remedy:
        "See the releases in: kage status -o json. Give the order on that server, or bring both to one release.",
    },
    ja: {
      text: "相手サーバは異なるリリースで動作しており、この指示または応答を互いに解釈できません。",
      remedy:
        "リリースは kage status -o json で確認できます。そのサーバ上で指示するか、両サーバを同じリリースにしてください。",
    },
  },
  "no-fence": {
    code: "KG-9036",
    exit: 3,
    en: {
      text: "Server {server} does not obey, and no fence command is configured here.",
      remedy:
        "Press its power or dump switch, then say so with: kage server force-stop {server} " +
        '--confirm-off; or configure "fence" in local.json.',
    },
    ja: {
      text: "サーバ {server} が従わず、ここにはフェンスコマンドが設定されていません。",
      remedy:
        "電源スイッチまたはダンプスイッチを押してから宣言してください: kage server force-stop " +
        '{server} --confirm-off。または local.json に "fence" を設定してください。',
    },
  },
  "fence-failed": {
    code: "KG-9037",
    exit: 1,
    en: {
      text: "The fence command did not switch server {server} off: {reason}",
      remedy:
        "Press its power or dump switch, then say so with: kage server force-stop {server} " +
        "--confirm-off",
    },
    ja: {
      text: "フェンスコマンドでサーバ {server} の電源を切れませんでした: {reason}",
      remedy:
        "電源スイッチまたはダンプスイッチを押してから宣言してください: kage server force-stop " +
        "{server} --confirm-off",
    },
  },
} as const satisfies Record<string, RefusalEntry>;
