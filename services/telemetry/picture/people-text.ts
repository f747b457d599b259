/**
 * Words of the two dialogs about people: the own password, and the users an administrator keeps. Part of
 * the one table in page-text.ts. Source: work order 3 item 7 (roles); firmware/telemetry/web/users.ts.
 */
import type { Language } from "../../catalogue/entry.ts";

export const peopleText = {
  account: { en: "Account", ja: "アカウント" },
  ownPassword: { en: "Change password", ja: "パスワードの変更" },
  ownPasswordOf: { en: "{user}: change own password", ja: "{user}: 自分のパスワードを変更" },
  ownPasswordLead: {
    en: "You stay logged in here; your other sessions end.",
    ja: "このセッションは継続し、他のセッションは終了します。",
  },
  oldPassword: { en: "Present password", ja: "現在のパスワード" },
  newPassword: { en: "New password", ja: "新しいパスワード" },
  newPasswordAgain: { en: "New password again", ja: "新しいパスワード (確認)" },
  passwordChanged: {
    en: "The password is changed. Your other sessions have ended.",
    ja: "パスワードを変更しました。他のセッションは終了しました。",
  },
  users: { en: "Users", ja: "利用者" },
  usersLead: {
    en: "Who may look, operate or administer on the dashboard. The same at a terminal: kage user",
    ja: "ダッシュボードを閲覧、操作、管理できる利用者です。端末での同じ操作: kage user",
  },
  usersLoading: { en: "Reading the users…", ja: "利用者を読み込んでいます…" },
  role: { en: "Role", ja: "ロール" },
  roleHint: {
    en: "View only: look. Operator: also move groups, detach and return servers. Administrator: everything.",
    ja: "閲覧のみ: 表示だけ。操作者: グループの移動、サーバの切り離しと復帰も可能。管理者: すべて。",
  },
  you: { en: "you", ja: "本人" },
  lastAdmin: { en: "last administrator", ja: "最後の管理者" },
  addUser: { en: "Add user", ja: "利用者を追加" },
  changeRole: { en: "Role…", ja: "ロール…" },
  resetPassword: { en: "Password…", ja: "パスワード…" },
  removeUser: { en: "Remove…", ja: "削除…" },
  changeRoleOf: { en: "Role of {user}", ja: "{user} のロール" },
  resetPasswordOf: { en: "New password for {user}", ja: "{user} の新しいパスワード" },
  removeUserOf: { en: "Remove {user}", ja: "{user} を削除" },
  removeLead: {
    en: "{user} is logged out at once and cannot log in any more.",
    ja: "{user} は直ちにログアウトされ、以後ログインできません。",
  },
  endsSessions: {
    en: "{user} is logged out at once.",
    ja: "{user} は直ちにログアウトされます。",
  },
  save: { en: "Save", ja: "保存" },
  userAdded: { en: "{user} is added.", ja: "{user} を追加しました。" },
  userRoleSaved: { en: "The role of {user} is changed.", ja: "{user} のロールを変更しました。" },
  userPasswordSaved: {
    en: "The password of {user} is changed.",
    ja: "{user} のパスワードを変更しました。",
  },
  userRemoved: { en: "{user} is removed.", ja: "{user} を削除しました。" },
} as const satisfies Record<string, Readonly<Record<Language, string>>>;
