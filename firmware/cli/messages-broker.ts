/**
 * What `kage broker`, `kage operator-key` and `kage sign` say, in both languages.
 * A `…Do` entry is the remedy of the entry before it. Source: ecosystem.md 1.4.
 */
import type { Bilingual } from "./language.ts";

export const BROKER_MESSAGES = {
  noLocal: { en: "{file}: there is no such local.json", ja: "{file}: local.json がありません" },
  noLocalDo: {
    en: "run it on a server of the cluster, or name the file: --local FILE",
    ja: "クラスタのサーバで実行するか、--local FILE で指定してください",
  },
  keyName: {
    en: '"{name}" cannot name a key; expected up to 31 of a-z, 0-9 and hyphens',
    ja: "鍵の名前に「{name}」は使えません。a-z、0-9、ハイフンで 31 文字以内にしてください",
  },
  keyThere: { en: "the key {name} is there already", ja: "鍵 {name} はすでに登録されています" },
  keyThereDo: {
    en: "take another name, or first: kage operator-key remove {name}",
    ja: "別の名前にするか、先に kage operator-key remove {name} を実行してください",
  },
  keyAbsent: { en: "there is no key {name}", ja: "鍵 {name} は登録されていません" },
  keyAbsentDo: {
    en: "see the names: kage operator-key list",
    ja: "名前の確認: kage operator-key list",
  },
  keysFull: {
    en: "there are {max} keys already, the most there may be",
    ja: "登録できる鍵は {max} 個までです",
  },
  keysFullDo: {
    en: "remove one that is not used: kage operator-key remove NAME",
    ja: "不要な鍵を削除してください: kage operator-key remove NAME",
  },
  keysDamaged: {
    en: "{file} is damaged, too large or cannot be read; no key counts",
    ja: "{file} が壊れているか、大きすぎるか、読めません。どの鍵も無効です",
  },
  keysDamagedDo: {
    en: "restore it, or remove the file and add the keys again",
    ja: "復元するか、ファイルを削除して鍵を登録し直してください",
  },
  keySource: {
    en: "say where the key comes from: --public FILE or --out FILE",
    ja: "鍵の取得元を指定してください: --public FILE または --out FILE",
  },
  keyRole: { en: "--role is missing", ja: "--role が指定されていません" },
  keyForm: {
    en: "{file} is no {kind} of Ed25519 in PEM form",
    ja: "{file} は PEM 形式の Ed25519 {kind}ではありません",
  },
  keyFormDo: {
    en: "openssl genpkey -algorithm ed25519 -out F.key; openssl pkey -in F.key -pubout -out F.pub",
    ja: "openssl genpkey -algorithm ed25519 -out F.key; openssl pkey -in F.key -pubout -out F.pub",
  },
  keyOpen: {
    en: "{file} can be read by others",
    ja: "{file} は他の利用者から読めます",
  },
  keyOpenDo: { en: "chmod 600 {file}", ja: "chmod 600 {file}" },
  privateKey: { en: "private key", ja: "秘密鍵" },
  publicKey: { en: "public key", ja: "公開鍵" },
  cannotUse: { en: "{file}: {detail}", ja: "{file}: {detail}" },
  cannotUseDo: {
    en: "check path, rights and free space; nothing was changed",
    ja: "パス、権限、空き容量を確認してください。何も変更していません",
  },
  keyAdded: {
    en: "{name} may sign commands of role {role} here; add the key on every server",
    ja: "{name} はロール {role} のコマンドに署名できます。全サーバで登録してください",
  },
  keyMade: {
    en: "private key: {file}; only its holder may have it. Public key for the others: {public}",
    ja: "秘密鍵: {file} (所有者だけが保持)。他のサーバ用の公開鍵: {public}",
  },
  keyRemoved: {
    en: "{name} may not sign any more here; remove the key on every server",
    ja: "{name} の署名は無効になりました。全サーバで削除してください",
  },
  keysNone: { en: "no key is known", ja: "登録された鍵はありません" },
  keyHead: { en: "KEY", ja: "鍵" },
  keyRoleHead: { en: "ROLE", ja: "ロール" },
  keyAddedHead: { en: "ADDED", ja: "登録日時" },
  keyPublicHead: { en: "PUBLIC KEY", ja: "公開鍵" },
  signOption: { en: "{option} is missing", ja: "{option} が指定されていません" },
  signTopic: {
    en: '"{topic}" is no topic of a command; expected kage/v1/CLUSTER/cmd/ROLE/...',
    ja: "「{topic}」はコマンドのトピックではありません (kage/v1/CLUSTER/cmd/ROLE/...)",
  },
  signRequest: {
    en: "this is no command: {detail}",
    ja: "コマンドとして解釈できません: {detail}",
  },
  signRequestDo: {
    en: "see the fields in the README, chapter Dashboard and MQTT",
    ja: "項目は README の「Dashboard and MQTT」を参照してください",
  },
  tlsOff: {
    en: "{file} has no telemetry.brokerTls",
    ja: "{file} に telemetry.brokerTls がありません",
  },
  tlsOffDo: {
    en: 'add it: "brokerTls": { "listen": "192.168.1.1:8883" }',
    ja: '追加してください: "brokerTls": { "listen": "192.168.1.1:8883" }',
  },
  brokerWritten: { en: "written: {files}", ja: "書き込みました: {files}" },
  brokerWouldWrite: { en: "would write: {folder}", ja: "書き込み先: {folder}" },
  brokerDo: {
    en: "now: systemctl daemon-reload && systemctl restart mosquitto kage-telemetry",
    ja: "次に: systemctl daemon-reload && systemctl restart mosquitto kage-telemetry",
  },
  brokerRefused: { en: "{detail}", ja: "{detail}" },
  brokerRefusedDo: {
    en: "correct it and call kage broker setup again; what was written before stays valid",
    ja: "修正して kage broker setup を再実行してください。以前のファイルは有効なままです",
  },
  renewed: {
    en: "new certificate until {until}: {file}",
    ja: "新しい証明書 ({until} まで有効): {file}",
  },
  renewedDo: {
    en: "now: systemctl reload mosquitto; others trust {authority} as before",
    ja: "次に: systemctl reload mosquitto。{authority} への信頼はそのままです",
  },
} as const satisfies Readonly<Record<string, Bilingual>>;
