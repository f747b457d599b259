/**
 * What `kage` says while a server is invited, enrols, or gets a new key, in both languages.
 * A `…Do` entry is the remedy of the entry before it. Source: work order 3 item 4; ecosystem.md 7.
 */
import type { Bilingual } from "./language.ts";

export const ENROL_MESSAGES = {
  notInCluster: {
    en: "{server} is not in the configuration; it has {all}",
    ja: "{server} は構成にありません。登録済み: {all}",
  },
  notInClusterDo: {
    en: "add it first: kage server add {server} --lan ...",
    ja: "先に追加してください: kage server add {server} --lan ...",
  },
  inviteSelf: {
    en: "{server} is this server; invite another one",
    ja: "{server} はこのサーバ自身です。別のサーバを招待してください",
  },
  badListen: {
    en: '{option} cannot be "{found}"; expected HOST:PORT with the address in digits',
    ja: "{option} に「{found}」は指定できません。数字のアドレスで HOST:PORT を指定してください",
  },
  badListenDo: {
    en: "e.g. {option} 192.168.1.1:7019",
    ja: "例: {option} 192.168.1.1:7019",
  },
  cannotListen: {
    en: "cannot wait on {at}: {detail}",
    ja: "{at} で待ち受けできません: {detail}",
  },
  cannotListenDo: {
    en: "choose an address of this server and a free port: --listen HOST:PORT",
    ja: "このサーバのアドレスと空きポートを指定してください: --listen HOST:PORT",
  },
  inviteOpen: {
    en: "{server} may enrol once within {minutes} minutes. Type there:",
    ja: "{server} は {minutes} 分以内に 1 回だけ参加できます。そのサーバで入力:",
  },
  inviteWait: {
    en: "waiting; Ctrl-C ends the invitation",
    ja: "待機中 (Ctrl-C で招待を取り消し)",
  },
  inviteWrong: {
    en: "a wrong code from {from}; {left} attempts left",
    ja: "{from} から誤ったコード。残り {left} 回",
  },
  enrolled: {
    en: "{server} has configuration and key (from {from})",
    ja: "{server} に構成と鍵を渡しました ({from})",
  },
  inviteExpired: { en: "the code has expired", ja: "コードの有効期限が切れました" },
  inviteTooMany: {
    en: "too many wrong codes; this one is void",
    ja: "誤ったコードが多すぎるため、このコードは無効になりました",
  },
  inviteStopped: { en: "the invitation is withdrawn", ja: "招待を取り消しました" },
  inviteAgainDo: {
    en: "invite again: kage {command}",
    ja: "もう一度招待してください: kage {command}",
  },
  inviteTooManyDo: {
    en: "somebody tries codes: look who reaches {at}, then invite again",
    ja: "コードを試している者がいます。{at} への接続元を確認し、再度招待してください",
  },
  inviteNotStored: {
    en: "{server} could not store the files: {detail}",
    ja: "{server} でファイルを保存できませんでした: {detail}",
  },
  inviteUnconfirmed: {
    en: "{server} took the files but did not say that they are stored",
    ja: "{server} はファイルを受け取りましたが、保存の確認がありません",
  },
  inviteUnconfirmedDo: {
    en: "look there (kage config check); if they are missing, invite again",
    ja: "そのサーバで確認し (kage config check)、なければ再度招待してください",
  },
  inviteMismatched: {
    en: "the code was used for something else: {detail}",
    ja: "コードが別の用途で使われました: {detail}",
  },
  askCode: { en: "Code", ja: "コード" },
  badCode: {
    en: "this is no code; expected four groups of five characters",
    ja: "コードではありません。5 文字 4 組で入力してください",
  },
  badCodeDo: {
    en: "type it as the other server shows it: XXXXX-XXXXX-XXXXX-XXXXX",
    ja: "招待側の表示どおりに入力してください: XXXXX-XXXXX-XXXXX-XXXXX",
  },
  hasCluster: {
    en: "this server has {file} already",
    ja: "このサーバには既に {file} があります",
  },
  hasClusterDo: {
    en: "to give it up for the new one: --replace",
    ja: "新しいもので置き換える場合: --replace",
  },
  clusterRuns: {
    en: "Kagemusha runs on this server ({socket} answers)",
    ja: "このサーバで Kagemusha が動作中です ({socket} が応答)",
  },
  clusterRunsDo: {
    en: "stop it on all servers first: kage cluster shutdown, or systemctl stop kage.target on each",
    ja: "先に全サーバで停止してください: kage cluster shutdown、または各サーバで systemctl stop kage.target",
  },
  joinDone: {
    en: "this server is {server} of cluster {cluster}",
    ja: "このサーバはクラスタ {cluster} の {server} になりました",
  },
  joinUntold: {
    en: "the inviting server could not be told; it will say that it was not confirmed",
    ja: "招待側に通知できませんでした。招待側には未確認と表示されます",
  },
  joinUnreachable: {
    en: "nobody invites at {at}: {detail}",
    ja: "{at} で招待しているサーバがありません: {detail}",
  },
  joinUnreachableDo: {
    en: "is `kage server invite` still waiting there, and is the address right?",
    ja: "招待側で kage server invite が待機中か、アドレスが正しいか確認してください",
  },
  joinNotProven: {
    en: "the other side does not know this code, or is not the server that showed it",
    ja: "相手がこのコードを知らないか、コードを表示したサーバではありません",
  },
  joinNotProvenDo: {
    en: "compare the code and the address; after 5 wrong ones invite again",
    ja: "コードとアドレスを確認してください。5 回誤ると再招待が必要です",
  },
  joinUsed: { en: "this code was used already", ja: "このコードは使用済みです" },
  joinOtherServer: {
    en: "this code invites {detail}, which this server is not",
    ja: "このコードは {detail} を招待するもので、このサーバではありません",
  },
  joinOtherServerDo: {
    en: "correct the name in {file}, or invite this server",
    ja: "{file} の名前を修正するか、このサーバを招待してください",
  },
  joinOtherPurpose: {
    en: "this code is for another command",
    ja: "このコードは別のコマンド用です",
  },
  joinOtherPurposeDo: {
    en: "kage server invite goes with kage server enrol, kage key rotate with kage key accept",
    ja: "kage server invite には kage server enrol、kage key rotate には kage key accept を使います",
  },
  joinForeign: {
    en: "what answers at {at} is no invitation of this version",
    ja: "{at} の応答はこの版の招待ではありません",
  },
  joinLate: { en: "{at} does not go on", ja: "{at} からの応答が途絶えました" },
  giftBad: {
    en: "what came cannot be used: {detail}",
    ja: "受信した内容を使用できません: {detail}",
  },
  keyPending: {
    en: "a new key waits in {file}; every server gets this one",
    ja: "新しい鍵が {file} にあります。全サーバにこの鍵を渡します",
  },
  keyRotated: {
    en: "the new key is in {file} on every server; the old one is kept in {old}",
    ja: "全サーバの {file} が新しい鍵になりました。古い鍵は {old} に残っています",
  },
  keyRotatedDo: {
    en: "start the servers; when they work, delete {old} on each",
    ja: "サーバを起動し、正常なら各サーバの {old} を削除してください",
  },
  keyNotRotated: {
    en: "this server still has the old key; the new one waits in {file}",
    ja: "このサーバはまだ古い鍵です。新しい鍵は {file} で待機しています",
  },
  keyNotRotatedDo: {
    en: "run kage key rotate again before you start any server: it goes on with the same new key",
    ja: "サーバを起動する前に kage key rotate を再実行してください (同じ新しい鍵で続行します)",
  },
  keyAccepted: {
    en: "this server has the new key; the old one is kept in {old}",
    ja: "このサーバは新しい鍵になりました。古い鍵は {old} に残っています",
  },
  otherCluster: {
    en: "the key is of cluster {found}, this server belongs to {own}",
    ja: "鍵はクラスタ {found} のものですが、このサーバは {own} です",
  },
} as const satisfies Readonly<Record<string, Bilingual>>;
