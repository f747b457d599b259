/**
 * The commands that make and change a cluster: create, add, invite and enrol, key, tune. As data, part of
 * the command table. Source: R105, R210, D51; ecosystem.md 4.2, 7.
 */
import type { CommandSpec } from "./commands.ts";

const PLAIN = ["table", "json"] as const;
const CHANGE = ["dir", "dry-run", "state", "local"] as const;

export const CLUSTER_COMMANDS = {
  "cluster create": {
    operands: [{ name: "NAME", optional: true }],
    options: [
      ...(["server", "lan", "com", "disk", "interface", "method", "volume-manager"] as const),
      ...(["mirror", "heartbeat-timeout", "heartbeat-interval", "start-sync"] as const),
      ...(["watchdog", "dir", "dry-run"] as const),
    ],
    formats: PLAIN,
    summary: {
      en: "create a cluster with this server as its first; asks what is not given",
      ja: "このサーバを 1 台目としてクラスタを作成 (不足分は質問)",
    },
    examples: [
      "kage cluster create",
      "kage cluster create WWW --server SERVER1 --lan 192.168.1.1 --lan 192.168.0.1 " +
        "--com /dev/ttyS0 --disk /dev/disk/by-partlabel/arbitration --interface eth0",
    ],
  },
  "server add": {
    operands: [{ name: "NAME" }],
    options: ["lan", "com", "disk", "interface", ...CHANGE],
    formats: PLAIN,
    summary: {
      en: "add a server to the configuration",
      ja: "構成にサーバを追加",
    },
    examples: [
      "kage server add SERVER2 --lan 192.168.1.2 --lan 192.168.0.2 --com /dev/ttyS0 " +
        "--disk /dev/disk/by-partlabel/arbitration --interface eth0",
    ],
  },
  "server invite": {
    operands: [{ name: "SERVER" }],
    options: ["listen", "dir"],
    formats: PLAIN,
    summary: {
      en: "show a one-time code by which a server gets configuration and key",
      ja: "サーバに構成と鍵を渡すワンタイムコードを表示",
    },
    examples: ["kage server invite SERVER2"],
  },
  "server enrol": {
    operands: [],
    options: ["from", "code", "replace", "dir"],
    formats: PLAIN,
    summary: {
      en: "make this server a member by the code of kage server invite",
      ja: "kage server invite のコードでこのサーバを参加させる",
    },
    examples: ["kage server enrol --from 192.168.1.1:7019 --code XXXXX-XXXXX-XXXXX-XXXXX"],
  },
  "group add": {
    operands: [{ name: "NAME" }],
    options: ["policy", "parallel", "address", "program", "script", "start", ...CHANGE],
    formats: PLAIN,
    summary: {
      en: "add a failover group",
      ja: "フェイルオーバグループを追加",
    },
    examples: [
      'kage group add web --policy SERVER1,SERVER2 --address 192.168.0.3/24 --program "/usr/sbin/httpd -D FOREGROUND"',
      "kage group add app --address 192.168.0.4/24 --script /etc/kagemusha/scripts/app --dry-run",
      "kage group add db --parallel --script /etc/kagemusha/scripts/db",
    ],
  },
  "group remove": {
    operands: [{ name: "GROUP" }],
    options: [...CHANGE],
    formats: PLAIN,
    summary: {
      en: "remove a stopped failover group",
      ja: "停止中のフェイルオーバグループを削除",
    },
    examples: ["kage group remove web --dry-run"],
  },
  "key status": {
    operands: [],
    options: ["state", "local"],
    formats: PLAIN,
    summary: {
      en: "which keys are in force, since when, and which server holds which (ids only)",
      ja: "有効な鍵の ID・時刻・保持サーバを表示",
    },
    examples: ["kage key status", "kage key status -o json"],
  },
  "key rotate": {
    operands: [],
    options: ["without", "timeout", "listen", "dir", "state", "local"],
    formats: PLAIN,
    summary: {
      en: "give all servers a new key, running or, with a code, all stopped",
      ja: "全サーバの鍵を更新 (稼働中、または全台停止中にコードで)",
    },
    examples: [
      "kage key rotate",
      "kage key rotate --without SERVER2",
      "kage key rotate --dir /etc/kagemusha",
    ],
  },
  "key retire": {
    operands: [],
    options: ["timeout", "state", "local"],
    formats: PLAIN,
    summary: {
      en: "stop accepting the key before the last rotation at once, not after 24 h",
      ja: "以前の鍵を 24 時間待たずに直ちに廃止",
    },
    examples: ["kage key retire"],
  },
  "key offer": {
    operands: [{ name: "SERVER" }],
    options: ["listen", "dir", "state", "local"],
    formats: PLAIN,
    summary: {
      en: "give the key in force to a stopped server that has missed a rotation",
      ja: "鍵の更新中に不在だった停止中のサーバに有効な鍵を渡す",
    },
    examples: ["kage key offer SERVER2"],
  },
  "key accept": {
    operands: [],
    options: ["from", "code", "dir"],
    formats: PLAIN,
    summary: {
      en: "take the key by the code of kage key rotate or kage key offer",
      ja: "kage key rotate または kage key offer のコードで鍵を受け取る",
    },
    examples: ["kage key accept --from 192.168.1.1:7019 --code XXXXX-XXXXX-XXXXX-XXXXX"],
  },
  tune: {
    operands: [],
    options: ["for", "load", "apply", "dry-run", "state", "local", "dir"],
    formats: PLAIN,
    summary: {
      en: "measure the running cluster and propose its times",
      ja: "稼働中のクラスタを測定し、時間設定を提案",
    },
    examples: ["kage tune --for 600 --load", "kage tune --for 60 --apply"],
  },
} as const satisfies Readonly<Record<string, CommandSpec>>;
