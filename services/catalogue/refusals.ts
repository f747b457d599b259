/**
 * Refusals of operators' commands: why an order cannot be carried out now, and what to do instead.
 * Exit codes as the CLI documents them: 1 failed, 3 refused by state, 4 not authorised, 5 unknown.
 * Source: work order 7; R52-R54, R189-R191; D15, D19, D28.
 */
import type { RefusalEntry } from "./entry.ts";

export const refusals = {
  "unknown-group": {
    code: "KG-9001",
    exit: 3,
    en: {
      text: "There is no group {group}.",
      remedy: "The names are in the list of: kage status",
    },
    ja: {
      text: "グループ {group} はありません。",
      remedy: "グループ名は kage status で確認できます。",
    },
  },
  "unknown-server": {
    code: "KG-9002",
    exit: 3,
    en: {
      text: "There is no server {server}.",
      remedy: "The names are in the list of: kage status",
    },
    ja: {
      text: "サーバ {server} はありません。",
      remedy: "サーバ名は kage status で確認できます。",
    },
  },
  "not-member": {
    code: "KG-9003",
    exit: 3,
    en: {
      text: "Server {server} is not a member of the cluster.",
      remedy: "Return it first with: kage server return {server}",
    },
    ja: {
      text: "サーバ {server} はクラスタのメンバーではありません。",
      remedy: "先に次のコマンドで復帰させてください: kage server return {server}",
    },
  },
  "already-running": {
    code: "KG-9004",
    exit: 3,
    en: {
      text: "Group {group} runs already.",
      remedy: "Nothing to do. To run it elsewhere use: kage group move {group}",
    },
    ja: {
      text: "グループ {group} はすでに動作しています。",
      remedy:
        "対処は不要です。別のサーバで動作させるには次のコマン" +
        "ドを使用してください: kage group move {group}",
    },
  },
  "already-stopped": {
    code: "KG-9005",
    exit: 3,
    en: {
      text: "Group {group} is stopped already.",
      remedy: "Nothing to do. To run it use: kage group start {group}",
    },
    ja: {
      text: "グループ {group} はすでに停止しています。",
      remedy:
        "対処は不要です。起動するには次のコマンドを使用してください: kage group start {group}",
    },
  },
  "not-running": {
    code: "KG-9006",
    exit: 3,
    en: {
      text: "Group {group} does not run, so it cannot be moved.",
      remedy: "To run it use: kage group start {group}",
    },
    ja: {
      text: "グループ {group} は動作していないため、移動できません。",
      remedy: "起動するには次のコマンドを使用してください: kage group start {group}",
    },
  },
  "no-other-server": {
    code: "KG-9007",
    exit: 3,
    en: {
      text: "No other server of the policy can take group {group}.",
      remedy: "Return a server of its policy first; see: kage status",
    },
    ja: {
      text: "グループ {group} を受け入れられるサーバがポリシーに他にありません。",
      remedy: "先にポリシーのサーバを復帰させてください。kage status で確認できます。",
    },
  },
  "target-not-in-policy": {
    code: "KG-9008",
    exit: 3,
    en: {
      text: "Server {server} is not in the policy of group {group}.",
      remedy:
        "Choose a server of its policy (see: kage status), or " +
        "extend the policy in the configuration.",
    },
    ja: {
      text: "サーバ {server} はグループ {group} のポリシーに含まれていません。",
      remedy:
        "ポリシーのサーバを指定するか(kage status で確認でき" +
        "ます)、構成情報のポリシーに追加してください。",
    },
  },
  "target-not-member": {
    code: "KG-9009",
    exit: 3,
    en: {
      text: "Server {server} is not a member and cannot run group {group}.",
      remedy: "Return it first with: kage server return {server}",
    },
    ja: {
      text: "サーバ {server} はメンバーではないため、グループ {group} を動作させることができません。",
      remedy: "先に次のコマンドで復帰させてください: kage server return {server}",
    },
  },
  "target-detached": {
    code: "KG-9010",
    exit: 3,
    en: {
      text: "Server {server} is detached and cannot run group {group}.",
      remedy: "Return it first with: kage server return {server}",
    },
    ja: {
      text: "サーバ {server} は切り離されているため、グループ {group} を動作させることができません。",
      remedy: "先に次のコマンドで復帰させてください: kage server return {server}",
    },
  },
  "same-server": {
    code: "KG-9011",
    exit: 3,
    en: {
      text: "Group {group} is on server {server} already.",
      remedy: "Choose another server, or none to take the next of the policy.",
    },
    ja: {
      text: "グループ {group} はすでにサーバ {server} にあります。",
      remedy: "別のサーバを指定するか、指定を省いてポリシーの次のサーバを使用してください。",
    },
  },
  "target-not-heard": {
    code: "KG-9012",
    exit: 3,
    en: {
      text: "Server {server} is not heard.",
      remedy: "Check its power and its LANs; see: kage status",
    },
    ja: {
      text: "サーバ {server} と通信できません。",
      remedy: "電源と LAN を確認してください。kage status で確認できます。",
    },
  },
  "view-changing": {
    code: "KG-9013",
    exit: 3,
    en: {
      text: "The members are just changing.",
      remedy: "Wait a moment and give the order again.",
    },
    ja: {
      text: "メンバー構成を変更している最中です。",
      remedy: "少し待ってから、もう一度指示してください。",
    },
  },
  "only-server": {
    code: "KG-9014",
    exit: 3,
    en: {
      text: "Server {server} is the only member left; without it nothing runs.",
      remedy: "Return another server first, or use: kage cluster shutdown",
    },
    ja: {
      text: "サーバ {server} は最後のメンバーです。外すと何も動作しなくなります。",
      remedy: "先に別のサーバを復帰させるか、次のコマンドを使用してください: kage cluster shutdown",
    },
  },
  "below-majority": {
    code: "KG-9065",
    exit: 3,
    en: {
      text: "Without server {server} the other servers are no majority; the cluster would stop.",
      remedy: "Return another server first, or use: kage cluster shutdown",
    },
    ja: {
      text: "サーバ {server} が外れると残りのサーバは過半数に達せず、クラスタが停止します。",
      remedy: "先に別のサーバを復帰させるか、次のコマンドを使用してください: kage cluster shutdown",
    },
  },
  "group-busy": {
    code: "KG-9015",
    exit: 3,
    en: {
      text: "Group {group} is just starting, stopping or moving.",
      remedy: "Wait until it has finished, then give the order again.",
    },
    ja: {
      text: "グループ {group} は起動、停止、または移動の処理中です。",
      remedy: "処理が完了してから、もう一度指示してください。",
    },
  },
  "group-stopping": {
    code: "KG-9016",
    exit: 3,
    en: {
      text: "Group {group} is stopping.",
      remedy: "Wait until it is stopped, then give the order again.",
    },
    ja: {
      text: "グループ {group} は停止処理中です。",
      remedy: "停止が完了してから、もう一度指示してください。",
    },
  },
  "group-starting": {
    code: "KG-9017",
    exit: 3,
    en: {
      text: "Group {group} is starting.",
      remedy: "Wait until it runs, then give the order again.",
    },
    ja: {
      text: "グループ {group} は起動処理中です。",
      remedy: "起動が完了してから、もう一度指示してください。",
    },
  },
  "not-detached": {
    code: "KG-9018",
    exit: 3,
    en: {
      text: "Server {server} is not detached.",
      remedy: "Only a detached server can be returned; see: kage status",
    },
    ja: {
      text: "サーバ {server} は切り離されていません。",
      remedy: "復帰できるのは切り離されたサーバだけです。kage status で確認できます。",
    },
  },
  "already-detached": {
    code: "KG-9019",
    exit: 3,
    en: {
      text: "Server {server} is detached already.",
      remedy: "Nothing to do. To bring it back use: kage server return {server}",
    },
    ja: {
      text: "サーバ {server} はすでに切り離されています。",
      remedy:
        "対処は不要です。復帰させるには次のコマンドを使用" +
        "してください: kage server return {server}",
    },
  },
  "no-live-member": {
    code: "KG-9020",
    exit: 3,
    en: {
      text: "No live member is heard: there is no cluster to act in.",
      remedy: "Start a server that was shut down in order, or repair the LANs; see: kage status",
    },
    ja: {
      text: "動作中のメンバーが見えないため、クラスタとして操作できません。",
      remedy:
        "正常に終了したサーバを起動するか、LAN を修理してください。kage status で確認できます。",
    },
  },
  "shutting-down": {
    code: "KG-9021",
    exit: 3,
    en: {
      text: "A shutdown is running.",
      remedy: "Wait until it has ended.",
    },
    ja: {
      text: "シャットダウンの処理中です。",
      remedy: "完了するまでお待ちください。",
    },
  },
  "no-lease": {
    code: "KG-9022",
    exit: 3,
    en: {
      text: "This server holds no valid lease now.",
      remedy: "Wait until the other server is heard again or partition resolution has ended.",
    },
    ja: {
      text: "本サーバには現在有効なリースがありません。",
      remedy:
        "相手サーバとの通信が回復するか、ネットワークパーテ" +
        "ィションの解決が終わるまでお待ちください。",
    },
  },
  "pulse-missing": {
    code: "KG-9023",
    exit: 3,
    en: {
      text: "The pulse process of this server does not answer.",
      remedy: "It is being restarted; give the order again in a moment.",
    },
    ja: {
      text: "本サーバのパルスプロセスが応答していません。",
      remedy: "再起動中です。少し待ってから、もう一度指示してください。",
    },
  },
  "config-differs": {
    code: "KG-9024",
    exit: 3,
    en: {
      text: "Server {server} has another configuration.",
      remedy: "Copy the same configuration file to every server, then give the order again.",
    },
    ja: {
      text: "サーバ {server} の構成情報が一致しません。",
      remedy: "すべてのサーバに同じ構成ファイルを配布してから、もう一度指示してください。",
    },
  },
  "group-failed-stop": {
    code: "KG-9025",
    exit: 3,
    en: {
      text: "Group {group} could not be stopped on {server}; nobody else may start it.",
      remedy: "See the group's events. The server must be off before the group starts elsewhere.",
    },
    ja: {
      text: "グループ {group} を {server} で停止できなかったため、他のサーバで起動できません。",
      remedy:
        "グループのイベントを確認してください。他で起動する前" +
        "に、そのサーバの電源が切れている必要があります。",
    },
  },
  "not-authorised": {
    code: "KG-9026",
    exit: 4,
    en: {
      text: "You may not give this order.",
      remedy: "Use an account that may write to the control socket of this server.",
    },
    ja: {
      text: "この操作を行う権限がありません。",
      remedy: "本サーバの制御ソケットに書き込めるアカウントを使用してください。",
    },
  },
  "malformed-request": {
    code: "KG-9027",
    exit: 1,
    en: {
      text: "The request was not understood: {reason}",
      remedy: "Use the kage command of the same version as the agent.",
    },
    ja: {
      text: "要求を解釈できません: {reason}",
      remedy: "エージェントと同じバージョンの kage コマンドを使用してください。",
    },
  },
  "too-many-requests": {
    code: "KG-9028",
    exit: 1,
    en: {
      text: "Too many requests are waiting.",
      remedy: "Wait a moment and try again.",
    },
    ja: {
      text: "処理待ちの要求が多すぎます。",
      remedy: "少し待ってから、もう一度実行してください。",
    },
  },
  "outcome-unknown": {
    code: "KG-9029",
    exit: 5,
    en: {
      text: "Whether the order was carried out is not known: {reason}",
      remedy: "Look at the status before giving it again: kage status",
    },
    ja: {
      text: "指示が実行されたかどうか不明です: {reason}",
      remedy: "再度指示する前に、kage status で状態を確認してください。",
    },
  },
} as const satisfies Record<string, RefusalEntry>;
