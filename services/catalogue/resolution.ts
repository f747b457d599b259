/**
 * Events about partition resolution: lease, claim, verdict, emergency shutdown.
 * One entry per key: stable code, severity, and text, cause and remedy in both languages.
 * Source: R43, R59-R64, R80-R85, R100-R103, R107-R108; D3-D5, D53-D54; protocol.md 1.3, 1.5.
 */
import type { EventEntry } from "./entry.ts";

export const resolutionEvents = {
  "claim.started": {
    code: "KG-3001",
    severity: "info",
    en: {
      text: "Claim {number} on the arbitration partition has begun.",
      cause:
        "The other server has been silent on all LANs for a " +
        "while, and LAN and COM fell silent together.",
      remedy: "Nothing to do; the result follows.",
    },
    ja: {
      text: "調停パーティションへの調停要求 {number} を開始しました。",
      cause: "相手サーバがすべての LAN で途絶え、LAN と COM が同時に沈黙しました。",
      remedy: "対処は不要です。結果は続けて通知されます。",
    },
  },
  "claim.won": {
    code: "KG-3002",
    severity: "warning",
    en: {
      text: "Claim {number} is won.",
      cause: "The other server has no valid claim on the arbitration partition.",
      remedy: "Nothing to do; the verdict follows at the heartbeat timeout.",
    },
    ja: {
      text: "調停要求 {number} に勝ちました。",
      cause: "調停パーティションに相手サーバの有効な調停要求がありません。",
      remedy: "対処は不要です。判定はハートビートタイムアウト時に行われます。",
    },
  },
  "claim.lost": {
    code: "KG-3003",
    severity: "error",
    en: {
      text: "Claim {number} is lost.",
      cause: "The other server has a valid claim: it lives and goes on.",
      remedy: "Repair LAN and COM, start this server again and return it.",
    },
    ja: {
      text: "調停要求 {number} に敗れました。",
      cause: "相手サーバの有効な調停要求があります。相手は生存しており、業務を継続します。",
      remedy: "LAN と COM を修理し、本サーバを起動して復帰させてください。",
    },
  },
  "claim.withdrawn": {
    code: "KG-3004",
    severity: "info",
    en: {
      text: "Claim {number} is withdrawn.",
      cause: "The other server acknowledged this server again in time.",
      remedy: "Check the LAN: beats were missing for a large part of the timeout.",
    },
    ja: {
      text: "調停要求 {number} を取り下げました。",
      cause: "時間内に相手サーバの応答が回復しました。",
      remedy: "LAN を確認してください。タイムアウトに近い時間、ハートビートが届きませんでした。",
    },
  },
  "verdict.survive": {
    code: "KG-3010",
    severity: "warning",
    en: {
      text: "This server goes on (method {method}): {evidence}",
      cause: "Another server is judged down. Its groups are taken over.",
      remedy:
        "Repair that server, start it and return it. Until then fewer failures can be survived, " +
        "see: kage status",
    },
    ja: {
      text: "本サーバは継続します(方式 {method}): {evidence}",
      cause: "他のサーバが停止したと判定しました。そのグループを引き継ぎます。",
      remedy:
        "そのサーバを修理して起動し、復帰させてください。それまでは耐えられる障害の数が減ります" +
        "(kage status で確認)。",
    },
  },
  "verdict.partition": {
    code: "KG-3011",
    severity: "critical",
    en: {
      text: "Network partition (method {method}): {evidence}",
      cause:
        "All LAN paths are cut to another server that lives, or to so many that no majority is " +
        "left. Data is protected before the business.",
      remedy:
        "Repair the LANs and the servers that failed. Those that stopped come up detached; " +
        "return them.",
    },
    ja: {
      text: "ネットワークパーティションを検出しました(方式 {method}): {evidence}",
      cause:
        "生存している相手サーバへの LAN パスがすべて切れたか、過半数のサーバと通信できません。" +
        "業務の継続よりデータの保護を優先します。",
      remedy:
        "LAN と故障したサーバを修理してください。停止したサーバは切り離され" +
        "た状態で起動するので、復帰させてください。",
    },
  },
  "verdict.arbiter-faulty": {
    code: "KG-3012",
    severity: "critical",
    en: {
      text: "Partition resolution failed (method {method}): {evidence}",
      cause:
        "COM or disk was faulty before the LANs fell silent, so " +
        "a crash cannot be told from a partition.",
      remedy: "Repair COM or disk and the LANs, start the servers and return them.",
    },
    ja: {
      text: "ネットワークパーティションを解決できませんでした(方式 {method}): {evidence}",
      cause:
        "LAN が途絶える前から COM またはディスクが異常だったた" +
        "め、サーバの停止とパーティションを区別できません。",
      remedy: "COM またはディスクと LAN を修理し、サーバを起動して復帰させてください。",
    },
  },
  "verdict.claim-lost": {
    code: "KG-3013",
    severity: "critical",
    en: {
      text: "The other server goes on; this one stops (method {method}): {evidence}",
      cause:
        "LAN and COM were cut in one instant and the other server won the arbitration partition.",
      remedy: "Repair LAN and COM, start this server and return it.",
    },
    ja: {
      text: "相手サーバが継続し、本サーバは停止します(方式 {method}): {evidence}",
      cause: "LAN と COM が同時に切れ、調停パーティションを相手サーバが獲得しました。",
      remedy: "LAN と COM を修理し、本サーバを起動して復帰させてください。",
    },
  },
  "verdict.outranked": {
    code: "KG-3014",
    severity: "critical",
    en: {
      text: "A server of better priority goes on; this one stops (method {method}): {evidence}",
      cause:
        "All LAN paths are cut, and the shared disk shows that a server of better cluster priority lives.",
      remedy: "Repair the LANs, start this server and return it.",
    },
    ja: {
      text: "優先順位の高いサーバが継続し、本サーバは停止します(方式 {method}): {evidence}",
      cause:
        "すべての LAN パスが切れていますが、クラスタ優先順位の高いサーバの生存が共有ディスクで確認されています。",
      remedy: "LAN を修理し、本サーバを起動して復帰させてください。",
    },
  },
  "verdict.unsupported": {
    code: "KG-3015",
    severity: "critical",
    en: {
      text: "Nobody can tell what the other server does (method {method}): {evidence}. This one stops.",
      cause:
        "The other server is not heard, and its software did not say that it carries out this method: " +
        "going on could have started the groups twice.",
      remedy:
        "Install the release of this server on the other one too, or choose another method in the " +
        "configuration of both. Then start this server and return it.",
    },
    ja: {
      text: "相手サーバの動作を判断できないため、本サーバは停止します(方式 {method}): {evidence}",
      cause:
        "相手サーバから応答がなく、そのソフトウェアはこの方式への対応を示していません。" +
        "継続するとグループが二重に起動するおそれがあります。",
      remedy:
        "相手サーバに本サーバと同じリリースをインストールするか、両サーバの構成で別の方式を選択してください。" +
        "その後、本サーバを起動して復帰させてください。",
    },
  },
  "lease.lapsed": {
    code: "KG-3020",
    severity: "error",
    en: {
      text: "The lease of this server has lapsed: no acknowledgement for {ageMs} ms.",
      cause:
        "The other members did not acknowledge this server within " +
        "the heartbeat timeout less the give-up margin.",
      remedy:
        "See the verdict that follows. If the network was sound, " +
        "look for overload or pauses of this server.",
    },
    ja: {
      text: "本サーバのリースが失効しました。{ageMs} ミリ秒の間、応答がありません。",
      cause:
        "ハートビートタイムアウトから停止余裕時間を引いた時間" +
        "内に、他のメンバーの応答がありませんでした。",
      remedy:
        "続く判定結果を確認してください。ネットワークが正常な" +
        "ら、本サーバの過負荷や一時停止を調べてください。",
    },
  },
  "gap.deposed": {
    code: "KG-3021",
    severity: "critical",
    en: {
      text: "This server did not run for {gapMs} ms and gives its groups up.",
      cause:
        "It was frozen, suspended or starved for longer than its " +
        "lease. Its successor may already be at work.",
      remedy:
        "Find the cause of the pause (virtual machine, firmware, load), then return the server.",
    },
    ja: {
      text: "本サーバは {gapMs} ミリ秒の間動作しなかったため、グループを手放します。",
      cause:
        "リースの期間を超えて、フリーズ、サスペンド、または CPU 不足の状態" +
        "でした。すでに他のサーバが引き継いでいる可能性があります。",
      remedy: "停止の原因(仮想マシン、ファームウェア、負荷)を調べ、サーバを復帰させてください。",
    },
  },
  "emergency-shutdown": {
    code: "KG-3030",
    severity: "critical",
    en: {
      text: "Emergency shutdown of this server ({reason}, method {method}): {evidence}",
      cause: "Going on could have damaged data: {reason}.",
      remedy: "Remove the cause, start the server, check it and return it. It comes up detached.",
    },
    ja: {
      text: "本サーバを緊急シャットダウンします({reason}、方式 {method}): {evidence}",
      cause: "継続するとデータを破壊するおそれがあります: {reason}。",
      remedy:
        "原因を取り除いてサーバを起動し、確認してから復帰さ" +
        "せてください。切り離された状態で起動します。",
    },
  },
  "give-up.started": {
    code: "KG-3031",
    severity: "error",
    en: {
      text: "This server gives its groups up at once ({reason}).",
      cause: "It may no longer own them.",
      remedy: "Wait for the end of the give-up. See the events before this one for the cause.",
    },
    ja: {
      text: "本サーバはただちにグループを手放します({reason})。",
      cause: "グループを所有し続けることができません。",
      remedy: "完了をお待ちください。原因は直前のイベントで確認できます。",
    },
  },
  "give-up.completed": {
    code: "KG-3032",
    severity: "info",
    en: {
      text: "All groups of this server are stopped; it took {tookMs} ms.",
      cause: "Addresses are removed and all processes of the groups have ended.",
      remedy: "Nothing to do.",
    },
    ja: {
      text: "本サーバの全グループを停止しました({tookMs} ミリ秒)。",
      cause: "アドレスを削除し、グループの全プロセスが終了しました。",
      remedy: "対処は不要です。",
    },
  },
  "give-up.overdue": {
    code: "KG-3033",
    severity: "critical",
    en: {
      text: "Groups did not stop within {tookMs} ms; the watchdog is no longer fed.",
      cause: "A process cannot be ended, for example because it waits for a dead disk.",
      remedy: "The server is about to be reset. Without a watchdog switch it off by hand now.",
    },
    ja: {
      text: "グループが {tookMs} ミリ秒以内に停止しないため、ウォッチドッグの更新を止めました。",
      cause: "応答しないディスクを待っているなどの理由で、終了できないプロセスがあります。",
      remedy:
        "まもなくサーバがリセットされます。ウォッチドッグがな" +
        "い場合は、ただちに手動で電源を切ってください。",
    },
  },
  "sole.conflict": {
    code: "KG-3040",
    severity: "critical",
    en: {
      text: "Two servers have gone on separately; they have met again (epoch {epoch}).",
      cause:
        "All LANs, and COM where it decides, had been cut in " +
        "one instant, so both took the groups.",
      remedy:
        "Compare the data of both servers. One of them stops its " +
        "groups; return it when the data is right.",
    },
    ja: {
      text: "別々に継続していた二つのサーバが再び通信しました(エポック {epoch})。",
      cause:
        "すべての LAN(判定に使う場合は COM も)が同時に切れ、" +
        "両方のサーバがグループを動作させていました。",
      remedy:
        "両サーバのデータを比較してください。一方はグループを停止" +
        "します。データを確認してから復帰させてください。",
    },
  },
  "failover-not-possible": {
    code: "KG-3050",
    severity: "error",
    en: {
      text: "Failover is not possible now ({reason}): {evidence}",
      cause:
        "The evidence that partition resolution needs is missing. The " +
        "next failure of one server stops the whole cluster.",
      remedy: "Repair the path named in the reason now. Do not detach or move anything before.",
    },
    ja: {
      text: "現在フェイルオーバできません({reason}): {evidence}",
      cause:
        "ネットワークパーティションの解決に必要な情報が得られません。次" +
        "に一方のサーバが停止すると、クラスタ全体が停止します。",
      remedy:
        "理由に示されたパスをただちに修理してください。そ" +
        "れまで切り離しや移動を行わないでください。",
    },
  },
  "failover-possible": {
    code: "KG-3051",
    severity: "info",
    en: {
      text: "Failover is possible again.",
      cause: "All paths that partition resolution needs are sound.",
      remedy: "Nothing to do.",
    },
    ja: {
      text: "フェイルオーバが再び可能になりました。",
      cause: "ネットワークパーティションの解決に必要なパスがすべて正常です。",
      remedy: "対処は不要です。",
    },
  },
  "protection.level": {
    code: "KG-3060",
    severity: "info",
    en: {
      text: "Protection level of this cluster: {level}.",
      cause: "It follows from watchdog, timeout and storage, see: kage config explain",
      remedy:
        "If the level is software-bounded, a watchdog shorter " +
        "than the heartbeat timeout raises it.",
    },
    ja: {
      text: "このクラスタの保護レベルは {level} です。",
      cause:
        "ウォッチドッグ、タイムアウト、ストレージから決まり" +
        "ます。kage config explain で確認できます。",
      remedy:
        "software-bounded の場合、ハートビートタイムアウトより" +
        "短いウォッチドッグで引き上げることができます。",
    },
  },
} as const satisfies Record<string, EventEntry>;
