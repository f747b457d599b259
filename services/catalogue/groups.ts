/**
 * Events about groups and their resources.
 * One entry per key: stable code, severity, and text, cause and remedy in both languages.
 * Source: R44-R56, R112-R115, R140-R145, R189; D20-D22, D28; guide 1.2.3, 2.2.3.
 */
import type { EventEntry } from "./entry.ts";

export const groupsEvents = {
  "failover.started": {
    code: "KG-4001",
    severity: "warning",
    en: {
      text: "Failover of group {group} from {from} to {to} has begun.",
      cause: "The server that ran the group is judged down, or the group failed there.",
      remedy: "Nothing to do; the end is reported with its times.",
    },
    ja: {
      text: "グループ {group} のフェイルオーバを開始しました({from} から {to})。",
      cause: "グループを動作させていたサーバが停止したか、そこでグループに異常が発生しました。",
      remedy: "対処は不要です。完了時に所要時間を通知します。",
    },
  },
  "failover.completed": {
    code: "KG-4002",
    severity: "warning",
    en: {
      text:
        "Failover of group {group} to {to} is complete: detection {t1Ms} ms, " +
        "resolution {t2Ms} ms, activation {t3Ms} ms, start {t4Ms} ms.",
      cause: "The group runs on another server. Work that was in memory started anew.",
      remedy:
        "Repair the failed server. The group does not go back " +
        "by itself; use: kage group move {group}",
    },
    ja: {
      text:
        "グループ {group} のフェイルオーバが完了しました({to})。検出 " +
        "{t1Ms} ms、解決 {t2Ms} ms、活性化 {t3Ms} ms、開始 {t4Ms} ms。",
      cause: "グループは別のサーバで動作しています。メモリ上の処理は最初からやり直しになります。",
      remedy:
        "障害のあったサーバを修理してください。自動では戻らないので、" +
        "次のコマンドを使用してください: kage group move {group}",
    },
  },
  "group.starting": {
    code: "KG-4010",
    severity: "info",
    en: {
      text: "Group {group} is starting on {server}.",
      cause: "Start of the cluster, failover or an order.",
      remedy: "Nothing to do.",
    },
    ja: {
      text: "グループ {group} を {server} で起動しています。",
      cause: "クラスタの起動、フェイルオーバ、または操作によるものです。",
      remedy: "対処は不要です。",
    },
  },
  "group.running": {
    code: "KG-4011",
    severity: "info",
    en: {
      text: "Group {group} runs on {server}.",
      cause: "All its resources are active.",
      remedy: "Nothing to do.",
    },
    ja: {
      text: "グループ {group} は {server} で動作しています。",
      cause: "すべてのリソースが活性化しました。",
      remedy: "対処は不要です。",
    },
  },
  "group.stopping": {
    code: "KG-4012",
    severity: "info",
    en: {
      text: "Group {group} is stopping on {server}.",
      cause: "A move, a shutdown, a failure or an order.",
      remedy: "Nothing to do.",
    },
    ja: {
      text: "グループ {group} を {server} で停止しています。",
      cause: "移動、シャットダウン、異常、または操作によるものです。",
      remedy: "対処は不要です。",
    },
  },
  "group.stopped": {
    code: "KG-4013",
    severity: "info",
    en: {
      text: "Group {group} is stopped on {server}.",
      cause: "All its resources are inactive.",
      remedy: "Nothing to do.",
    },
    ja: {
      text: "グループ {group} は {server} で停止しました。",
      cause: "すべてのリソースが非活性になりました。",
      remedy: "対処は不要です。",
    },
  },
  "group.failed": {
    code: "KG-4014",
    severity: "error",
    en: {
      text: "Group {group} has failed on {server}: {reason}",
      cause: "A resource could not be started, or it ended more often than allowed.",
      remedy:
        "See the resource's events and logs. The group goes to the " +
        "next server of its policy if there is one.",
    },
    ja: {
      text: "グループ {group} が {server} で異常になりました: {reason}",
      cause: "リソースを起動できないか、許容回数を超えて終了しました。",
      remedy:
        "リソースのイベントとログを確認してください。ポリ" +
        "シーに次のサーバがあれば、そこへ移ります。",
    },
  },
  "group.no-server": {
    code: "KG-4015",
    severity: "error",
    en: {
      text: "No server of its policy can run group {group}; it stays stopped.",
      cause: "All servers of the policy are down, detached, or have failed to run it.",
      remedy: "Return a server of the policy, or extend the policy; then: kage group start {group}",
    },
    ja: {
      text: "グループ {group} を動作させることができるサーバがポリシーにないため、停止したままです。",
      cause: "ポリシーのサーバがすべて停止しているか、切り離されているか、起動に失敗しました。",
      remedy:
        "ポリシーのサーバを復帰させるか、ポリシーにサーバを追加してから、" +
        "次のコマンドを使用してください: kage group start {group}",
    },
  },
  "group.degraded": {
    code: "KG-4019",
    severity: "warning",
    en: {
      text: "Parallel group {group} does not run on {from}: it has less capacity.",
      cause: "The server is down or detached, or the group has failed there.",
      remedy:
        "Return the server: its instance starts by itself. After a failure: kage group start {group}",
    },
    ja: {
      text: "パラレルグループ {group} は {from} で動作していないため、処理能力が低下しています。",
      cause: "サーバが停止しているか、切り離されているか、そこでグループに異常が発生しました。",
      remedy:
        "サーバを復帰させると自動的に起動します。異常の場合は" +
        "次のコマンドを使用してください: kage group start {group}",
    },
  },
  "group.moved": {
    code: "KG-4016",
    severity: "info",
    en: {
      text: "Group {group} was moved from {from} to {to} in {tookMs} ms.",
      cause: "The move was ordered.",
      remedy: "Nothing to do.",
    },
    ja: {
      text: "グループ {group} を {from} から {to} へ移動しました({tookMs} ミリ秒)。",
      cause: "移動の操作が行われました。",
      remedy: "対処は不要です。",
    },
  },
  "group.order-refused": {
    code: "KG-4017",
    severity: "warning",
    en: {
      text: "An order for group {group} was not carried out: {reason}",
      cause: "The order belonged to another epoch, or the state of the group changed meanwhile.",
      remedy: "Look at the status and give the order again if it is still wanted.",
    },
    ja: {
      text: "グループ {group} への指示は実行されませんでした: {reason}",
      cause: "指示が別のエポックのものか、その間にグループの状態が変わりました。",
      remedy: "状態を確認し、必要であればもう一度指示してください。",
    },
  },
  "group.stop-failed": {
    code: "KG-4018",
    severity: "critical",
    en: {
      text: "Group {group} cannot be stopped on {server}: {reason}",
      cause:
        "A resource does not end, so the group must not start elsewhere while this server runs.",
      remedy: "The server performs emergency shutdown so that the group can start elsewhere.",
    },
    ja: {
      text: "グループ {group} を {server} で停止できません: {reason}",
      cause: "終了しないリソースがあるため、本サーバが動作している間は他のサーバで起動できません。",
      remedy: "他のサーバで起動できるように、本サーバは緊急シャットダウンします。",
    },
  },
  "resource.failed": {
    code: "KG-4020",
    severity: "error",
    en: {
      text: "Resource {resource} of group {group} has failed: {reason}",
      cause: "It could not be activated or deactivated.",
      remedy: "Correct what the reason says; then start the group again.",
    },
    ja: {
      text: "グループ {group} のリソース {resource} に異常が発生しました: {reason}",
      cause: "活性化または非活性化に失敗しました。",
      remedy: "理由に示された問題を取り除き、グループを起動し直してください。",
    },
  },
  "program.exited": {
    code: "KG-4030",
    severity: "warning",
    en: {
      text: "Program {resource} of group {group} has ended ({status}).",
      cause: "The monitored program ended without an order.",
      remedy: "See the program's own log.",
    },
    ja: {
      text: "グループ {group} のプログラム {resource} が終了しました({status})。",
      cause: "監視中のプログラムが、指示なしに終了しました。",
      remedy: "プログラム自身のログを確認してください。",
    },
  },
  "program.restarted": {
    code: "KG-4031",
    severity: "warning",
    en: {
      text: "Program {resource} of group {group} was restarted ({count} of {max}).",
      cause: "It had ended without an order.",
      remedy: "Find out why it ends. When the restarts are used up the group fails over.",
    },
    ja: {
      text: "グループ {group} のプログラム {resource} を再起動しました({count}/{max} 回)。",
      cause: "プログラムが指示なしに終了していました。",
      remedy: "終了の原因を調べてください。再起動回数を使い切るとグループはフェイルオーバします。",
    },
  },
  "program.restarts-exhausted": {
    code: "KG-4032",
    severity: "error",
    en: {
      text: "Program {resource} of group {group} ended again after {max} restarts.",
      cause: "It ended more often within its window than the configuration allows.",
      remedy: "The group fails over. Find out why the program ends on this server.",
    },
    ja: {
      text: "グループ {group} のプログラム {resource} が {max} 回の再起動後に再び終了しました。",
      cause: "設定された時間内の許容回数を超えて終了しました。",
      remedy:
        "グループはフェイルオーバします。このサーバでプログラムが終了する原因を調べてください。",
    },
  },
  "address.foreign-claim": {
    code: "KG-4040",
    severity: "warning",
    en: {
      text: "Another station claims floating address {address}.",
      cause: "A second owner, a wrongly configured machine, or the late word of the former owner.",
      remedy:
        "If it goes on, find the station by its hardware address and remove the address there.",
    },
    ja: {
      text: "フローティング IP {address} を別の機器が使用しようとしています。",
      cause: "二重所有、設定を誤った機器、または以前の所有サーバの遅れた通知が考えられます。",
      remedy: "続く場合は、ハードウェアアドレスから機器を特定し、アドレスを削除してください。",
    },
  },
  "address.reannounced": {
    code: "KG-4041",
    severity: "info",
    en: {
      text: "Floating address {address} was announced again.",
      cause: "Another station had claimed it while this server holds a valid lease.",
      remedy: "Nothing to do unless it repeats.",
    },
    ja: {
      text: "フローティング IP {address} を再度通知しました。",
      cause: "本サーバのリースが有効な間に、別の機器がアドレスを主張しました。",
      remedy: "繰り返さなければ対処は不要です。",
    },
  },
  "address.in-use": {
    code: "KG-4042",
    severity: "error",
    en: {
      text: "Floating address {address} is in use by another station.",
      cause: "A machine outside the cluster answers for it.",
      remedy: "Free the address or choose another one; then start the group again.",
    },
    ja: {
      text: "フローティング IP {address} は別の機器が使用中です。",
      cause: "クラスタ外の機器がこのアドレスに応答しています。",
      remedy: "アドレスを解放するか別のアドレスを選び、グループを起動し直してください。",
    },
  },
  adopted: {
    code: "KG-4050",
    severity: "info",
    en: {
      text: "Running group {group} was adopted.",
      cause: "The agent was restarted; the group's programs and addresses kept running.",
      remedy: "Nothing to do.",
    },
    ja: {
      text: "動作中のグループ {group} を引き継いで管理します。",
      cause: "エージェントが再起動しましたが、グループのプログラムとアドレスは動作を続けています。",
      remedy: "対処は不要です。",
    },
  },
} as const satisfies Record<string, EventEntry>;
