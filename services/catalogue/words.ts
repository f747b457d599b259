/**
 * Words for the values of closed lists that events carry (`reason` of a verdict, of a refused frame,
 * of a new view), so that a text never shows an operator a code word.
 * Source: services/events.ts (StopReason), protocol.md 1.4-1.5, D56; style 30.
 */
import type { Language } from "./entry.ts";

export const words: Readonly<Record<string, Readonly<Record<Language, string>>>> = {
  outvoted: { en: "the coordinator's own change stands", ja: "調整役サーバの変更を優先" },
  configuration: { en: "a new configuration", ja: "新しい構成" },
  withdrawn: {
    en: "the other server withdrew it or fell silent",
    ja: "相手サーバが取り消したか応答がない",
  },
  unfit: { en: "this server could not prepare it", ja: "このサーバで準備できない" },
  refused: { en: "the other server refuses it", ja: "相手サーバが拒否" },
  slow: { en: "it took too long", ja: "時間がかかりすぎた" },
  trouble: { en: "the servers lost firm contact", ja: "サーバ間の通信が不安定" },
  partition: { en: "network partition", ja: "ネットワークパーティション" },
  presence: {
    en: "the other server is present but its frames are refused",
    ja: "相手サーバは生存しているがフレームを受理できない",
  },
  "arbiter-faulty": { en: "COM was faulty before", ja: "COM が以前から異常" },
  "claim-lost": { en: "the other server won the claim", ja: "調停で相手サーバが獲得" },
  outranked: {
    en: "a server of better cluster priority goes on",
    ja: "クラスタ優先順位の高いサーバが継続",
  },
  "method-unsupported": {
    en: "the software of the other server does not say that it carries out the method",
    ja: "相手サーバのソフトウェアがこの方式への対応を示していない",
  },
  "disk-faulty": {
    en: "the arbitration partition does not answer",
    ja: "調停パーティションが応答しない",
  },
  unproven: {
    en: "the disk has not yet shown that no other server lives",
    ja: "他のサーバが動作していないことをディスク上で確認中",
  },
  deposed: {
    en: "this server was away for longer than its lease",
    ja: "リースの期間を超えて動作していなかった",
  },
  excluded: { en: "the cluster goes on without this server", ja: "クラスタが本サーバを除いて継続" },
  "mirror-behind": {
    en: "the mirror copy of this server is out of date or being rebuilt",
    ja: "本サーバのミラーが古いか再構築中",
  },
  "mirror-diverged": {
    en: "both mirror copies have changed separately; an operator has to choose the source",
    ja: "両サーバのミラーが別々に更新済み。オペレータによる選択が必要",
  },
  "mirror-unknown": {
    en: "the state of the mirror copy is not known",
    ja: "ミラーの状態が不明",
  },
  "agent-lost": { en: "the agent did not come back", ja: "エージェントが復旧しない" },
  "left-over": {
    en: "groups ran here and no record said in which view",
    ja: "グループが動作中だが、属するビューの記録がない",
  },
  "pulse-lost": { en: "the pulse did not come back", ja: "パルスが復旧しない" },
  "stop-failed": { en: "a group could not be stopped", ja: "グループを停止できない" },
  forced: { en: "forced stop by an operator", ja: "オペレータによる強制停止" },
  "others-heard": { en: "others are heard", ja: "他のサーバから受信中" },
  "nobody-heard": { en: "no other server is heard", ja: "他のサーバからの受信なし" },
  "force-return": { en: "force-return by an operator", ja: "オペレータによる強制復帰" },
  conflict: { en: "two servers went on separately", ja: "二つのサーバが別々に継続" },
  "peer-down": { en: "a server is judged down", ja: "サーバが停止したと判定" },
  "started-alone": { en: "this server started alone", ja: "本サーバが単独で起動" },
  "peer-left": { en: "a server left in order", ja: "サーバが正常に離脱" },
  "peer-rebooted": { en: "a server was started anew", ja: "サーバが再起動" },
  "others-detached": { en: "the others are detached", ja: "他のサーバは切り離し中" },
  renewed: { en: "the same members in a new epoch", ja: "同じメンバーで新しいエポック" },
  joined: { en: "a server joined", ja: "サーバが参加" },
  ordered: { en: "by order", ja: "操作による" },
  tag: { en: "authentication failed: another cluster key", ja: "認証失敗、クラスタ鍵の不一致" },
  version: { en: "another protocol version", ja: "プロトコルのバージョンが異なる" },
  length: { en: "wrong length", ja: "長さの誤り" },
  magic: { en: "not a frame", ja: "フレームではない" },
  "foreign-cluster": { en: "a frame of another cluster", ja: "別クラスタのフレーム" },
  address: { en: "addressed to somebody else", ja: "宛先の誤り" },
  shape: { en: "fields out of range", ja: "項目の値の誤り" },
  replay: { en: "seen before", ja: "受信済み" },
  missing: { en: "nothing saved yet", ja: "保存なし" },
  damaged: { en: "both copies are damaged", ja: "両方のコピーが破損" },
  undecided: {
    en: "both copies claim to be the newer one",
    ja: "どちらのコピーが新しいか判定不能",
  },
};
