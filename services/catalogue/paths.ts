/**
 * Events about heartbeat paths, peers and what arrives on the wires.
 * One entry per key: stable code, severity, and text, cause and remedy in both languages.
 * Source: R9, R16, R64; D5, D7-D9, D56.
 */
import type { EventEntry } from "./entry.ts";

export const pathsEvents = {
  "path.lost": {
    code: "KG-1001",
    severity: "warning",
    en: {
      text: "Heartbeat path {path} from {server} is silent.",
      cause:
        "No frame of this server arrived on this path within its timeout: " +
        "cable, network board, switch port, or the other side.",
      remedy:
        "Check cable, board and switch. Nothing moves while another LAN " +
        "path works; repair it before a second fault comes.",
    },
    ja: {
      text: "サーバ {server} からのハートビートパス {path} が途絶えました。",
      cause:
        "このパスでタイムアウト時間内に相手のフレームが届いていません。ケーブル、ネッ" +
        "トワークボード、スイッチのポート、または相手側の異常が考えられます。",
      remedy:
        "ケーブル、ボード、スイッチを確認してください。他の LAN パスが正常な" +
        "間は何も移動しません。次の障害が起きる前に修理してください。",
    },
  },
  "path.restored": {
    code: "KG-1002",
    severity: "info",
    en: {
      text: "Heartbeat path {path} from {server} works again.",
      cause: "Frames of this server arrive on this path again.",
      remedy: "Nothing to do.",
    },
    ja: {
      text: "サーバ {server} からのハートビートパス {path} が回復しました。",
      cause: "このパスで相手のフレームが再び届いています。",
      remedy: "対処は不要です。",
    },
  },
  "path.one-way": {
    code: "KG-1003",
    severity: "warning",
    en: {
      text: "Heartbeat path {path} with {server} works in one direction only.",
      cause:
        "Frames arrive in one direction, but the other side " +
        "does not hear this server on this path.",
      remedy: "Check the cable pair, the switch port and filters. A one-way path counts as lost.",
    },
    ja: {
      text: "サーバ {server} とのハートビートパス {path} が片方向でしか通じていません。",
      cause:
        "一方の向きではフレームが届いていますが、相手はこのパスで本サーバを受信できていません。",
      remedy:
        "ケーブル、スイッチのポート、フィルタ設定を確認してく" +
        "ださい。片方向のパスは途絶として扱われます。",
    },
  },
  "com.faulty": {
    code: "KG-1010",
    severity: "error",
    en: {
      text: "COM path {path} with {server} is faulty: failover is not possible now.",
      cause:
        "No COM word of this server arrived within the timeout: " +
        "cross cable unplugged, port wrong or broken.",
      remedy:
        "Check cable and port at once. If a server fails before the " +
        "repair, the other one performs emergency shutdown too.",
    },
    ja: {
      text: "サーバ {server} との COM パス {path} が異常です。現在フェイルオーバできません。",
      cause:
        "タイムアウト時間内に COM の通信が届いていません。クロス" +
        "ケーブルの抜け、ポートの誤りや故障が考えられます。",
      remedy:
        "ただちにケーブルとポートを確認してください。修理前に一方のサ" +
        "ーバが停止すると、もう一方も緊急シャットダウンします。",
    },
  },
  "com.restored": {
    code: "KG-1011",
    severity: "info",
    en: {
      text: "COM path {path} with {server} works again.",
      cause: "COM words of this server arrive again.",
      remedy: "Nothing to do. Failover is possible again.",
    },
    ja: {
      text: "サーバ {server} との COM パス {path} が回復しました。",
      cause: "COM の通信が再び届いています。",
      remedy: "対処は不要です。フェイルオーバが再び可能になりました。",
    },
  },
  "disk.faulty": {
    code: "KG-1020",
    severity: "error",
    en: {
      text: "The arbitration partition cannot be used: failover is not possible now.",
      cause:
        "The last write or read failed or did not end in time " +
        "({error}): array, adapter, cable, path or key of this server.",
      remedy:
        "Check the array and this server's path to it. If a server fails " +
        "before the repair, the other one may stop as well. If a slot stays " +
        "unreadable or old although the array works: end what else writes " +
        "there, shut the cluster down (kage cluster shutdown --yes), have " +
        "the partition formatted with force, start the servers. On the " +
        "virtual appliance: end it, npm start -- --fresh.",
    },
    ja: {
      text: "調停パーティションを使用できません。現在フェイルオーバできません。",
      cause:
        "最後の書き込みまたは読み出しが失敗したか、制限時間内に完了していません" +
        "({error})。ディスクアレイ、アダプタ、ケーブル、パス、または本サーバの鍵の異常が考えられます。",
      remedy:
        "ディスクアレイと本サーバからのパスを確認してください。修理前に一" +
        "方のサーバが停止すると、もう一方も停止することがあります。アレイが" +
        "正常でもスロットが読めない、または古いままの場合は、他の書き込み元を" +
        "止め、クラスタを停止し(kage cluster shutdown --yes)、パーティションを" +
        "強制フォーマットしてからサーバを起動してください。仮想アプライアンスでは" +
        "終了して npm start -- --fresh を実行してください。",
    },
  },
  "disk.silent-there": {
    code: "KG-1022",
    severity: "error",
    en: {
      text: "Server {server} writes nothing on the arbitration partition: when another one fails, it stops too.",
      cause:
        "It is heard on the LAN and its slot shows nothing new: array, adapter, cable, path, key or " +
        "the agent of that server.",
      remedy:
        "See the reason with: kage status --server {server}. Repair its path to the array; until then " +
        "it takes nothing over.",
    },
    ja: {
      text: "{server} が調停パーティションに書き込んでいません。他のサーバが停止すると {server} も停止します。",
      cause:
        "LAN では応答していますが、スロットが更新されていません。ディスクアレイ、アダプタ、ケーブル、" +
        "パス、鍵、またはそのサーバのエージェントの異常が考えられます。",
      remedy:
        "kage status --server {server} で理由を確認し、ディスクアレイへのパスを修理してください。" +
        "それまで {server} は引き継ぎできません。",
    },
  },
  "disk.restored": {
    code: "KG-1021",
    severity: "info",
    en: {
      text: "The arbitration partition answers again.",
      cause: "Write and read end in time again.",
      remedy: "Nothing to do. Failover is possible again.",
    },
    ja: {
      text: "調停パーティションが再び応答しています。",
      cause: "書き込みと読み出しが制限時間内に完了しています。",
      remedy: "対処は不要です。フェイルオーバが再び可能になりました。",
    },
  },
  "peer.suspected": {
    code: "KG-1030",
    severity: "warning",
    en: {
      text: "Server {server} may be lost: it has not acknowledged this server for {ageMs} ms.",
      cause: "All LAN paths are silent or one-way. Partition resolution prepares its answer.",
      remedy:
        "Nothing to do yet. If this comes often, check the LANs " +
        "and the load, or raise the heartbeat timeout.",
    },
    ja: {
      text: "サーバ {server} が停止した可能性があります。{ageMs} ミリ秒の間、応答がありません。",
      cause:
        "すべての LAN パスが途絶または片方向です。ネット" +
        "ワークパーティション解決の準備を始めます。",
      remedy:
        "まだ対処は不要です。頻発する場合は LAN と負荷を確認する" +
        "か、ハートビートタイムアウトを延ばしてください。",
    },
  },
  "peer.lost": {
    code: "KG-1031",
    severity: "error",
    en: {
      text: "Server {server} is lost: silent on all LAN paths for the heartbeat timeout.",
      cause: "Crash, power failure, freeze, or all LAN paths cut.",
      remedy:
        "See the verdict that follows. Repair the server or the " +
        "LANs, then return the server to the cluster.",
    },
    ja: {
      text: "サーバ {server} のハートビートが途絶えました。すべての LAN パスでタイムアウトしました。",
      cause: "クラッシュ、電源断、フリーズ、またはすべての LAN パスの断線が考えられます。",
      remedy:
        "続く判定結果を確認し、サーバまたは LAN を修理して" +
        "からサーバをクラスタに復帰させてください。",
    },
  },
  "peer.heard": {
    code: "KG-1032",
    severity: "info",
    en: {
      text: "Server {server} is heard again.",
      cause: "Its frames arrive on at least one LAN path.",
      remedy: "Nothing to do.",
    },
    ja: {
      text: "サーバ {server} のハートビートを再び受信しました。",
      cause: "少なくとも一つの LAN パスでフレームが届いています。",
      remedy: "対処は不要です。",
    },
  },
  "peer.presence": {
    code: "KG-1033",
    severity: "critical",
    en: {
      text: "Frames of {server} arrive but are refused ({reason}).",
      cause:
        "The cluster key or the software version of this server differs. " +
        "It is present, so nothing is taken over from it.",
      remedy:
        "Compare kage key status and kage --version on both. A server that has missed a rotation for more than " +
        "24 h is given the key by a code: stop it, kage key offer on the other, kage key accept on it. " +
        "Until then failover is not possible.",
    },
    ja: {
      text: "サーバ {server} のフレームは届いていますが、受理できません({reason})。",
      cause:
        "そのサーバのクラスタ鍵またはソフトウェアのバージョンが異" +
        "なります。生存しているため、引き継ぎは行いません。",
      remedy:
        "両サーバで kage key status とバージョンを比較してください。24 時間以上鍵の更新を逃したサーバは停止し、" +
        "相手で kage key offer、そのサーバで kage key accept を実行して鍵を渡してください。" +
        "それまでフェイルオーバはできません。",
    },
  },
  "peer.rebooted": {
    code: "KG-1034",
    severity: "warning",
    en: {
      text: "Server {server} was started anew without having left the cluster.",
      cause:
        "It crashed or was reset and came up again before its silence " +
        "was noticed. Its groups ended with the old start.",
      remedy: "Find out why it restarted. It stays detached until it is returned.",
    },
    ja: {
      text: "サーバ {server} がクラスタから離脱しないまま再起動しました。",
      cause:
        "クラッシュまたはリセットの後、途絶が検出される前に起動しま" +
        "した。以前のグループは再起動とともに終了しています。",
      remedy: "再起動の原因を調べてください。復帰操作を行うまで切り離されたままになります。",
    },
  },
  "frame.garbage": {
    code: "KG-1040",
    severity: "warning",
    en: {
      text: "Bytes on {path} are not frames of this cluster ({reason}).",
      cause: "Noise or a wrong speed on the COM line, or a foreign sender on the LAN.",
      remedy:
        "Check speed, cable and earthing of the COM line, or find " +
        "the foreign sender. The bytes are discarded.",
    },
    ja: {
      text: "{path} に本クラスタのフレームではないデータが届きました({reason})。",
      cause: "COM 回線の雑音や通信速度の不一致、または LAN 上の別の送信元が考えられます。",
      remedy:
        "COM 回線の速度、ケーブル、接地を確認するか、送信" +
        "元を調べてください。データは破棄されます。",
    },
  },
  "frame.replayed": {
    code: "KG-1041",
    severity: "warning",
    en: {
      text: "An old frame arrived again on {path}; it was discarded.",
      cause: "A loop or duplication in the network, or somebody records and sends frames again.",
      remedy:
        "Check the network for loops. If it goes on, look for an intruder in the interconnect.",
    },
    ja: {
      text: "古いフレームが {path} に再び届いたため、破棄しました。",
      cause: "ネットワークのループや重複、または記録したフレームの再送が考えられます。",
      remedy:
        "ネットワークにループがないか確認してください。続く場" +
        "合はインタコネクトへの侵入を疑ってください。",
    },
  },
  "config.mismatch": {
    code: "KG-1050",
    severity: "error",
    en: {
      text: "Server {server} has another configuration ({theirs} there, {ours} here).",
      cause: "The configuration file was changed on one server only.",
      remedy: "Copy the same file to every server. Until then this server is not granted a lease.",
    },
    ja: {
      text: "サーバ {server} の構成情報が一致しません(相手 {theirs}、本サーバ {ours})。",
      cause: "構成ファイルが一方のサーバだけで変更されています。",
      remedy:
        "すべてのサーバに同じファイルを配布してください。" +
        "それまでそのサーバにはリースを与えません。",
    },
  },
  "path.trouble": {
    code: "KG-1042",
    severity: "warning",
    en: {
      text: "Path {path} cannot be used properly: {text}",
      cause:
        "The operating system refused a call on this path: address " +
        "or device missing, no route, no permission.",
      remedy: "Correct the address or device of this path. It is tried again by itself.",
    },
    ja: {
      text: "パス {path} を正しく使用できません: {text}",
      cause:
        "このパスの操作を OS が拒否しました。アドレスやデバイスが" +
        "ない、経路がない、権限がないなどが考えられます。",
      remedy: "このパスのアドレスまたはデバイスを修正してください。自動的に再試行します。",
    },
  },
  "configuration.loaded": {
    code: "KG-1051",
    severity: "info",
    en: {
      text: "Configuration revision {revision} ({hash}) is in use.",
      cause: "The file was read and checked at start.",
      remedy: "Nothing to do.",
    },
    ja: {
      text: "構成情報リビジョン {revision}({hash})を使用します。",
      cause: "起動時にファイルを読み込み、検査しました。",
      remedy: "対処は不要です。",
    },
  },
  "configuration.warning": {
    code: "KG-1052",
    severity: "warning",
    en: {
      text: "The configuration is usable, but: {finding}",
      cause: "A check found something that an expert would do differently.",
      remedy: "Follow the hint in the text, or accept it knowingly.",
    },
    ja: {
      text: "構成情報は使用できますが、注意点があります: {finding}",
      cause: "構成情報の検査で、改善すべき点が見つかりました。",
      remedy: "本文の指示に従うか、内容を理解したうえで使用してください。",
    },
  },
} as const satisfies Record<string, EventEntry>;
