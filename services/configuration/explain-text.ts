/**
 * The sentences of `kage config explain` in both languages; `{name}` is a placeholder. The terms of the
 * guide stay as they are in both: P, G, D, M, A1 to A3, sigma, T and the names of the protection levels.
 * Source: explain.ts; guide 3.2.3; protocol.md 1.2.
 */
import type { Language } from "../catalogue/entry.ts";

const EXPLAIN_TEXT = {
  head: {
    en: "Cluster {name}, {servers} servers, method {method}, revision {revision}, hash {hash}",
    ja: "クラスタ {name}、サーバ {servers} 台、解決方式 {method}、番号 {revision}、ハッシュ {hash}",
  },
  noEdition: {
    en: "Edition: none, only technical limits hold (2 to 16 servers).",
    ja: "エディション: 指定なし。技術的な制限 (2 から 16 台) だけを検査します。",
  },
  edition: {
    en: "Edition {edition}: its limits of servers, disk and forms are kept.",
    ja: "エディション {edition}: 台数、ディスク、運用形態の制限を満たしています。",
  },
  oneWay: {
    en: "Form one-way standby: {groups}; one server runs the business, the others stand by.",
    ja: "運用形態 片方向スタンバイ: {groups}。1 台が業務を実行し、他は待機します。",
  },
  twoWaySame: {
    en: "Form two-way standby, same application: {groups}; after a failover one server runs both instances, so that each needs its own address or port and its own data.",
    ja: "運用形態 同一アプリケーション双方向スタンバイ: {groups}。フェイルオーバ後は 1 台で両方が動くため、アドレスまたはポートとデータを別にしてください。",
  },
  twoWayDifferent: {
    en: "Form two-way standby, different applications: {groups}; after a failover one server runs all of them.",
    ja: "運用形態 異種アプリケーション双方向スタンバイ: {groups}。フェイルオーバ後は 1 台ですべてを実行します。",
  },
  parallel: {
    en: "Form parallel: {groups}; runs on every server of its policy at once, the loss of one only lowers the capacity.",
    ja: "運用形態 パラレル: {groups}。ポリシーの全サーバで同時に動作し、1 台の停止では処理能力だけが低下します。",
  },
  takeover: {
    en: "The peer takes over at the latest after {latest}: detection {timeout}, delivery {delivery}, lateness {late}, arbitration {rest} ({why}).",
    ja: "相手サーバは遅くとも {latest} 後に引き継ぎます。内訳: 検出 {timeout}、伝送 {delivery}、処理の遅れ {late}、調停 {rest} ({why})。",
  },
  whyCom: {
    en: "the COM word is known before",
    ja: "COM の判定はそれまでに済んでいます",
  },
  whyComDisk: {
    en: "COM word and claim are finished before",
    ja: "COM の判定とクレームはそれまでに済んでいます",
  },
  whyNone: {
    en: "nothing is resolved: when all LANs are cut, every server runs its groups",
    ja: "解決は行いません。全 LAN が切れると各サーバが自分のグループを動かします",
  },
  whyDisk: {
    en: "the longer of 2 x heartbeat timeout and 2 x disk wait, less the detection",
    ja: "ハートビートタイムアウトの 2 倍とディスク待ちの 2 倍の長い方から検出を除いた時間",
  },
  whyDiskMany: {
    en: "the longer of 2 x heartbeat timeout and 2 x disk wait, less the detection, and two ways of a beat for the new view",
    ja: "ハートビートタイムアウトの 2 倍とディスク待ちの 2 倍の長い方から検出を除いた時間と、新しいビューのためのハートビート 2 回分",
  },
  diskMany: {
    en: "Shared disk of {count} servers: {losses} may fail one after the other. When LANs fail, the server of best cluster priority and those that reach it go on, the others stop (B5); when the disk is faulty as well, all stop (B6).",
    ja: "サーバ {count} 台の共有ディスク: {losses} 台まで順に停止できます。LAN 障害時は、優先順位が最も高いサーバとそのサーバと通信できるサーバが継続し、他は停止します (B5)。ディスクも異常な場合は全サーバが停止します (B6)。",
  },
  whyMajority: {
    en: "a majority promises and carries the new view, four ways of a beat sent at once",
    ja: "過半数の約束と新しいビューのリース。直ちに送るハートビート 4 回分",
  },
  majority: {
    en: "Majority: {quorum} of {count} servers have to stay; {losses} may fail, the rest then stops when one more does (J3). A planned detach lowers the count.",
    ja: "多数決: {count} 台のうち {quorum} 台が必要です。{losses} 台まで停止でき、さらに 1 台停止すると残りも停止します (J3)。計画的な切り離しは母数を減らします。",
  },
  majorityEven: {
    en: "Majority: {quorum} of {count} servers have to stay; {losses} may fail, as with one server fewer: half the servers are no majority (J2, J3). A planned detach lowers the count.",
    ja: "多数決: {count} 台のうち {quorum} 台が必要です。{losses} 台まで停止できます。半数は過半数ではないため 1 台少ない構成と同じです (J2、J3)。計画的な切り離しは母数を減らします。",
  },
  whyLater: { en: "not in this release", ja: "この版では未対応" },
  activation: {
    en: "Activation follows: addresses within milliseconds, then each program's own start time.",
    ja: "続いて活性化します。アドレスは数ミリ秒、その後は各プログラムの起動時間です。",
  },
  noticed: {
    en: "A crash is noticed {from} to {to} after it, because a beat is sent every {interval}.",
    ja: "クラッシュは発生から {from} から {to} 後に検出します (ハートビートは {interval} ごと)。",
  },
  silence: {
    en: "Beats that come back after a silence of up to {silence} cause no failover (R13: verdict less give-up margin less two intervals).",
    ja: "{silence} 以内に再開したハートビートではフェイルオーバしません (R13: 判定 - 放棄余裕 - 送信間隔の 2 倍)。",
  },
  silenceMany: {
    en: "Beats that come back after a silence of up to {silence} cause no failover; later the disk names who is out, and he goes although the LAN is back (R13).",
    ja: "{silence} 以内に再開したハートビートではフェイルオーバしません。それ以降は外れるサーバがディスクに記され、LAN が復旧してもそのサーバは停止します (R13)。",
  },
  margin: {
    en: "Give-up margin M = {margin}: pulse lateness P {late} + give-up G {giveUp} + clock rates. P and G are assumed until measured; larger ones belong into the timing section.",
    ja: "放棄余裕 M = {margin}: パルスの遅れ P {late} + 放棄処理 G {giveUp} + クロック誤差。P と G は測定するまで仮定値です。これより大きい場合は timing に設定してください。",
  },
  a1: { en: "A1 {a1}: suspicion begins.", ja: "A1 {a1}: 疑いを開始します。" },
  a1Claim: {
    en: "A1 {a1}: suspicion begins, first claim starts.",
    ja: "A1 {a1}: 疑いを開始し、1 回目のクレームを始めます。",
  },
  a2: { en: "A2 {a2}: second claim starts.", ja: "A2 {a2}: 2 回目のクレームを始めます。" },
  a3: {
    en: "A3 {a3}: end of lease; an owner that may not go on has given up M later, at T.",
    ja: "A3 {a3}: リース終了。継続できない所有サーバは M 後の T までに放棄を終えます。",
  },
  sigma: {
    en: "One way of a beat there and back, sigma = {sigma}; a server without memory grants nothing for {abstain}.",
    ja: "ハートビートの往復 sigma = {sigma}。記憶のないサーバは {abstain} の間リースを与えません。",
  },
  comUse: {
    en: "COM: a beat every {interval} takes at most {use} % of the line at {baud} bit/s.",
    ja: "COM: {interval} ごとのハートビートは {baud} bit/s の回線の最大 {use} % を使います。",
  },
  comWord: {
    en: "COM word: newer than the LAN loss by more than {alive} = the peer lives; older by more than {faulty} = COM was faulty before; between = together.",
    ja: "COM の判定: LAN 途絶より {alive} を超えて新しい = 相手は動作中、{faulty} を超えて古い = COM は以前から異常、その間 = 同時。",
  },
  stampCycle: {
    en: "Disk: a stamp every {stamp}, D = {claim} for the write and the readings after it (assumed until measured).",
    ja: "ディスク: {stamp} ごとに書き込み、D = {claim} は書き込みとその後の読み出しの時間 (測定するまで仮定値)。",
  },
  claim: {
    en: "Claim D = {claim} for one write and one read of the array (assumed until measured).",
    ja: "クレーム D = {claim}: 共有ディスクの書き込みと読み出し 1 回ずつ (測定するまで仮定値)。",
  },
  diskWait: {
    en: "A server without groups that cannot claim waits {wait} beyond T for the array, then performs emergency shutdown.",
    ja: "クレームできないグループのないサーバは T の後 {wait} 共有ディスクを待ち、緊急シャットダウンします。",
  },
  early: {
    en: "A peer without a sign of life for {quiet} is judged down at once (early verdict, D1).",
    ja: "{quiet} の間生存の印がない相手は直ちに停止と判定します (早期判定、D1)。",
  },
  notEarly: {
    en: "The verdict waits for this time (early verdict off).",
    ja: "判定はこの時間を待ちます (早期判定なし)。",
  },
  resolution: {
    en: "Resolution time {judge}: the longer of 2 x {timeout} heartbeat timeout and 2 x {wait} disk wait (B8). {early}",
    ja: "解決時間 {judge}: ハートビートタイムアウト {timeout} の 2 倍とディスク待ち {wait} の 2 倍の長い方 (B8)。{early}",
  },
  stampLease: {
    en: "A3 {a3}: end of the LAN lease; from here an owner rests on its own stamps, each for {lease} from its issue (disk wait less M).",
    ja: "A3 {a3}: LAN リース終了。以降、所有サーバは自分の書き込みで継続します。1 回につき開始から {lease} (ディスク待ち - M)。",
  },
  giveWay: {
    en: "{from}: a server that must give way to one of better cluster priority has begun to give up; M later, at {judge}, its groups are placed.",
    ja: "{from}: クラスタ優先順位の高いサーバに譲るサーバは放棄を開始しています。M 後の {judge} にグループを配置します。",
  },
  start: {
    en: "Start: a server that starts alone waits {wait} for the others.",
    ja: "起動: 単独で起動したサーバは他のサーバを {wait} 待ちます。",
  },
  resetBounded: {
    en: "Protection level reset-bounded: the watchdog resets a frozen server {watchdog} after its last feed, before anybody takes its groups over.",
    ja: "保護レベル reset-bounded: フリーズしたサーバは最後の応答から {watchdog} 後、引き継ぎの前にウォッチドッグがリセットします。",
  },
  storageBounded: {
    en: "Protection level storage-bounded: the array refuses writes of a server that lost its lease.",
    ja: "保護レベル storage-bounded: リースを失ったサーバの書き込みを共有ディスクが拒否します。",
  },
  softwareBounded: {
    en: "Protection level software-bounded ({because}): only pauses up to P are covered; a server frozen for longer gives up when it wakes, after its successor has started.",
    ja: "保護レベル software-bounded ({because}): P までの停止だけを保証します。それより長くフリーズしたサーバは、後継の起動後、再開したときに放棄します。",
  },
  noWatchdog: { en: "no watchdog", ja: "ウォッチドッグなし" },
  lateWatchdog: {
    en: "watchdog {watchdog} + sigma {sigma} exceeds the timeout",
    ja: "ウォッチドッグ {watchdog} + sigma {sigma} がタイムアウトを超えます",
  },
  failureEmergency: {
    en: "Internal failure (emergency): an own process that fails is restarted; when that does not succeed in time, this server performs emergency shutdown (D24).",
    ja: "内部障害 (emergency): 異常になった自プロセスを再起動し、時間内に復旧しなければ本サーバを緊急シャットダウンします (D24)。",
  },
  failureServiceStop: {
    en: "Internal failure (service-stop): an own process that fails is restarted; when that does not succeed in time, the groups of this server are ended as fast as by an emergency shutdown, and the server stays on, detached. What cannot be ended goes with the system (D24).",
    ja: "内部障害 (service-stop): 異常になった自プロセスを再起動し、時間内に復旧しなければ緊急シャットダウンと同じ速さでグループを終了します。サーバは切り離された状態で稼働を続けます。終了できないものがあればシステムを停止します (D24)。",
  },
  failureRestart: {
    en: "Internal failure (restart): an agent that fails is restarted for as long as it takes, its groups run on under the lease of the pulse; when the pulse does not come back before the end of the lease, the groups are ended and the server stays on, detached, unless the watchdog resets it before (D24).",
    ja: "内部障害 (restart): 異常になったエージェントは復旧するまで再起動を続け、グループはパルスのリースの下で動作を続けます。パルスがリース終了までに復旧しなければグループを終了し、サーバは切り離された状態で稼働を続けます。ただし先にウォッチドッグがリセットする場合があります (D24)。",
  },
} as const satisfies Readonly<Record<string, Readonly<Record<Language, string>>>>;

export type ExplainKey = keyof typeof EXPLAIN_TEXT;
export type Explainer = (key: ExplainKey, values?: Readonly<Record<string, string>>) => string;

/** A placeholder without a value stays as it is. */
export const explainer =
  (language: Language): Explainer =>
  (key, values = {}) =>
    EXPLAIN_TEXT[key][language].replace(/\{([A-Za-z0-9]+)\}/g, (whole, name: string) =>
      Object.hasOwn(values, name) ? (values[name] ?? whole) : whole,
    );
