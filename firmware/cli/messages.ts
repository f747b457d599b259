/**
 * What the command line itself says, English and Japanese side by side. Texts of agents (refusals,
 * reasons, events) are theirs and are shown as they come.
 * A `…Do` entry is the remedy of the entry before it: what to do next.
 */
import { type Bilingual, fill, type Lang } from "./language.ts";
import { BROKER_MESSAGES } from "./messages-broker.ts";
import { CLUSTER_MESSAGES } from "./messages-cluster.ts";
import { CONFIG_MESSAGES } from "./messages-config.ts";
import { ENROL_MESSAGES } from "./messages-enrol.ts";
import { EVALUATE_MESSAGES } from "./messages-evaluate.ts";
import { KEY_MESSAGES } from "./messages-key.ts";
import { REPLAY_MESSAGES } from "./messages-replay.ts";
import { STATUS_MESSAGES } from "./messages-status.ts";
import { USER_MESSAGES } from "./messages-user.ts";

const MESSAGES = {
  ...CLUSTER_MESSAGES,
  ...ENROL_MESSAGES,
  ...CONFIG_MESSAGES,
  ...KEY_MESSAGES,
  ...BROKER_MESSAGES,
  ...USER_MESSAGES,
  ...EVALUATE_MESSAGES,
  ...REPLAY_MESSAGES,
  ...STATUS_MESSAGES,
  do: { en: "do", ja: "対処" },
  unknownCommand: { en: 'unknown command "{words}"', ja: "不明なコマンド「{words}」" },
  needsVerb: { en: '"{noun}" needs a verb', ja: "「{noun}」には動詞が必要です" },
  didYouMean: { en: "did you mean: {near}", ja: "もしかして: {near}" },
  seeHelp: { en: "see: {help}", ja: "参照: {help}" },
  unknownOption: {
    en: '"kage {command}" has no option {option}',
    ja: "「kage {command}」に {option} というオプションはありません",
  },
  optionNeedsValue: { en: "{option} needs a value", ja: "{option} には値が必要です" },
  optionTakesNoValue: { en: "{option} takes no value", ja: "{option} は値を取りません" },
  badChoice: {
    en: '{what} cannot be "{found}"; expected {choices}',
    ja: "{what} に「{found}」は指定できません。指定できる値: {choices}",
  },
  badNumber: {
    en: '{what} cannot be "{found}"; expected a number from {min} to {max}',
    ja: "{what} に「{found}」は指定できません。{min} から {max} の数値を指定してください",
  },
  badHex: {
    en: '{what} cannot be "{found}"; expected pairs of hex digits, at most {max} bytes',
    ja: "{what} に「{found}」は指定できません。16 進数の対 ({max} バイト以内) を指定してください",
  },
  missingOperand: { en: "{operand} is missing", ja: "{operand} が指定されていません" },
  extraOperand: { en: '"{operand}" is one word too many', ja: "「{operand}」は余分です" },
  contradiction: { en: "{a} and {b} exclude each other", ja: "{a} と {b} は同時に指定できません" },
  together: { en: "{a} and {b} go together", ja: "{a} と {b} は組で指定してください" },
  noPlace: {
    en: "no cluster found here; looked at {places}",
    ja: "クラスタが見つかりません。確認した場所: {places}",
  },
  noPlaceDo: {
    en: "start the virtual appliance (npm start), or name a server with --local FILE",
    ja: "仮想装置を起動する (npm start) か、--local FILE でサーバを指定してください",
  },
  badFile: {
    en: "{file}: expected {expected}, found {found}",
    ja: "{file}: {expected} が必要ですが、{found} でした",
  },
  badFileDo: {
    en: "check the path, or start the virtual appliance anew (npm start)",
    ja: "パスを確認するか、仮想装置を起動し直してください (npm start)",
  },
  staleFile: {
    en: "the virtual appliance of {file} has ended without clearing up",
    ja: "{file} の仮想装置は後始末をせずに終了しています",
  },
  staleFileDo: {
    en: "start it anew (npm start); that clears up",
    ja: "起動し直してください (npm start)。後始末も行われます",
  },
  unknownServer: {
    en: 'no agent of a server "{server}" here',
    ja: "サーバ「{server}」のエージェントはここにありません",
  },
  oneOf: { en: "use one of: {all}", ja: "次から選んでください: {all}" },
  agentAbsent: { en: "not running ({detail})", ja: "動作していません ({detail})" },
  agentBusy: { en: "takes no connection", ja: "接続を受け付けません" },
  agentSilent: { en: "no answer within {time}", ja: "{time} 以内に応答がありません" },
  agentClosed: { en: "closed the connection without an answer", ja: "応答せずに接続を閉じました" },
  agentForbidden: {
    en: "this user may not open its socket",
    ja: "このユーザーにはソケットを開く権限がありません",
  },
  agentGarbage: { en: "gave an unreadable answer: {detail}", ja: "解釈できない応答です: {detail}" },
  noAgent: { en: "no agent could be asked", ja: "応答できるエージェントがありません" },
  noAgentDo: {
    en: "is the cluster running? virtual appliance: npm start; server: systemctl status kage-agent",
    ja: "クラスタは動作していますか。仮想装置: npm start、実機: systemctl status kage-agent",
  },
  hungDo: {
    en: "an agent that hangs is restarted by its supervisor; try again in a few seconds",
    ja: "停止したエージェントは自動的に再起動されます。数秒後にもう一度実行してください",
  },
  garbageDo: {
    en: "is it of another version? restart that server's agent and use its own kage",
    ja: "版が異なる可能性があります。エージェントを再起動し、同じ版の kage を使ってください",
  },
  forbiddenDo: {
    en: "run kage as root or as the user who started the cluster",
    ja: "root またはクラスタを起動したユーザーで実行してください",
  },
  refusedDo: { en: "look at: kage status", ja: "状態を確認してください: kage status" },
  outcomeUnknown: {
    en: "{command}: the order was sent to {server}, but {why}; whether it is carried out is unknown",
    ja: "{command}: {server} へ指示を送りましたが、{why}。実行されたかどうかは不明です",
  },
  outcomeUnknownDo: {
    en: "look before you repeat it: kage status",
    ja: "再実行の前に状態を確認してください: kage status",
  },
  accepted: { en: "{command}: accepted by {server}", ja: "{command}: {server} が受け付けました" },
  notYet: {
    en: "{command}: accepted, but not reached after {time}: {now}",
    ja: "{command}: 受け付けられましたが、{time} 経過しても完了していません: {now}",
  },
  notYetDo: {
    en: "it goes on without you; watch it: kage status --watch",
    ja: "処理は継続しています。確認: kage status --watch",
  },
  stoppedWaiting: {
    en: "{command}: stopped waiting; the order stands: {now}",
    ja: "{command}: 待機を中止しました。指示は有効です: {now}",
  },
  wentWrong: { en: "{command}: {now}", ja: "{command}: {now}" },
  wentWrongDo: {
    en: "see why: kage events; then try again",
    ja: "原因を確認し (kage events)、再度実行してください",
  },
  isNow: { en: "{name} is {state}", ja: "{name}: {state}" },
  onServer: { en: " on {server}", ja: " ({server})" },
  powerStillOn: { en: "{server}: power still on", ja: "{server}: 電源はまだ入っています" },
  agentsStillUp: { en: "agents still answer: {servers}", ja: "応答中のエージェント: {servers}" },
  clusterIsOff: { en: "all servers are off", ja: "全サーバが停止しました" },
  notSeen: { en: "no agent answers", ja: "エージェントの応答がありません" },
  doneAfter: { en: "done: {now} (after {time})", ja: "完了: {now} ({time})" },
  knownGroups: { en: "groups here: {all}", ja: "存在するグループ: {all}" },
  knownServers: { en: "servers here: {all}", ja: "存在するサーバ: {all}" },
  noSuchGroup: { en: 'there is no group "{name}"', ja: "グループ「{name}」は存在しません" },
  noSuchServer: { en: 'there is no server "{name}"', ja: "サーバ「{name}」は存在しません" },
  notMember: {
    en: "{server} is {state}, not a member",
    ja: "{server} は {state} で、稼働中ではありません",
  },
  notMemberDo: {
    en: "bring it in first: kage server return {server}",
    ja: "先に復帰させてください: kage server return {server}",
  },
  noTarget: {
    en: "no other member can take {group}",
    ja: "{group} を引き継げるサーバがありません",
  },
  noTargetDo: {
    en: "bring a server of its policy in first ({policy}): kage server return SERVER",
    ja: "ポリシーのサーバ ({policy}) を先に復帰させてください: kage server return サーバ名",
  },
  notInPolicy: {
    en: "{server} is not in the policy of {group}",
    ja: "{server} は {group} のポリシーにありません",
  },
  alreadySo: { en: "nothing to do: {now}", ja: "すでにその状態です: {now}" },
  wouldStop: { en: "would stop {group} on {server}", ja: "{server} で {group} を停止します" },
  wouldStart: { en: "would start {group} on {server}", ja: "{server} で {group} を起動します" },
  wouldStrand: {
    en: "{group} would stay stopped: no other member of its policy",
    ja: "{group} は停止したままになります (引き継ぎ先がありません)",
  },
  wouldDetach: { en: "would detach {server}", ja: "{server} を切り離します" },
  wouldReturn: {
    en: "would take {server} back as standby",
    ja: "{server} を待機系として復帰させます",
  },
  wouldForceReturn: {
    en: "would begin a new view with {server} alone; all groups stay stopped",
    ja: "{server} だけの新しい構成を作ります (全グループは停止のまま)",
  },
  wouldForceStop: {
    en: "would order {server} to end at once, and press its power switch if it does not obey",
    ja: "{server} に即時停止を指示し、従わなければ電源スイッチを押します",
  },
  wouldStartNow: {
    en: "{server} would not wait any longer and judge alone",
    ja: "{server} は待たずに単独で起動を判断します",
  },
  notObeyed: {
    en: "{server} does not obey; pressing its switch",
    ja: "{server} が従わないため、電源スイッチを押します",
  },
  stillOn: { en: "{server} could not be seen to be off", ja: "{server} の停止を確認できません" },
  stillOnDo: {
    en: "look at it; when it is off: kage server force-stop {server} --confirm-off",
    ja: "現物を確認し、電源が切れていれば: kage server force-stop {server} --confirm-off",
  },
  confirmOff: {
    en: "Have you made sure that {server} is off? If it runs, two servers will own the groups.\nType its name to go on: ",
    ja: "{server} の電源が切れていることを確認しましたか。動作中の場合、二重にグループが動作します。\n続けるにはサーバ名を入力してください: ",
  },
  cannotAskOff: {
    en: "this statement needs a confirmation",
    ja: "この宣言には確認が必要です",
  },
  noWitness: {
    en: "no server other than {server} answers",
    ja: "{server} 以外のサーバの応答がありません",
  },
  noWitnessDo: {
    en: "start another server first, or repair its agent",
    ja: "先に他のサーバを起動するか、エージェントを修復してください",
  },
  noHeir: {
    en: "no other member is there to go on; {server} is not switched off",
    ja: "継続できる他のメンバーがないため、{server} の電源は切りません",
  },
  noHeirDo: {
    en: "return another server first, or use: kage cluster shutdown",
    ja: "先に他のサーバを復帰させるか、kage cluster shutdown を使用してください",
  },
  offObeyed: { en: "done: {server} has shut down", ja: "完了: {server} は停止しました" },
  offSwitched: {
    en: "done: {server} did not obey and was switched off",
    ja: "完了: {server} が従わなかったため電源を切りました",
  },
  offConfirmed: {
    en: "noted: {server} is off, as long as nothing of it is heard",
    ja: "{server} は停止していると記録しました (何か受信した時点で無効)",
  },
  wouldShutDown: { en: "would shut {server} down", ja: "{server} をシャットダウンします" },
  dryRunEnd: {
    en: "nothing was ordered; this is the state of {time} ago",
    ja: "指示は出していません ({time} 前の状態に基づく)",
  },
  confirmShutdown: {
    en: "This stops all groups ({groups}) and shuts down {servers}.\nType the cluster's name ({name}) to go on: ",
    ja: "全グループ ({groups}) を停止し、{servers} をシャットダウンします。\n続けるにはクラスタ名 ({name}) を入力してください: ",
  },
  notConfirmed: {
    en: "not confirmed; nothing was ordered",
    ja: "確認されなかったため、指示は出していません",
  },
  notConfirmedDo: {
    en: "type the name exactly, or use --yes",
    ja: "名前を正確に入力するか、--yes を付けてください",
  },
  cannotAsk: {
    en: "cluster shutdown needs a confirmation",
    ja: "cluster shutdown には確認が必要です",
  },
  cannotAskDo: { en: "add --yes", ja: "--yes を付けてください" },
  noRack: {
    en: "there is no rack here: these are real servers",
    ja: "ここにラックはありません (実サーバです)",
  },
  noRackDo: {
    en: "rack commands belong to the virtual appliance (npm start)",
    ja: "rack コマンドは仮想装置 (npm start) 専用です",
  },
  rackName: { en: "the rack", ja: "ラック" },
  rackDo: {
    en: "names and states: kage rack status",
    ja: "名前と状態の確認: kage rack status",
  },
  rackDone: { en: "done: {what}", ja: "完了: {what}" },
  cannotRead: { en: "cannot read {file}: {detail}", ja: "{file} を読めません: {detail}" },
  cannotReadDo: { en: "check the path and its permissions", ja: "パスと権限を確認してください" },
  configGood: {
    en: "{file}: good, warnings: {warnings}",
    ja: "{file}: 問題なし、警告 {warnings} 件",
  },
  configUsed: {
    en: "{file} (the configuration of {server})",
    ja: "{file} ({server} の構成ファイル)",
  },
  noConfigFile: {
    en: "the configuration in use is not known here",
    ja: "使用中の構成ファイルが分かりません",
  },
  noConfigFileDo: {
    en: "name it: kage {command} FILE, or name a server's local.json with --local FILE",
    ja: "kage {command} FILE と指定するか、--local FILE でサーバを指定してください",
  },
  configBad: { en: "{file}: errors: {count}", ja: "{file}: エラー {count} 件" },
  configBadDo: { en: "correct the places above, top first", ja: "上から順に修正してください" },
  warning: { en: "warning", ja: "警告" },
  survivesMany: { en: "survives {count} more failures", ja: "あと {count} 台の障害に耐えられます" },
  survivesOne: { en: "survives 1 more failure", ja: "あと 1 台の障害に耐えられます" },
  survivesNone: { en: "cannot survive another failure", ja: "次の障害には耐えられません" },
  methodLine: { en: "method {method}", ja: "解決方式 {method}" },
  epochLine: { en: "epoch {epoch}", ja: "エポック {epoch}" },
  coordinatorLine: { en: "coordinator {server}", ja: "調整役 {server}" },
  revisionLine: { en: "configuration {rev} ({hash})", ja: "構成 {rev} ({hash})" },
  noView: { en: "no view yet", ja: "ビュー未成立" },
  headServer: { en: "SERVER", ja: "サーバ" },
  headGroup: { en: "GROUP", ja: "グループ" },
  headPath: { en: "PATH", ja: "経路" },
  headState: { en: "STATE", ja: "状態" },
  headFor: { en: "FOR", ja: "継続時間" },
  headIncarnation: { en: "INCARNATION", ja: "起動識別子" },
  headOwner: { en: "ON", ja: "稼働サーバ" },
  headPolicy: { en: "POLICY", ja: "フェイルオーバポリシー" },
  headKind: { en: "KIND", ja: "種別" },
  headHeard: { en: "LAST HEARD", ja: "最終受信" },
  headDirection: { en: "DIRECTION", ja: "方向" },
  headPower: { en: "POWER", ja: "電源" },
  headWatchdog: { en: "WATCHDOG", ja: "ウォッチドッグ" },
  headProcesses: { en: "PROCESSES", ja: "プロセス" },
  headAddress: { en: "ADDRESS", ja: "アドレス" },
  headAnnouncer: { en: "ANNOUNCED BY", ja: "広告元" },
  ago: { en: "{time} ago", ja: "{time}前" },
  never: { en: "never", ja: "なし" },
  allDirections: { en: "all {count} directions", ja: "全 {count} 方向" },
  theRest: { en: "the other {count}", ja: "その他 {count}" },
  nextStep: { en: "next", ja: "次の操作" },
  nextReturn: {
    en: "kage server return {server}   (takes it back as standby)",
    ja: "kage server return {server}   (待機系として復帰)",
  },
  nextForceReturn: {
    en: "kage server force-return {server}   (all are down: begin anew with its information)",
    ja: "kage server force-return {server}   (全停止: このサーバの情報を基準に復帰)",
  },
  nextStartNow: {
    en: "kage cluster start-now   (do not wait for the others)",
    ja: "kage cluster start-now   (他のサーバを待たない)",
  },
  nextStart: {
    en: "kage events, then kage group start {group}",
    ja: "kage events で原因を確認後、kage group start {group}",
  },
  answeredBy: { en: "answered by {server}, {time} ago", ja: "応答: {server} ({time}前)" },
  disagrees: {
    en: "{server} sees it differently: {view}",
    ja: "{server} は異なる状態を示しています: {view}",
  },
  unreachableAgent: { en: "{server} unreachable: {why}", ja: "{server} 到達不能: {why}" },
  staleSince: {
    en: "NO AGENT ANSWERS - this is the picture of {time} ago",
    ja: "応答なし - {time}前の状態です",
  },
  moreLines: { en: "... {count} more lines", ja: "... 残り {count} 行" },
  nobody: { en: "nobody", ja: "なし" },
  powerOn: { en: "on", ja: "入" },
  powerOff: { en: "off", ja: "切" },
  frozen: { en: "frozen", ja: "凍結" },
  armed: { en: "armed, {time}", ja: "監視中 {time}" },
  disarmed: { en: "not armed", ja: "未設定" },
  wireUp: { en: "up", ja: "接続" },
  wireCut: { en: "cut", ja: "切断" },
  noRecords: { en: "no records", ja: "記録はありません" },
  changeCluster: { en: "cluster {name}: {was} -> {now}", ja: "クラスタ {name}: {was} -> {now}" },
  changeCoordinator: { en: "coordinator: {was} -> {now}", ja: "調整役: {was} -> {now}" },
  changeServer: { en: "server {name}: {was} -> {now}", ja: "サーバ {name}: {was} -> {now}" },
  changeGroup: { en: "group {name}: {was} -> {now}", ja: "グループ {name}: {was} -> {now}" },
  changePath: {
    en: "path {name} {from} > {to}: {was} -> {now}",
    ja: "経路 {name} {from} > {to}: {was} -> {now}",
  },
  changeReason: { en: "reason: {text}", ja: "理由: {text}" },
  changeGone: { en: "no agent answers", ja: "エージェントの応答がありません" },
  changeBack: { en: "{server} answers", ja: "{server} が応答" },
  firstLine: {
    en: "cluster {name}: {level}, {redundancy}",
    ja: "クラスタ {name}: {level}、{redundancy}",
  },
  jsonWatch: {
    en: "--watch prints many documents; -o json is one",
    ja: "--watch は複数の文書を出力します。-o json は 1 つだけです",
  },
  useJsonl: { en: "use -o jsonl", ja: "-o jsonl を使ってください" },
  readLogDo: {
    en: "if it is off, read its log: {files}",
    ja: "停止している場合はログファイルを参照してください: {files}",
  },
  readLogThereDo: {
    en: "if it is off, read events.jsonl in its state folder (local.json names it) when it is on again",
    ja: "停止している場合は、起動後に状態フォルダ (local.json に記載) の events.jsonl を参照してください",
  },
  noEvents: { en: "no events", ja: "イベントはありません" },
  cause: { en: "cause", ja: "原因" },
  lostAgent: { en: "{server}: {why}; still trying", ja: "{server}: {why}。再試行しています" },
  foundAgent: { en: "{server}: answers again", ja: "{server}: 応答が戻りました" },
} as const satisfies Readonly<Record<string, Bilingual>>;

export type MessageKey = keyof typeof MESSAGES;

/** One message in the operator's language, its places filled. */
export type Say = (key: MessageKey, values?: Readonly<Record<string, string>>) => string;

export function speaker(lang: Lang): Say {
  return (key, values = {}) => fill(MESSAGES[key], lang, values);
}
