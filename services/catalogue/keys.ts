/**
 * Events and refusals about the cluster's key and its rotation. Ids only, never a key.
 * Source: reliability.md 4.3; protocol.md G8; requirements D56, R138.
 */
import type { EventEntry, RefusalEntry } from "./entry.ts";

export const keysEvents = {
  "key.taken": {
    code: "KG-5120",
    severity: "info",
    en: {
      text: "Server {server} has taken the next cluster key {id}; the one before stays in force.",
      cause: "A rotation was ordered, or this server was away during one.",
      remedy: "Nothing to do.",
    },
    ja: {
      text: "サーバ {server} が次のクラスタ鍵 {id} を受け取りました。現在の鍵が引き続き有効です。",
      cause: "鍵の更新が指示されたか、更新中にこのサーバが不在でした。",
      remedy: "対処は不要です。",
    },
  },
  "key.activated": {
    code: "KG-5121",
    severity: "info",
    en: {
      text: "Server {server} seals its frames with the cluster key {id}.",
      cause: "All members hold it. The key before is still accepted, for 24 hours.",
      remedy: "A server that is away must come back within 24 hours: kage key status",
    },
    ja: {
      text: "サーバ {server} はクラスタ鍵 {id} でフレームを保護しています。",
      cause: "全メンバーがこの鍵を持っています。以前の鍵も 24 時間は受け付けます。",
      remedy: "不在のサーバは 24 時間以内に復帰させてください: kage key status",
    },
  },
  "key.retired": {
    code: "KG-5122",
    severity: "info",
    en: {
      text: "Server {server} accepts the old cluster key {id} no more.",
      cause: "It was 24 hours old, or it was retired by order.",
      remedy:
        "A server that was away meanwhile needs the new key by a code: kage key offer SERVER on a member, " +
        "kage key accept on that server while it is stopped.",
    },
    ja: {
      text: "サーバ {server} は古いクラスタ鍵 {id} を受け付けなくなりました。",
      cause: "24 時間が経過したか、廃止が指示されました。",
      remedy:
        "その間不在だったサーバには、コードで新しい鍵を渡してください: メンバーで kage key offer SERVER、" +
        "停止中のそのサーバで kage key accept を実行します。",
    },
  },
  "key.outvoted": {
    code: "KG-5123",
    severity: "warning",
    en: {
      text: "Server {server} has given up its next cluster key {id}; the coordinator's counts.",
      cause: "Two rotations were ordered at once on two servers.",
      remedy: "Nothing to do; kage key status shows the key in force.",
    },
    ja: {
      text: "サーバ {server} は次のクラスタ鍵 {id} を取り下げました。コーディネータの鍵を使います。",
      cause: "2 台のサーバで同時に鍵の更新が指示されました。",
      remedy: "対処は不要です。有効な鍵は kage key status で確認できます。",
    },
  },
  "key.store-failed": {
    code: "KG-5124",
    severity: "critical",
    en: {
      text: "Server {server} cannot write its cluster keys: {error}.",
      cause:
        "The state folder is full, read-only or damaged. A rotation does not go on without it.",
      remedy: "Make space or repair the folder; it is tried again by itself.",
    },
    ja: {
      text: "サーバ {server} がクラスタ鍵を書き込めません: {error}。",
      cause: "状態フォルダが満杯、読み取り専用、または破損しています。鍵の更新は進みません。",
      remedy: "空き容量を確保するかフォルダを修復してください。自動的に再試行します。",
    },
  },
  "key.set-broken": {
    code: "KG-5125",
    severity: "critical",
    en: {
      text: "The rotated cluster keys of {server} in {file} cannot be read; it uses the key file, key {id}.",
      cause: "The file is damaged or of another release.",
      remedy:
        "If the other server refuses this one, stop it, and fetch the key: kage key offer {server} on a member, " +
        "kage key accept here.",
    },
    ja: {
      text: "{server} の更新済みクラスタ鍵 ({file}) を読めないため、鍵ファイルの鍵 {id} を使います。",
      cause: "ファイルが破損しているか、別のリリースのものです。",
      remedy:
        "相手サーバに拒否される場合は停止し、鍵を受け取ってください: メンバーで kage key offer {server}、" +
        "このサーバで kage key accept。",
    },
  },
} as const satisfies Record<string, EventEntry>;

export const keysRefusals = {
  "key-busy": {
    code: "KG-9301",
    exit: 3,
    en: {
      text: "A key or a configuration is being changed at this moment.",
      remedy: "Wait some seconds and try again; see kage key status.",
    },
    ja: {
      text: "鍵または構成を変更している最中です。",
      remedy: "数秒待って再実行してください。状況は kage key status で確認できます。",
    },
  },
  "key-old-there": {
    code: "KG-9302",
    exit: 3,
    en: {
      text: "The old key {old} of the last rotation is still accepted.",
      remedy: "Wait for the 24 hours to pass, or retire it first with: kage key retire",
    },
    ja: {
      text: "前回の更新前の鍵 {old} をまだ受け付けています。",
      remedy: "24 時間の経過を待つか、先に廃止してください: kage key retire",
    },
  },
  "key-outside": {
    code: "KG-9303",
    exit: 3,
    en: {
      text: "Server {server} is not a member of the cluster; a key is changed by members only.",
      remedy: "Return it first with: kage server return {server}; or give the order on a member.",
    },
    ja: {
      text: "サーバ {server} はクラスタのメンバーではありません。鍵はメンバーだけが変更できます。",
      remedy:
        "先に kage server return {server} で復帰させるか、メンバーのサーバで実行してください。",
    },
  },
  "key-trouble": {
    code: "KG-9304",
    exit: 3,
    en: {
      text: "The servers are not in firm contact: a cut, a server on its way in, or a verdict under way.",
      remedy:
        "Look at kage status. Repair the paths or wait until the server is in, then try again.",
    },
    ja: {
      text: "サーバ間の通信が安定していません (切断、参加途中、または判定中)。",
      remedy: "kage status を確認し、経路を修復するか参加の完了を待ってから、再実行してください。",
    },
  },
  "key-peer-away": {
    code: "KG-9305",
    exit: 3,
    en: {
      text: "Server {peer} is not a member, so it could not take the new key.",
      remedy:
        "Return it first with: kage server return {peer}. If it is off and to be left out: " +
        "kage key rotate --without {peer}",
    },
    ja: {
      text: "サーバ {peer} がメンバーではないため、新しい鍵を渡せません。",
      remedy:
        "先に kage server return {peer} で復帰させてください。停止中のまま除外する場合: " +
        "kage key rotate --without {peer}",
    },
  },
  "key-peer-there": {
    code: "KG-9306",
    exit: 3,
    en: {
      text: "Server {peer} is heard; only a server that is off can be left out.",
      remedy: "Rotate with it (kage key rotate), or shut it down first.",
    },
    ja: {
      text: "サーバ {peer} は稼働中です。除外できるのは停止中のサーバだけです。",
      remedy: "除外せずに kage key rotate を実行するか、先に停止してください。",
    },
  },
  "key-no-old": {
    code: "KG-9307",
    exit: 3,
    en: {
      text: "No old key is accepted; there is nothing to retire.",
      remedy: "Nothing to do.",
    },
    ja: {
      text: "受け付けている古い鍵はなく、廃止するものがありません。",
      remedy: "対処は不要です。",
    },
  },
  "key-too-young": {
    code: "KG-9308",
    exit: 3,
    en: {
      text: "Key {id} has been in force for less than 10 seconds; the array may still show the old one.",
      remedy: "Wait some seconds and try again.",
    },
    ja: {
      text: "鍵 {id} が有効になってから 10 秒未満です。アレイに古い鍵の記録が残っている可能性があります。",
      remedy: "数秒待って再実行してください。",
    },
  },
  "key-peer-behind": {
    code: "KG-9309",
    exit: 3,
    en: {
      text: "Server {peer} still seals with an older key than {id}.",
      remedy:
        "It is handed the new one by itself; wait until kage key status shows it, then try again.",
    },
    ja: {
      text: "サーバ {peer} はまだ {id} より古い鍵を使っています。",
      remedy: "自動的に新しい鍵が渡されます。kage key status で確認してから再実行してください。",
    },
  },
  "key-pending": {
    code: "KG-9310",
    exit: 5,
    en: {
      text: "Not all servers have followed in time; it goes on by itself once they are in firm contact.",
      remedy: "See who lacks what: kage key status",
    },
    ja: {
      text: "時間内に全サーバが追従しませんでした。通信が安定すれば自動的に続行します。",
      remedy: "不足しているサーバは次のコマンドで確認できます: kage key status",
    },
  },
  "key-unsaved": {
    code: "KG-9311",
    exit: 1,
    en: {
      text: "The keys could not be written here: {error}. Nothing was changed.",
      remedy: "Make space in the state folder or repair it, then try again.",
    },
    ja: {
      text: "このサーバで鍵を書き込めませんでした: {error}。変更はありません。",
      remedy: "状態フォルダの空き容量を確保するか修復し、再実行してください。",
    },
  },
} as const satisfies Record<string, RefusalEntry>;
