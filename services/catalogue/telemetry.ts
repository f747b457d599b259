/**
 * What the telemetry process says: events about commands that come over MQTT, refusals of such commands,
 * and sentences without a code (plans, stages, the headline of the picture), in both languages.
 * Source: ecosystem.md 1.3, 1.4; R16; work order 3 item 6.
 */
import type { EventEntry, Language, RefusalEntry } from "./entry.ts";
import { outsideEvents, outsideRefusals } from "./outside.ts";

export const telemetryEvents = {
  "command.retained": {
    code: "KG-6010",
    severity: "warning",
    en: {
      text: "A retained command on {topic} was dropped ({count} so far).",
      cause: "A program stores its commands in the broker; they would act again at every restart.",
      remedy: "Publish commands without the retain flag and remove the stored one.",
    },
    ja: {
      text: "{topic} の保持(retain)されたコマンドを破棄しました(累計 {count} 件)。",
      cause:
        "あるプログラムがコマンドをブローカーに保持しています。再起動のたびに実行されてしまいます。",
      remedy: "コマンドは retain なしで送信し、保持されているものを削除してください。",
    },
  },
  "command.malformed": {
    code: "KG-6011",
    severity: "warning",
    en: {
      text: "A command on {topic} was not understood and dropped ({count} so far): {detail}",
      cause: "A program sends what is no command of this release.",
      remedy: "Find the sender with the audit topic and correct it.",
    },
    ja: {
      text: "{topic} のコマンドを解釈できないため破棄しました(累計 {count} 件): {detail}",
      cause: "あるプログラムが本リリースのコマンドではないものを送信しています。",
      remedy: "audit トピックで送信元を確認し、修正してください。",
    },
  },
  ...outsideEvents,
} as const satisfies Record<string, EventEntry>;

export const telemetryRefusals = {
  ...outsideRefusals,
  "command-malformed": {
    code: "KG-9101",
    exit: 1,
    en: {
      text: "The command was not understood: {detail}",
      remedy:
        "Send the fields of the message reference: commandId, ts, ttlS and those of the action.",
    },
    ja: {
      text: "コマンドを解釈できません: {detail}",
      remedy: "メッセージ仕様の項目(commandId、ts、ttlS と操作ごとの項目)を送信してください。",
    },
  },
  "command-expired": {
    code: "KG-9103",
    exit: 3,
    en: {
      text: "The command came too late: its time of {ttl} s had passed.",
      remedy: "Look at the present state, then give the order again.",
    },
    ja: {
      text: "コマンドの到着が遅すぎます。有効時間 {ttl} 秒を過ぎています。",
      remedy: "現在の状態を確認してから、もう一度指示してください。",
    },
  },
  "command-early": {
    code: "KG-9104",
    exit: 3,
    en: {
      text: "The command bears a time that is {ahead} s ahead of this server's clock.",
      remedy: "Set the clocks of the sender and of the servers by the same time source.",
    },
    ja: {
      text: "コマンドの時刻が本サーバの時計より {ahead} 秒進んでいます。",
      remedy: "送信側とサーバの時計を同じ時刻源に合わせてください。",
    },
  },
  "command-before-start": {
    code: "KG-9105",
    exit: 5,
    en: {
      text: "The command is older than the memory of this process; it may have been carried out.",
      remedy: "Look at the present state, then give the order again if it is still needed.",
    },
    ja: {
      text: "コマンドは本プロセスの起動より前のものです。すでに実行された可能性があります。",
      remedy: "現在の状態を確認し、必要であればもう一度指示してください。",
    },
  },
  "command-reused": {
    code: "KG-9106",
    exit: 3,
    en: {
      text: "The command id {id} was used for another command.",
      remedy: "Give every command a new random id.",
    },
    ja: {
      text: "コマンド ID {id} は別のコマンドですでに使用されています。",
      remedy: "コマンドごとに新しいランダムな ID を付けてください。",
    },
  },
  "expectation-failed": {
    code: "KG-9107",
    exit: 3,
    en: {
      text: "The state is not the one expected: {what} is {actual}, expected {expected}.",
      remedy: "Look at the present state, then decide again.",
    },
    ja: {
      text: "状態が想定と異なります: {what} は {actual}(想定 {expected})。",
      remedy: "現在の状態を確認してから、もう一度判断してください。",
    },
  },
  "confirm-missing": {
    code: "KG-9108",
    exit: 3,
    en: {
      text: "This order needs a confirmation.",
      remedy: "Send the name of the target, {name}, in the field confirm.",
    },
    ja: {
      text: "この操作には確認が必要です。",
      remedy: "項目 confirm に対象の名前 {name} を入れて送信してください。",
    },
  },
  "wrong-role": {
    code: "KG-9109",
    exit: 4,
    en: {
      text: "This command is not taken under the role {role}.",
      remedy: "Publish it under cmd/{needed} with an account of that role.",
    },
    ja: {
      text: "このコマンドはロール {role} では受け付けません。",
      remedy: "そのロールのアカウントで cmd/{needed} に送信してください。",
    },
  },
  "unknown-command": {
    code: "KG-9110",
    exit: 1,
    en: {
      text: "There is no such command.",
      remedy: "See the message reference for the commands of this release.",
    },
    ja: {
      text: "そのようなコマンドはありません。",
      remedy: "本リリースのコマンドはメッセージ仕様で確認してください。",
    },
  },
  "no-quorum": {
    code: "KG-9111",
    exit: 3,
    en: {
      text: "No server leads the cluster now (NO_QUORUM).",
      remedy: "Wait until the members have agreed, or return a server first.",
    },
    ja: {
      text: "現在クラスタを主導するサーバがありません(NO_QUORUM)。",
      remedy: "メンバーの合意が成立するまで待つか、先にサーバを復帰させてください。",
    },
  },
  "start-which": {
    code: "KG-9117",
    exit: 3,
    en: {
      text: "Several servers are reached over this broker; one of them has to be named.",
      remedy: "Send it to cmd/admin/node/<server>/start-now of the server that shall begin alone.",
    },
    ja: {
      text: "このブローカーには複数のサーバが接続しているため、対象の指定が必要です。",
      remedy: "単独で起動するサーバの cmd/admin/node/<サーバ>/start-now に送信してください。",
    },
  },
  "order-underway": {
    code: "KG-9118",
    exit: 3,
    en: {
      text: "Another order for {name} was taken meanwhile and is being carried out.",
      remedy: "Wait for its end, look at the new state, then give the order again if still needed.",
    },
    ja: {
      text: "{name} への別の指示がすでに受け付けられ、実行中です。",
      remedy: "完了を待って新しい状態を確認し、必要であれば再度指示してください。",
    },
  },
  "agent-silent": {
    code: "KG-9112",
    exit: 3,
    en: {
      text: "The agent of {server} does not answer.",
      remedy: "It is being restarted; give the order again in a moment.",
    },
    ja: {
      text: "{server} のエージェントが応答していません。",
      remedy: "再起動中です。少し待ってから、もう一度指示してください。",
    },
  },
  "commands-busy": {
    code: "KG-9114",
    exit: 1,
    en: {
      text: "Too many commands came within ten minutes.",
      remedy: "Wait, then give the order again; or use the kage command on a server.",
    },
    ja: {
      text: "10 分間に受け付けられるコマンド数を超えました。",
      remedy: "しばらく待ってからもう一度指示するか、サーバで kage コマンドを使用してください。",
    },
  },
  "goal-failed": {
    code: "KG-9115",
    exit: 1,
    en: {
      text: "The order was begun, but did not succeed: {now}",
      remedy: "See the latest events for the reason.",
    },
    ja: {
      text: "指示を開始しましたが、成功しませんでした: {now}",
      remedy: "最新のイベントで理由を確認してください。",
    },
  },
  "goal-late": {
    code: "KG-9116",
    exit: 5,
    en: {
      text: "The order has not been carried out within {seconds} s; it stands: {now}",
      remedy: "Watch the state. The order is not withdrawn.",
    },
    ja: {
      text: "指示は {seconds} 秒以内に完了していません。指示は有効なままです: {now}",
      remedy: "状態を確認してください。指示は取り消されていません。",
    },
  },
} as const satisfies Record<string, RefusalEntry>;

export const telemetryPhrases = {
  accepted: { en: "Order accepted.", ja: "指示を受け付けました。" },
  "accepted-last": {
    en: "Order accepted. {server} answers here and goes down with it: if nothing follows, it has gone.",
    ja: "指示を受け付けました。応答元の {server} も停止するため、以後の応答がなければ停止済みです。",
  },
  running: { en: "The order is being carried out.", ja: "指示を実行中です。" },
  done: { en: "Done: {now}", ja: "完了しました: {now}" },
  "dry-run": { en: "Nothing was done; this is the plan.", ja: "何も実行していません。計画です。" },
  pong: { en: "{server} is there.", ja: "{server} が応答しました。" },
  "plan-stop": {
    en: "Stop {group} on {server}; its clients are cut.",
    ja: "{server} で {group} を停止します。クライアントの接続は切れます。",
  },
  "plan-start": { en: "Start {group} on {server}.", ja: "{server} で {group} を起動します。" },
  "plan-strand": {
    en: "{group} stays stopped: no other member is in its policy.",
    ja: "{group} は停止したままです。ポリシーに他のメンバーがありません。",
  },
  "plan-detach": {
    en: "{server} leaves the cluster and stays on, detached.",
    ja: "{server} はクラスタから切り離され、電源は入ったままになります。",
  },
  "plan-return": {
    en: "{server} joins the cluster again.",
    ja: "{server} をクラスタに復帰させます。",
  },
  "plan-shutdown": { en: "{server} is shut down.", ja: "{server} をシャットダウンします。" },
  "plan-base": {
    en: "The cluster begins anew with what {server} knows; all groups stay stopped until you start them.",
    ja: "{server} の情報を基準にクラスタを再開します。グループは起動を指示するまで停止したままです。",
  },
  "plan-start-now": {
    en: "{server} no longer waits for the others and decides alone whether it may start.",
    ja: "{server} は他のサーバを待たず、単独で起動の可否を判断します。",
  },
  "plan-last-word": {
    en: "{server} answers here and goes down with it; watch the end on another server.",
    ja: "応答元の {server} も停止します。結果は他のサーバで確認してください。",
  },
  "plan-nothing": { en: "Nothing to do: {now}", ja: "対処は不要です: {now}" },
  "group-on": { en: "{group} is {state} on {server}", ja: "{group} は {server} で {state}" },
  "group-is": { en: "{group} is {state}", ja: "{group} は {state}" },
  "server-is": { en: "{server} is {state}", ja: "{server} は {state}" },
  "server-is-base": {
    en: "the cluster has begun anew with {server}; start the groups when they may run",
    ja: "{server} を基準にクラスタを再開しました。グループは起動できる時点で起動してください",
  },
  "last-word": {
    en: "{server} has no group left and goes off now; it answered here, so this is its last word",
    ja: "{server} のグループはなくなり、電源を切ります。応答元のため、これが最後の応答です",
  },
  "last-word-of-all": {
    en: "no group runs any more and the servers go off now; {server} answered here, so this is its last word",
    ja: "すべてのグループが停止し、サーバの電源を切ります。応答元の {server} も停止するため、これが最後の応答です",
  },
  "survives-none": {
    en: "Runs, but without redundancy: the next failure of a server stops the business.",
    ja: "動作中ですが冗長性がありません。次にサーバ障害が起きると業務が停止します。",
  },
  "survives-some": {
    en: "All is well: {count} further server failure can be survived.",
    ja: "正常です。あと {count} 台のサーバ障害に耐えられます。",
  },
  "survives-many": {
    en: "All is well: {count} further server failures can be survived.",
    ja: "正常です。あと {count} 台のサーバ障害に耐えられます。",
  },
  "survives-many-degraded": {
    en: "Runs with warnings: {count} further server failures can be survived.",
    ja: "警告がありますが動作中です。あと {count} 台のサーバ障害に耐えられます。",
  },
  "survives-degraded": {
    en: "Runs with warnings: {count} further server failure can be survived.",
    ja: "警告がありますが動作中です。あと {count} 台のサーバ障害に耐えられます。",
  },
  "group-down": {
    en: "A group is down: {groups}. Look at the events now.",
    ja: "停止しているグループがあります: {groups}。イベントを確認してください。",
  },
  "no-view": {
    en: "This server is not a member of a running cluster.",
    ja: "本サーバは稼働中のクラスタのメンバーではありません。",
  },
} as const satisfies Record<string, Readonly<Record<Language, string>>>;
