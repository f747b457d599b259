/**
 * What `kage` says while a cluster is created, changed, joined and tuned, in both languages.
 * A `…Do` entry is the remedy of the entry before it. Source: R105, R210, D51; guide 1.2.4, 3.2.3.
 */
import type { Bilingual } from "./language.ts";

export const CLUSTER_MESSAGES = {
  askCluster: { en: "Name of the cluster", ja: "クラスタ名" },
  askServer: { en: "Name of this server", ja: "このサーバの名前" },
  askLans: {
    en: "Addresses of {server} on every LAN, the dedicated one first, with commas",
    ja: "{server} の各 LAN のアドレス (専用 LAN を先に、カンマ区切り)",
  },
  askCom: {
    en: "Device of the serial cross cable; - = none",
    ja: "シリアルクロスケーブルのデバイス (なしは -)",
  },
  askDisk: {
    en: "Arbitration partition of the shared disk; - = none",
    ja: "共有ディスクの調停パーティション (なしは -)",
  },
  askInterface: {
    en: "Interface that carries floating addresses; - = none",
    ja: "フローティング IP を付けるインターフェース (なしは -)",
  },
  askMethod: {
    en: "Method of network partition resolution ({offered})",
    ja: "ネットワークパーティション解決方式 ({offered})",
  },
  askAborted: { en: "stopped; nothing was written", ja: "中止しました。何も書き込んでいません" },
  askAbortedDo: {
    en: "start again, or give the answers as options: kage help {command}",
    ja: "やり直すか、オプションで指定してください: kage help {command}",
  },
  needsOption: { en: "{option} is missing", ja: "{option} が指定されていません" },
  proposal: { en: "recommended method: {method} ({reason})", ja: "推奨方式: {method} ({reason})" },
  mirrorAutomatic: {
    en: "a data mirror takes this method by itself, there is no other",
    ja: "データミラー構成では自動的にこの方式になり、他は選択できません",
  },
  mirrorTwoOnly: {
    en: "a data mirror joins exactly two servers; three and more decide by majority",
    ja: "データミラーは 2 台専用です。3 台以上では多数決方式を使います",
  },
  threeMajority: {
    en: "three or more servers: those who reach a majority go on, without further hardware",
    ja: "3 ノード以上: 過半数と通信できるサーバが継続し、追加ハードウェアは不要です",
  },
  twoShared: {
    en: "two servers with a shared disk: safe even when LAN and COM are cut in one instant",
    ja: "共有ディスクのある 2 ノード: LAN と COM が同時に切れても安全です",
  },
  twoUnshared: {
    en: "two servers without a shared disk: the serial cable tells a crash from a cut LAN",
    ja: "共有ディスクのない 2 ノード: シリアルケーブルでダウンと LAN 断を区別します",
  },
  vxvmCom: {
    en: "COM is required: the shared-disk method cannot be used with this volume manager",
    ja: "COM が必須です: このボリュームマネージャでは共有ディスク方式を使えません",
  },
  lacksCom: {
    en: "it needs a serial cross cable, which is not given: --com DEVICE",
    ja: "シリアルクロスケーブルが必要です: --com デバイス で指定してください",
  },
  otherMethod: {
    en: "chosen instead of it: {method}",
    ja: "推奨方式の代わりに選択: {method}",
  },
  notOffered: {
    en: "method {method} cannot be used here; possible: {offered}",
    ja: "方式 {method} はこの構成では使えません。選択可能: {offered}",
  },
  notOfferedDo: {
    en: "choose one of them with --method, or correct --disk and --volume-manager",
    ja: "--method で選び直すか、--disk と --volume-manager を確認してください",
  },
  badLan: {
    en: '"{found}" is no address of a LAN; expected ip, ip:port or id=ip:port',
    ja: "「{found}」は LAN のアドレスではありません。ip、ip:port または id=ip:port を指定してください",
  },
  badLanDo: {
    en: "e.g. --lan 192.168.1.1 --lan 192.168.0.1 (the dedicated LAN first)",
    ja: "例: --lan 192.168.1.1 --lan 192.168.0.1 (専用 LAN を先に)",
  },
  fileExists: {
    en: "{file} is there already; nothing was written",
    ja: "{file} は既に存在します。何も書き込んでいません",
  },
  fileExistsDo: {
    en: "look whether it is still needed; move it away, or choose another folder with --dir",
    ja: "必要なファイルか確認し、退避するか --dir で別のフォルダを指定してください",
  },
  folderBusy: {
    en: "another kage command is writing to {dir}",
    ja: "別の kage コマンドが {dir} に書き込み中です",
  },
  folderBusyDo: { en: "wait for it, then try again", ja: "終わるのを待って再実行してください" },
  cannotWrite: {
    en: "cannot write to {dir}: {detail}",
    ja: "{dir} に書き込めません: {detail}",
  },
  cannotWriteDo: {
    en: "nothing was changed; make room or check the permissions (root?), then try again",
    ja: "何も変更していません。空き容量と権限 (root か) を確認し、再実行してください",
  },
  halfWrittenDo: {
    en: "the files are complete in {dir}/.kage-ready; the same command puts them in place",
    ja: "ファイルは {dir}/.kage-ready に揃っています。同じコマンドで配置されます",
  },
  localOther: {
    en: "{file} is of server {found}, not {server}",
    ja: "{file} はサーバ {found} のものです ({server} ではありません)",
  },
  localElsewhere: {
    en: "{file} names other places than {dir} for configuration and key",
    ja: "{file} の構成ファイルと鍵の場所が {dir} ではありません",
  },
  localBad: { en: "{file} cannot be used: {detail}", ja: "{file} は使用できません: {detail}" },
  localDo: {
    en: "correct it, or move it away: a new one is then written",
    ja: "修正するか、退避してください (新しく作成されます)",
  },
  written: { en: "written: {files}", ja: "作成: {files}" },
  dryRunFiles: { en: "would write: {files}", ja: "作成予定: {files}" },
  nextServerAdd: {
    en: "next: kage server add SERVER2 --lan ...  (the cluster cannot start with one server)",
    ja: "次: kage server add SERVER2 --lan ...  (1 台ではクラスタを起動できません)",
  },
  nextServersAdd: {
    en: "next: kage server add SERVER2 --lan ..., then SERVER3  (a majority takes three servers)",
    ja: "次: kage server add SERVER2 --lan ...、続けて SERVER3  (多数決には 3 台以上必要です)",
  },
  editThird: {
    en: "the method of this cluster joins two servers; {server} would be the third",
    ja: "このクラスタの方式は 2 台用です。{server} は 3 台目になります",
  },
  editThirdDo: {
    en: 'stop the cluster, set "method": "majority" in its file and remove "com" and "disk" there, or "disk" where one is shared and remove "com"; then add the server',
    ja: 'クラスタを停止し、構成ファイルで "method": "majority" として "com" と "disk" を除くか、共有ディスクがあれば "disk" として "com" を除いてから追加してください',
  },
  nextAfterServer: {
    en: "next: kage group add NAME ..., then kage server invite {server}",
    ja: "次: kage group add 名前 ...、続けて kage server invite {server}",
  },
  noChangePlace: {
    en: "there is no configuration to change at {file}",
    ja: "{file} に変更対象の構成ファイルがありません",
  },
  noChangePlaceDo: {
    en: "create it: kage cluster create NAME, or name its folder: --dir DIR",
    ja: "kage cluster create 名前 で作成するか、--dir でフォルダを指定してください",
  },
  editExists: { en: "{name} is there already", ja: "{name} は既に存在します" },
  editExistsDo: { en: "choose another name", ja: "別の名前を指定してください" },
  editAbsent: { en: "there is no group {name}", ja: "グループ {name} はありません" },
  editLanStrange: {
    en: "the cluster has no LAN {name}; it has {all}",
    ja: "LAN {name} はクラスタにありません。登録済み: {all}",
  },
  editLanMissing: {
    en: "the address of {server} on {name} is missing",
    ja: "{server} の {name} のアドレスがありません",
  },
  editLanDo: {
    en: "give one --lan for each of {all}, in this order or as id=ip:port",
    ja: "--lan を {all} の順に、または id=ip:port の形で指定してください",
  },
  editEquipment: {
    en: "the cluster has {name}; {option} is missing for {server}",
    ja: "クラスタには {name} があります。{server} の {option} がありません",
  },
  editNoEquipment: {
    en: "the cluster has no {name}, so {option} means nothing",
    ja: "クラスタに {name} はないため、{option} は指定できません",
  },
  editEquipmentDo: {
    en: "every server has the same equipment; see: kage config check",
    ja: "全サーバで同じ機器構成が必要です。確認: kage config check",
  },
  unreadableConfig: {
    en: "{file} is no configuration that could be changed",
    ja: "{file} は変更可能な構成ファイルではありません",
  },
  unreadableConfigDo: {
    en: "see what is wrong: kage config check FILE",
    ja: "確認: kage config check ファイル",
  },
  badProgram: {
    en: "--program has an open quotation mark: {found}",
    ja: "--program の引用符が閉じていません: {found}",
  },
  badProgramDo: {
    en: 'write it as a shell would: --program "/usr/sbin/httpd -D FOREGROUND"',
    ja: 'シェルと同様に書いてください: --program "/usr/sbin/httpd -D FOREGROUND"',
  },
  badFloating: {
    en: '--address cannot be "{found}"; expected address/prefix',
    ja: "--address に「{found}」は指定できません。アドレス/プレフィックス長 の形で指定してください",
  },
  badFloatingDo: { en: "e.g. --address 192.168.0.3/24", ja: "例: --address 192.168.0.3/24" },
  emptyGroup: {
    en: "the group has nothing to run",
    ja: "グループに実行対象がありません",
  },
  emptyGroupDo: {
    en: "give at least one of --address, --program, --script",
    ja: "--address、--program、--script のいずれかを指定してください",
  },
  noChange: { en: "nothing changes", ja: "変更はありません" },
  dryRunChange: { en: "nothing was changed", ja: "変更していません" },
  applied: {
    en: "in force as revision {rev} on {servers}",
    ja: "リビジョン {rev} として有効: {servers}",
  },
  editedFile: { en: "{file} changed", ja: "{file} を変更しました" },
  editedAlone: {
    en: "no agent runs here, so only this file was changed; the other servers need the same text",
    ja: "エージェントが動作していないため、このファイルだけを変更しました。他のサーバにも同じ内容が必要です",
  },
  wouldRefuse: {
    en: "would be refused now: {message}",
    ja: "現時点では拒否されます: {message}",
  },
  fileChangedMeanwhile: {
    en: "{file} was changed by somebody else meanwhile; nothing was written",
    ja: "{file} が他から変更されました。何も書き込んでいません",
  },
  fileChangedMeanwhileDo: { en: "try again", ja: "再実行してください" },
  realServerOnly: {
    en: '"kage {command}" works on the files of a real server; npm start makes those of the virtual appliance',
    ja: "「kage {command}」は実サーバのファイルを扱います。仮想装置のファイルは npm start が作成します",
  },
  realServerOnlyDo: {
    en: "leave --state out; another place is named by {all}",
    ja: "--state を外してください。別の場所は {all} で指定できます",
  },
  tuneMeasuring: {
    en: "measuring for {seconds} s; put the highest load of the business on the servers",
    ja: "{seconds} 秒間測定します。業務の最大負荷をかけてください",
  },
  tuneLate: {
    en: "{server}: pulse at most {late} ms late in {count} wakes",
    ja: "{server}: パルスの遅れは最大 {late} ms ({count} 回)",
  },
  tuneDisk: {
    en: "{server}: one access to the array at most {took} ms in {count}",
    ja: "{server}: アレイへの 1 アクセスは最大 {took} ms ({count} 回)",
  },
  tuneHeard: {
    en: "{peer}, as {server} hears it: beats at most {late} ms late in {count}",
    ja: "{peer} ({server} での受信): ハートビートの遅れは最大 {late} ms ({count} 回)",
  },
  tuneLoaded: {
    en: "the second half under load, {count} busy processes on this machine:",
    ja: "後半は負荷あり (このマシンで {count} 個の計算プロセス):",
  },
  tuneInterrupted: {
    en: "interrupted; nothing was proposed or changed",
    ja: "中断しました。提案も変更もしていません",
  },
  tuneUnseen: {
    en: "{server}: cannot be asked from here; its array access, give-up, start and script times are not known: run kage tune there as well",
    ja: "{server}: ここからは問い合わせできません。アレイアクセス・放棄処理・起動・スクリプトの時間は不明です。そのサーバでも kage tune を実行してください",
  },
  tuneNoLoad: {
    en: "this is the load of the moment; --load keeps this machine busy for the second half",
    ja: "現在の負荷での測定です。--load で後半にこのマシンへ負荷をかけます",
  },
  tuneNoMeasure: {
    en: "{server}: its agent gives no measurements",
    ja: "{server}: エージェントが測定値を返しません",
  },
  tuneSpread: {
    en: "servers started at most {spread} s apart ({count} common starts)",
    ja: "サーバの起動時刻の差は最大 {spread} 秒 ({count} 回)",
  },
  tuneGiveUp: {
    en: "giving up took at most {took} ms ({count} times)",
    ja: "放棄処理は最大 {took} ms ({count} 回)",
  },
  tuneScript: {
    en: "script {name} took at most {took} ms ({count} runs)",
    ja: "スクリプト {name} は最大 {took} ms ({count} 回)",
  },
  tuneNothing: {
    en: "nothing was measured for: {what}",
    ja: "測定できなかった項目: {what}",
  },
  tuneGood: { en: "the times in force cover what was measured", ja: "現在の設定値で十分です" },
  tuneProposal: {
    en: "{at}: {now} -> {proposed} ({reason})",
    ja: "{at}: {now} -> {proposed} ({reason})",
  },
  tuneApplyDo: { en: "put it in force: kage tune --apply", ja: "適用: kage tune --apply" },
  reasonPause: {
    en: "P: twice the worst lateness of {measured} ms",
    ja: "P: 最大の遅れ {measured} ms の 2 倍",
  },
  reasonClaim: {
    en: "D: twice a write and a read of {measured} ms",
    ja: "D: 書き込みと読み出し {measured} ms の 2 倍",
  },
  reasonGiveUp: {
    en: "G: twice the longest give-up of {measured} ms",
    ja: "G: 最長の放棄処理 {measured} ms の 2 倍",
  },
  reasonSpread: {
    en: "twice the difference of start times, {measured} ms",
    ja: "起動時刻の差 {measured} ms の 2 倍",
  },
  reasonDiskWait: {
    en: "twice the longest access to the array, {measured} ms",
    ja: "アレイへの最長アクセス {measured} ms の 2 倍",
  },
  reasonScript: {
    en: "three times the longest run of {measured} ms",
    ja: "最長の実行 {measured} ms の 3 倍",
  },
  reasonTimeout: {
    en: "T: the smallest that holds the other times",
    ja: "T: 他の時間が収まる最小値",
  },
} as const satisfies Readonly<Record<string, Bilingual>>;
