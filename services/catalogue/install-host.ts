/**
 * Findings of `kage install --check` about the host's settings and the site's own files.
 * Keys begin with the name of the check they belong to. Source: firmware/install/probe-host.ts.
 */
import { type CheckEntry, checkEntry as entry } from "./install-entry.ts";

export const hostChecks = {
  local: entry(["{path} is good, this is {server}"], ["{path} は正常、このサーバは {server}"]),
  "local.bad": entry(
    ["{path}: {detail}", "run kage install, then name this server in the file"],
    ["{path}: {detail}", "kage install を実行し、ファイルにこのサーバの名前を記入してください"],
  ),
  config: entry(["{path} is good, method {method}"], ["{path} は正常、解決方式 {method}"]),
  "config.bad": entry(
    ["{path}: {detail}", "write it from cluster.example.jsonc; kage config check tells more"],
    [
      "{path}: {detail}",
      "cluster.example.jsonc を元に作成し、kage config check で確認してください",
    ],
  ),
  "config.not-in": entry(
    ["server {server} is not in the configuration: {names}", 'correct "server" in local.json'],
    ["サーバ {server} は構成にありません: {names}", 'local.json の "server" を修正してください'],
  ),
  key: entry(["{path} is good"], ["{path} は正常"]),
  "key.missing": entry(
    ["{path} is missing", "copy it from the first server; there kage install makes it"],
    [
      "{path} がありません",
      "1 台目のサーバからコピーしてください (1 台目では kage install が作成します)",
    ],
  ),
  "key.open": entry(
    ["{path} can be read by others", "chmod 600 {path}; if others had access, make a new key"],
    [
      "{path} を他のユーザが読めます",
      "chmod 600 {path} を実行し、漏れたおそれがあれば鍵を作り直してください",
    ],
  ),
  "key.bad": entry(
    ["{path} is no key: expected 64 hex digits", "copy the file of another server"],
    [
      "{path} は鍵ではありません (64 桁の 16 進数が必要)",
      "他のサーバのファイルをコピーしてください",
    ],
  ),
  off: entry(["{program} is armed"], ["{program} は有効です"]),
  "off.rack": entry(["off is done by the rack"], ["電源断はラックが行います"]),
  "off.not-armed": entry(
    [
      "{program} is not armed: an emergency shutdown ends the groups, but the machine stays on",
      'when the drill has been done, set "armed": true in "off" of local.json',
    ],
    [
      "{program} が無効なため、緊急シャットダウンでグループは終了しますが、電源は切れません",
      '訓練の完了後、local.json の "off" に "armed": true を設定してください',
    ],
  ),
  "off.missing": entry(
    ["{program} is missing", "run kage install, or correct off.argv in local.json"],
    [
      "{program} がありません",
      "kage install を実行するか、local.json の off.argv を修正してください",
    ],
  ),
  clock: entry(["the clock is synchronised"], ["時刻は同期しています"]),
  "clock.unsynchronised": entry(
    [
      "the clock is not synchronised: times of events cannot be compared between servers",
      "set up NTP: timedatectl set-ntp true",
    ],
    [
      "時刻が同期していないため、サーバ間でイベントの時刻を比較できません",
      "NTP を設定してください: timedatectl set-ntp true",
    ],
  ),
  zone: entry(["time zone {zone}"], ["タイムゾーン {zone}"]),
  "zone.none": entry(
    ["no time zone is set", "timedatectl set-timezone, e.g. Asia/Tokyo, the same on all servers"],
    [
      "タイムゾーンが設定されていません",
      "timedatectl set-timezone で全サーバに同じものを設定してください (例: Asia/Tokyo)",
    ],
  ),
  panic: entry(
    ["a kernel panic restarts the machine after {seconds} s"],
    ["カーネルパニックの {seconds} 秒後に再起動します"],
  ),
  "panic.stays": entry(
    [
      "after a kernel panic the machine stands still until somebody comes",
      "kernel.panic = 10 in a file of /etc/sysctl.d, or a watchdog",
    ],
    [
      "カーネルパニック後、人が対応するまで停止したままになります",
      "/etc/sysctl.d のファイルに kernel.panic = 10 を設定するか、ウォッチドッグを使用してください",
    ],
  ),
  "panic.unknown": entry(
    ["kernel.panic cannot be read", "run the check on the server itself"],
    ["kernel.panic を読めません", "サーバ上で検査を実行してください"],
  ),
  directory: entry(
    ["no directory or name service for others runs here"],
    ["他のコンピュータ向けのディレクトリサービスやDNSは動作していません"],
  ),
  "directory.served": entry(
    [
      "{service} serves names or users to other machines from this server",
      "move it to a machine outside the cluster; a failover or a reboot of this server takes it away from everybody",
    ],
    [
      "このサーバで {service} が他のコンピュータに名前やユーザ情報を提供しています",
      "クラスタ外のマシンへ移してください。フェイルオーバーや再起動のたびに利用できなくなります",
    ],
  ),
} as const satisfies Readonly<Record<string, CheckEntry>>;
