/**
 * Events and refusals about the scripts of groups and the programs they load.
 * One entry per key: stable code, severity, and text, cause and remedy in both languages.
 * Source: guide 2.2.4, 3.2.3; R118, R146-R166; D20-D22.
 */
import type { EventEntry, RefusalEntry } from "./entry.ts";

export const scriptsEvents = {
  "script.ended": {
    code: "KG-4060",
    severity: "info",
    en: {
      text: "The {run} script of {group}/{resource} has ended well after {tookMs} ms (event {event}).",
      cause: "It ended with status 0.",
      remedy: "Nothing to do.",
    },
    ja: {
      text: "{group}/{resource} の {run} スクリプトが {tookMs} ms で正常終了しました(イベント {event})。",
      cause: "終了ステータスは 0 です。",
      remedy: "対処は不要です。",
    },
  },
  "script.failed": {
    code: "KG-4061",
    severity: "error",
    en: {
      text: "The {run} script {path} of {group}/{resource} ended with status {status} (event {event}).",
      cause: "Expected status 0. Its output is kept in {log}.",
      remedy:
        "Correct the script. After a failed start the group goes to the next server; " +
        "after a failed stop this server gives up.",
    },
    ja: {
      text:
        "{group}/{resource} の {run} スクリプト {path} がステータス {status} " +
        "で終了しました(イベント {event})。",
      cause: "正常なら 0 で終了します。出力は {log} に保存されています。",
      remedy:
        "スクリプトを修正してください。起動の失敗ではグループが次のサーバへ移り、" +
        "停止の失敗では本サーバが停止します。",
    },
  },
  "script.overdue": {
    code: "KG-4062",
    severity: "error",
    en: {
      text: "The {run} script {path} of {group}/{resource} did not end within {timeoutMs} ms (event {event}).",
      cause: "It hangs, or its time is too short. It was ended with everything it had started.",
      remedy:
        "Measure the script's longest run and set startTimeoutMs or stopTimeoutMs " +
        "accordingly, or correct it.",
    },
    ja: {
      text:
        "{group}/{resource} の {run} スクリプト {path} が {timeoutMs} ms " +
        "以内に終了しませんでした(イベント {event})。",
      cause:
        "スクリプトが停止しているか、時間が短すぎます。起動したものすべてを含めて強制終了しました。",
      remedy:
        "最大実行時間を計測して startTimeoutMs または stopTimeoutMs " +
        "を設定するか、スクリプトを修正してください。",
    },
  },
  "script.not-run": {
    code: "KG-4063",
    severity: "error",
    en: {
      text: "The {run} script {path} of {group}/{resource} could not be run: {reason}",
      cause: "It is missing, may not be executed, or the system refused.",
      remedy: "Put the script in place on every server of the policy, then start the group again.",
    },
    ja: {
      text: "{group}/{resource} の {run} スクリプト {path} を実行できません: {reason}",
      cause: "ファイルがないか、実行権がないか、システムが拒否しました。",
      remedy:
        "ポリシーに含まれるすべてのサーバにスクリプトを配置し、グループを起動し直してください。",
    },
  },
  "script.unfit": {
    code: "KG-4064",
    severity: "error",
    en: {
      text: "Script {path} cannot be run on {server} as it is: {reason}",
      cause: "It was looked at when the configuration was loaded, or after it had changed.",
      remedy:
        "Correct it now: a takeover to this server would fail on it. The warning ends by itself a few " +
        "seconds after the repair.",
    },
    ja: {
      text: "{server} のスクリプト {path} は現状では実行できません: {reason}",
      cause: "構成の読み込み時、またはファイルの変更時の検査で見つかりました。",
      remedy:
        "ただちに修正してください。本サーバへのフェイルオーバが失敗します。修正後、警告は数秒で" +
        "自動的に消えます。",
    },
  },
  "script.unfit-there": {
    code: "KG-4068",
    severity: "error",
    en: {
      text: "A script of a group cannot be run on {server} as it is.",
      cause:
        "That server has looked at its scripts and found one missing, not executable or damaged.",
      remedy:
        "See which one and why with: kage status --server {server}. Correct it now: a takeover to that " +
        "server would fail on it. The warning ends by itself.",
    },
    ja: {
      text: "{server} にあるグループのスクリプトは、現状では実行できません。",
      cause: "そのサーバの検査で、スクリプトの欠落、実行権の不足、または破損が見つかりました。",
      remedy:
        "対象と理由は次のコマンドで確認してください: kage status --server {server}。そのサーバへの" +
        "フェイルオーバが失敗するため、ただちに修正してください。修正後、警告は自動的に消えます。",
    },
  },
  "script.changed": {
    code: "KG-4065",
    severity: "info",
    en: {
      text: "Script {path} has changed on {server} and can be run.",
      cause: "The file was replaced or edited and was looked at again.",
      remedy: "Change it on the other servers of the policy, too.",
    },
    ja: {
      text: "{server} のスクリプト {path} が変更されました(実行可能)。",
      cause: "ファイルの置き換えまたは編集があり、再検査しました。",
      remedy: "ポリシーに含まれる他のサーバでも同様に変更してください。",
    },
  },
  "script.log": {
    code: "KG-4066",
    severity: "info",
    en: {
      text: "Script of {group}: {text}",
      cause: "A script of the group said so (armlog).",
      remedy: "Nothing to do.",
    },
    ja: {
      text: "{group} のスクリプト: {text}",
      cause: "グループのスクリプトからの出力です(armlog)。",
      remedy: "対処は不要です。",
    },
  },
  "script.alert": {
    code: "KG-4067",
    severity: "error",
    en: {
      text: "Script of {group}: {text}",
      cause: "A script of the group raised this alert (armlog /ARM).",
      remedy: "See the documentation of the script.",
    },
    ja: {
      text: "{group} のスクリプト: {text}",
      cause: "グループのスクリプトからのアラートです(armlog /ARM)。",
      remedy: "スクリプトの説明書を参照してください。",
    },
  },
  "load.started": {
    code: "KG-4070",
    severity: "info",
    en: {
      text: "Program {id} ({path}) of group {group} was started and is watched.",
      cause: "A script of the group loaded it (armload).",
      remedy: "Nothing to do.",
    },
    ja: {
      text: "グループ {group} のプログラム {id} ({path}) を起動し、監視を開始しました。",
      cause: "グループのスクリプトによるものです(armload)。",
      remedy: "対処は不要です。",
    },
  },
  "load.restarted": {
    code: "KG-4071",
    severity: "warning",
    en: {
      text: "Program {id} of group {group} ended with status {status}; restart {count} of {max}.",
      cause: "It ended abnormally.",
      remedy: "See its output in the log folder of the state folder.",
    },
    ja: {
      text:
        "グループ {group} のプログラム {id} がステータス {status} " +
        "で終了しました。再起動します({max} 回中 {count} 回目)。",
      cause: "異常終了しました。",
      remedy: "状態フォルダの log にある出力を確認してください。",
    },
  },
  "load.exhausted": {
    code: "KG-4072",
    severity: "error",
    en: {
      text: "Program {id} of group {group} ended with status {status}; the group leaves this server.",
      cause: "Its restarts (at most {max}) are used up, or none were asked for.",
      remedy: "See its output in the log folder; repair what it needs on this server.",
    },
    ja: {
      text:
        "グループ {group} のプログラム {id} がステータス {status} " +
        "で終了しました。グループを別のサーバへ移します。",
      cause: "再起動の回数(最大 {max} 回)を使い切ったか、再起動の指定がありません。",
      remedy: "log フォルダの出力を確認し、本サーバの原因を取り除いてください。",
    },
  },
  "load.lost": {
    code: "KG-4073",
    severity: "error",
    en: {
      text: "Program {id} of group {group} ended with status {status} and is not started again.",
      cause: "Its restarts (at most {max}) are used up, and armload was called without /FOV or /M.",
      remedy: "Repair it, then move or restart the group; or add /FOV to armload.",
    },
    ja: {
      text:
        "グループ {group} のプログラム {id} がステータス {status} " +
        "で終了しました。再起動は行いません。",
      cause: "再起動の回数(最大 {max} 回)を使い切り、armload に /FOV も /M も指定されていません。",
      remedy:
        "原因を取り除いてグループを移動または再起動するか、armload に /FOV を指定してください。",
    },
  },
  "load.ended": {
    code: "KG-4074",
    severity: "info",
    en: {
      text: "Program {id} of group {group} ended by itself with status {status}.",
      cause: "It has done its work; only an abnormal end counts.",
      remedy: "Nothing to do.",
    },
    ja: {
      text: "グループ {group} のプログラム {id} はステータス {status} で正常に終了しました。",
      cause: "処理が完了しました。異常終了だけが障害とみなされます。",
      remedy: "対処は不要です。",
    },
  },
  "load.killed": {
    code: "KG-4075",
    severity: "info",
    en: {
      text: "Program {id} of group {group} was ended and is not watched any longer.",
      cause: "Ordered by armkill, or the group stops.",
      remedy: "Nothing to do.",
    },
    ja: {
      text: "グループ {group} のプログラム {id} を終了し、監視を解除しました。",
      cause: "armkill によるか、グループの停止によるものです。",
      remedy: "対処は不要です。",
    },
  },
  "load.conflict": {
    code: "KG-4076",
    severity: "error",
    en: {
      text: "Program {id} of group {group} bears the identity of a program of group {other}.",
      cause: "Both were loaded in the same instant, before the servers had told each other.",
      remedy:
        "Give one of them another identity in armload and armkill: when both groups meet on one server " +
        "the second is refused.",
    },
    ja: {
      text: "グループ {group} のプログラム {id} の監視 ID は、グループ {other} でも使用中です。",
      cause: "サーバ間で通知し合う前に、両方が同時に起動されました。",
      remedy:
        "どちらかの armload と armkill の監視 ID を変更してください。両グループが同じサーバに" +
        "集まると、後の方は拒否されます。",
    },
  },
} as const satisfies Record<string, EventEntry>;

export const scriptsRefusals = {
  "script-not-active": {
    code: "KG-9060",
    exit: 3,
    en: {
      text: "Group {group} neither starts nor runs on this server.",
      remedy: "Call armload from the start script, on START and FAILOVER only.",
    },
    ja: {
      text: "グループ {group} は本サーバで起動も動作もしていません。",
      remedy: "armload は開始スクリプトの START と FAILOVER でのみ使用してください。",
    },
  },
  "load-duplicate": {
    code: "KG-9061",
    exit: 3,
    en: {
      text: "A program {id} is watched already, in group {detail}.",
      remedy: "Choose another identity, or end it first with: armkill {id}",
    },
    ja: {
      text: "プログラム {id} はすでにグループ {detail} で監視中です。",
      remedy: "別の監視 ID を使うか、先に次のコマンドで終了してください: armkill {id}",
    },
  },
  "load-failed": {
    code: "KG-9062",
    exit: 1,
    en: {
      text: "Program {id} could not be started: {detail}",
      remedy: "Check path and permissions of the program on this server.",
    },
    ja: {
      text: "プログラム {id} を起動できません: {detail}",
      remedy: "本サーバ上のプログラムのパスと権限を確認してください。",
    },
  },
  "kill-failed": {
    code: "KG-9063",
    exit: 1,
    en: {
      text: "Program {id} could not be ended: {detail} survived.",
      remedy: "It may hang on a device. Look at the processes named.",
    },
    ja: {
      text: "プログラム {id} を終了できません。{detail} が残っています。",
      remedy: "デバイス待ちの可能性があります。表示されたプロセスを確認してください。",
    },
  },
  "log-limited": {
    code: "KG-9064",
    exit: 3,
    en: {
      text: "Group {group} logs too much: 50 lines at once and then one per second are taken.",
      remedy: "Write details to standard output; it is kept in the log folder.",
    },
    ja: {
      text: "グループ {group} のログが多すぎます。一度に 50 行、以降は毎秒 1 行までです。",
      remedy: "詳細は標準出力に書いてください。log フォルダに保存されます。",
    },
  },
} as const satisfies Record<string, RefusalEntry>;
