/**
 * Events about the product's own processes, its store, the watchdog and operators' commands.
 * One entry per key: stable code, severity, and text, cause and remedy in both languages.
 * Source: R21-R23, R108; D24; architecture 1.6-1.8, 2; protocol.md 1.3.6.
 */
import type { EventEntry } from "./entry.ts";

export const softwareEvents = {
  "agent.stalled": {
    code: "KG-5001",
    severity: "error",
    en: {
      text: "The agent has made no progress for {silentMs} ms and is restarted.",
      cause: "It hangs or waits for the system.",
      remedy: "Nothing to do if it happens once. If it repeats, send the diagnostics to support.",
    },
    ja: {
      text: "エージェントが {silentMs} ミリ秒の間進行していないため、再起動します。",
      cause: "エージェントがハングしたか、システムの応答を待っています。",
      remedy: "一度だけなら対処は不要です。繰り返す場合は診断情報をサポートへ送ってください。",
    },
  },
  "agent.orphaned": {
    code: "KG-5016",
    severity: "error",
    en: {
      text: "The agent hung while the pulse was restarted: it is ended together with the groups it ran.",
      cause:
        "Agent and pulse failed at the same time, so nobody could say whether the groups may run on.",
      remedy: "Nothing to do if it happens once. If it repeats, send the diagnostics to support.",
    },
    ja: {
      text: "パルスの再起動中にエージェントがハングしていたため、エージェントと、その管理するグループを終了します。",
      cause:
        "エージェントとパルスが同時に障害となり、グループを続行してよいか判断できませんでした。",
      remedy: "一度だけなら対処は不要です。繰り返す場合は診断情報をサポートへ送ってください。",
    },
  },
  "release.differs": {
    code: "KG-5017",
    severity: "warning",
    en: {
      text: "{server} runs release {theirs}, this server {ours}.",
      cause: "The servers are being brought up to date one after the other, or one was forgotten.",
      remedy: "Bring all servers to one release soon: kage --version on each says which it has.",
    },
    ja: {
      text: "{server} のリリースは {theirs}、本サーバは {ours} です。",
      cause: "サーバを順に更新している途中か、更新漏れのサーバがあります。",
      remedy:
        "早めに全サーバを同じリリースにしてください。各サーバの kage --version で確認できます。",
    },
  },
  "release.same": {
    code: "KG-5018",
    severity: "info",
    en: {
      text: "{server} runs the release of this server again: {ours}.",
      cause: "The update of the servers is complete as far as these two go.",
      remedy: "Nothing to do.",
    },
    ja: {
      text: "{server} のリリースは本サーバと同じ {ours} になりました。",
      cause: "この 2 台の更新が完了しました。",
      remedy: "対処は不要です。",
    },
  },
  "method.unsupported": {
    code: "KG-5019",
    severity: "error",
    en: {
      text: "The software of {server} does not say that it carries out method {method}.",
      cause:
        "It is of a release that does not know the method, or does not say which it knows. It is not let in " +
        "beside this server; where it was in already, its failure would end this server as well.",
      remedy:
        "Install the release of this server on {server} too and start its processes anew, or choose another " +
        "method in the configuration of every server while the cluster is down.",
    },
    ja: {
      text: "{server} のソフトウェアは、方式 {method} への対応を示していません。",
      cause:
        "この方式に対応していないリリースか、対応する方式を示さないリリースです。そのサーバは参加できません。" +
        "すでに参加している場合、そのサーバの障害時に本サーバも停止します。",
      remedy:
        "{server} にも本サーバと同じリリースをインストールしてプロセスを再起動するか、" +
        "クラスタを停止して全サーバの構成で別の方式を選択してください。",
    },
  },
  "method.supported": {
    code: "KG-5024",
    severity: "info",
    en: {
      text: "The software of {server} says now that it carries out method {method}.",
      cause: "It was brought up to date.",
      remedy: "Nothing to do.",
    },
    ja: {
      text: "{server} のソフトウェアが方式 {method} への対応を示しました。",
      cause: "ソフトウェアが更新されました。",
      remedy: "対処は不要です。",
    },
  },
  "agent.restarted": {
    code: "KG-5002",
    severity: "warning",
    en: {
      text: "The agent was restarted; running groups are adopted.",
      cause: "It had ended or stalled.",
      remedy: "Nothing to do if it happens once.",
    },
    ja: {
      text: "エージェントを再起動しました。動作中のグループはそのまま引き継ぎます。",
      cause: "エージェントが終了または停滞していました。",
      remedy: "一度だけなら対処は不要です。",
    },
  },
  "pulse.stalled": {
    code: "KG-5003",
    severity: "error",
    en: {
      text: "The pulse process has not answered for {silentMs} ms.",
      cause: "It hangs or gets no processor time.",
      remedy: "Check the load of the server and whether the pulse runs with real-time priority.",
    },
    ja: {
      text: "パルスプロセスが {silentMs} ミリ秒の間応答していません。",
      cause: "ハングしているか、CPU 時間を得られていません。",
      remedy: "サーバの負荷と、パルスがリアルタイム優先度で動作しているかを確認してください。",
    },
  },
  "pulse.restarted": {
    code: "KG-5004",
    severity: "warning",
    en: {
      text: "The pulse process was restarted.",
      cause: "It had ended or stalled.",
      remedy: "Nothing to do if it happens once.",
    },
    ja: {
      text: "パルスプロセスを再起動しました。",
      cause: "パルスプロセスが終了または停滞していました。",
      remedy: "一度だけなら対処は不要です。",
    },
  },
  "disk-process.restarted": {
    code: "KG-5005",
    severity: "warning",
    en: {
      text: "The disk process was restarted.",
      cause: "It had ended. Until it works the arbitration partition counts as faulty.",
      remedy: "Nothing to do if it happens once.",
    },
    ja: {
      text: "ディスクプロセスを再起動しました。",
      cause:
        "ディスクプロセスが終了していました。動作するまで" +
        "調停パーティションは異常として扱われます。",
      remedy: "一度だけなら対処は不要です。",
    },
  },
  "store.failed": {
    code: "KG-5010",
    severity: "error",
    en: {
      text: "State could not be saved: {error}",
      cause: "The folder of this server's state is full, read-only or damaged.",
      remedy:
        "Free space or repair the disk; saving is tried again by itself. The cluster goes on, " +
        "but a server that was never saved cannot join, and after a restart this one is detached.",
    },
    ja: {
      text: "状態を保存できませんでした: {error}",
      cause: "本サーバの状態フォルダが満杯、読み取り専用、または破損しています。",
      remedy:
        "空き容量を確保するか、ディスクを修理してください。保存は自動的に再試行されます。" +
        "クラスタは継続しますが、一度も保存できていないサーバは参加できず、" +
        "再起動後に本サーバは切り離されます。",
    },
  },
  "store.recovered": {
    code: "KG-5014",
    severity: "info",
    en: {
      text: "State is saved again after {failures} refused tries.",
      cause: "The folder of this server's state takes writes again.",
      remedy: "Nothing to do. What changed meanwhile is saved.",
    },
    ja: {
      text: "{failures} 回の失敗の後、状態を再び保存できるようになりました。",
      cause: "本サーバの状態フォルダが書き込みを受け付けるようになりました。",
      remedy: "対処は不要です。その間の変更も保存されています。",
    },
  },
  "store.unsaved": {
    code: "KG-5015",
    severity: "error",
    en: {
      text: "{server} cannot save its state.",
      cause: "The folder of that server's state is full, read-only or damaged.",
      remedy:
        "Free space or repair the disk of that server; it tries again by itself. " +
        "Until then it comes back detached when it is restarted, and cannot be returned.",
    },
    ja: {
      text: "{server} は状態を保存できません。",
      cause: "そのサーバの状態フォルダが満杯、読み取り専用、または破損しています。",
      remedy:
        "そのサーバの空き容量を確保するか、ディスクを修理してください。保存は自動的に再試行" +
        "されます。それまでは、再起動すると切り離された状態で起動し、復帰できません。",
    },
  },
  "store.repaired": {
    code: "KG-5011",
    severity: "warning",
    en: {
      text: "Copy {copy} of the saved state is lost or damaged; the other, perhaps older, is used.",
      cause: "The disk is failing, a file was removed, or a later version of the product wrote it.",
      remedy:
        "Check the disk. After a start of the operating system this server waits to be returned. " +
        "The copy is replaced at the next save.",
    },
    ja: {
      text: "保存状態のコピー {copy} が失われたか破損しているため、もう一方(古い可能性あり)を使用します。",
      cause: "ディスクの異常、ファイルの削除、または新しい版の製品による書き込みが考えられます。",
      remedy:
        "ディスクを確認してください。OS の起動後、本サーバは復帰操作を待ちます。" +
        "コピーは次回の保存で置き換えられます。",
    },
  },
  "store.defaults": {
    code: "KG-5012",
    severity: "warning",
    en: {
      text: "No usable saved state was found ({reason}); this server starts as new.",
      cause: "First start, or both copies are missing, damaged or of a later version.",
      remedy: "On a new server nothing to do. Otherwise check the disk and return the server.",
    },
    ja: {
      text: "使用できる保存状態がないため({reason})、新規サーバとして起動します。",
      cause: "初回の起動か、両方のコピーが失われたか、破損したか、新しい版のものです。",
      remedy:
        "新規サーバなら対処は不要です。それ以外はディスクを確認し、サーバを復帰させてください。",
    },
  },
  "store.foreign": {
    code: "KG-5013",
    severity: "error",
    en: {
      text: "The saved state belongs to server {server} of cluster {cluster}; it is not used.",
      cause: "The state folder was copied from another server.",
      remedy: "Give this server its own, empty state folder.",
    },
    ja: {
      text: "保存状態はクラスタ {cluster} のサーバ {server} のものなので、使用しません。",
      cause: "状態フォルダが別のサーバからコピーされています。",
      remedy: "本サーバ専用の空の状態フォルダを用意してください。",
    },
  },
  "watchdog.armed": {
    code: "KG-5020",
    severity: "info",
    en: {
      text: "The watchdog is armed with {timeoutMs} ms.",
      cause: "Groups may run from now on; a frozen server is reset.",
      remedy: "Nothing to do.",
    },
    ja: {
      text: "ウォッチドッグを {timeoutMs} ミリ秒で有効にしました。",
      cause: "これ以降グループを動作させることができます。フリーズしたサーバはリセットされます。",
      remedy: "対処は不要です。",
    },
  },
  "watchdog.late": {
    code: "KG-5021",
    severity: "warning",
    en: {
      text: "The watchdog was fed {lateMs} ms late.",
      cause: "The pulse did not get processor time in time.",
      remedy: "Check the load. If it repeats, the server may be reset while it works.",
    },
    ja: {
      text: "ウォッチドッグの更新が {lateMs} ミリ秒遅れました。",
      cause: "パルスが必要なときに CPU 時間を得られませんでした。",
      remedy:
        "負荷を確認してください。繰り返すと、動作中のサーバがリセットされるおそれがあります。",
    },
  },
  "watchdog.failed": {
    code: "KG-5022",
    severity: "error",
    en: {
      text: "The watchdog does not work: {error}",
      cause: "The device is missing, in use by another program, or refused the timeout.",
      remedy:
        "Correct the device in the server's local file. Until " +
        "then the protection level is software-bounded.",
    },
    ja: {
      text: "ウォッチドッグが動作しません: {error}",
      cause: "デバイスがないか、他のプログラムが使用中か、タイムアウト値が拒否されました。",
      remedy:
        "サーバのローカル設定のデバイスを修正してください。" +
        "それまで保護レベルは software-bounded です。",
    },
  },
  "watchdog.disarmed": {
    code: "KG-5023",
    severity: "info",
    en: {
      text: "The watchdog is disarmed.",
      cause: "No group runs and the server leaves in order.",
      remedy: "Nothing to do.",
    },
    ja: {
      text: "ウォッチドッグを無効にしました。",
      cause: "動作中のグループがなく、サーバは正常に離脱します。",
      remedy: "対処は不要です。",
    },
  },
  "events.dropped": {
    code: "KG-5030",
    severity: "warning",
    en: {
      text: "{count} events were dropped.",
      cause: "More events came at once than the log can take.",
      remedy: "Look for the event that repeats and remove its cause.",
    },
    ja: {
      text: "{count} 件のイベントを破棄しました。",
      cause: "一度に記録できる量を超えるイベントが発生しました。",
      remedy: "繰り返し発生しているイベントを調べ、原因を取り除いてください。",
    },
  },
  "host.trouble": {
    code: "KG-5031",
    severity: "error",
    en: {
      text: "The operating system refused an action: {text}",
      cause: "A program, an address, the watchdog or the power port of this server did not obey.",
      remedy: "Correct what the text says. If groups are affected, see their events.",
    },
    ja: {
      text: "OS が操作を拒否しました: {text}",
      cause:
        "本サーバのプログラム、アドレス、ウォッチドッグ、または電源制御が指示に従いませんでした。",
      remedy:
        "本文に示された問題を取り除いてください。グループに影響が" +
        "ある場合は、グループのイベントを確認してください。",
    },
  },
  "ipc.unknown": {
    code: "KG-5032",
    severity: "warning",
    en: {
      text: "Process {role} sent a word that is not known here: {kind}",
      cause: "The processes of this server come from different versions.",
      remedy: "Install one version completely and restart this server's processes.",
    },
    ja: {
      text: "プロセス {role} から未知のメッセージを受信しました: {kind}",
      cause: "本サーバのプロセスのバージョンが一致していません。",
      remedy:
        "一つのバージョンをすべてインストールし直し、本サーバのプロセスを再起動してください。",
    },
  },
  "command.accepted": {
    code: "KG-6001",
    severity: "info",
    en: {
      text: "Command accepted: {verb} {target}",
      cause: "An operator ordered it.",
      remedy: "Nothing to do.",
    },
    ja: {
      text: "コマンドを受け付けました: {verb} {target}",
      cause: "オペレータの操作によるものです。",
      remedy: "対処は不要です。",
    },
  },
  "command.refused": {
    code: "KG-6002",
    severity: "warning",
    en: {
      text: "Command refused: {verb} {target} ({reason})",
      cause: "The state of the cluster does not allow it now.",
      remedy: "See the answer that the operator got.",
    },
    ja: {
      text: "コマンドを拒否しました: {verb} {target}({reason})",
      cause: "現在のクラスタの状態では実行できません。",
      remedy: "オペレータへの応答を確認してください。",
    },
  },
} as const satisfies Record<string, EventEntry>;
