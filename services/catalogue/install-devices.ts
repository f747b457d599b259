/**
 * Findings of `kage install --check` about devices and network.
 * Keys begin with the name of the check they belong to. Source: firmware/install/probe-devices.ts,
 * firmware/install/probe-network.ts.
 */
import { type CheckEntry, checkEntry as entry } from "./install-entry.ts";

export const deviceChecks = {
  watchdog: entry(
    ["{path} is free and resets after {seconds} s"],
    ["{path} は未使用、{seconds} 秒でリセットします"],
  ),
  "watchdog.none": entry(
    [
      "no watchdog is configured: a frozen server is not reset",
      'give local.json "watchdog": {"kind": "device", "path": "/dev/watchdog0"} and timing.watchdogTimeoutMs',
    ],
    [
      "ウォッチドッグの設定がないため、フリーズしたサーバはリセットされません",
      'local.json に "watchdog" (kind: device, path: /dev/watchdog0) を、構成に timing.watchdogTimeoutMs を設定してください',
    ],
  ),
  "watchdog.missing": entry(
    ["{path} does not exist", "load its driver (modprobe, e.g. iTCO_wdt), or correct local.json"],
    [
      "{path} がありません",
      "ドライバを読み込むか (例: modprobe iTCO_wdt)、local.json を修正してください",
    ],
  ),
  "watchdog.held": entry(
    [
      "{path} is held by {who}",
      "give it free: RuntimeWatchdogSec=off in /etc/systemd/system.conf, or stop the other program",
    ],
    [
      "{path} は {who} が使用中です",
      "/etc/systemd/system.conf で RuntimeWatchdogSec=off とするか、そのプログラムを停止してください",
    ],
  ),
  "watchdog.slow": entry(
    [
      "{path} resets after {seconds} s, the configuration counts on {wanted} s",
      "set the shorter time in the driver's module parameter, or raise timing.watchdogTimeoutMs",
    ],
    [
      "{path} は {seconds} 秒でリセットしますが、構成では {wanted} 秒を前提としています",
      "ドライバのパラメータで短くするか、timing.watchdogTimeoutMs を長くしてください",
    ],
  ),
  "watchdog.not-configured": entry(
    [
      "{path} is there, but the configuration does not use it",
      "set timing.watchdogTimeoutMs; kage config explain shows what it changes",
    ],
    [
      "{path} はありますが、構成で使用していません",
      "timing.watchdogTimeoutMs を設定してください。効果は kage config explain で確認できます",
    ],
  ),
  "watchdog.unknown-time": entry(
    ["{path} is free, its time cannot be read", "compare its time with timing.watchdogTimeoutMs"],
    [
      "{path} は未使用ですが、時間を読み取れません",
      "デバイスの時間と timing.watchdogTimeoutMs を比較してください",
    ],
  ),
  serial: entry(["{device} is free, {speed} bit/s"], ["{device} は未使用、{speed} bit/s"]),
  "serial.unused": entry(
    ["no serial device is configured"],
    ["シリアルデバイスは構成されていません"],
  ),
  "serial.missing": entry(
    ["{device} does not exist", "check the BIOS setting and the name of the port"],
    ["{device} がありません", "BIOS の設定とポート名を確認してください"],
  ),
  "serial.forbidden": entry(
    ["{device} may not be opened", "run the check as root; check the device's permissions"],
    ["{device} を開く権限がありません", "root で検査し、デバイスの権限を確認してください"],
  ),
  "serial.no-uart": entry(
    ["behind {device} is no serial port", "enable the port in the BIOS, or use another one"],
    [
      "{device} にはシリアルポートの実体がありません",
      "BIOS で有効にするか、別のポートを使用してください",
    ],
  ),
  "serial.console": entry(
    [
      "{device} is the kernel's console: its messages would disturb the line",
      "remove console={name} from the kernel's command line and restart",
    ],
    [
      "{device} はカーネルのコンソールで、メッセージが通信を乱します",
      "カーネルの起動パラメータから console={name} を外して再起動してください",
    ],
  ),
  "serial.getty": entry(
    ["{device} has a login prompt", "systemctl mask --now serial-getty@{name}.service"],
    [
      "{device} でログインプロンプトが動作します",
      "systemctl mask --now serial-getty@{name}.service を実行してください",
    ],
  ),
  "serial.held": entry(
    ["{device} is held by {who}", "stop that program"],
    ["{device} は {who} が使用中です", "そのプログラムを停止してください"],
  ),
  disk: entry(["{path} is formatted for this cluster"], ["{path} はこのクラスタ用に初期化済み"]),
  "disk.unused": entry(
    ["no arbitration partition is configured"],
    ["調停パーティションは構成されていません"],
  ),
  "disk.missing": entry(
    ["{path} does not exist", "check cabling and the name of the partition"],
    ["{path} がありません", "配線とパーティション名を確認してください"],
  ),
  "disk.no-block-device": entry(
    ["{path} ({real}) is no block device", "name a partition of the shared disk"],
    [
      "{path} ({real}) はブロックデバイスではありません",
      "共有ディスクのパーティションを指定してください",
    ],
  ),
  "disk.unstable-name": entry(
    [
      "{path} may name another disk after the next start",
      "use the name below /dev/disk/by-partlabel or by-partuuid",
    ],
    [
      "{path} は次回の起動で別のディスクを指すことがあります",
      "/dev/disk/by-partlabel または by-partuuid の名前を使用してください",
    ],
  ),
  "disk.whole": entry(
    ["{path} is a whole disk", "use a partition of its own of 1 MiB"],
    ["{path} はディスク全体です", "専用の 1 MiB のパーティションを使用してください"],
  ),
  "disk.used": entry(
    ["{path} is in use: {by}", "choose a partition of its own that nothing else uses"],
    ["{path} は使用中です: {by}", "他で使用していない専用のパーティションを指定してください"],
  ),
  "disk.small": entry(
    ["{path} has {found} KiB, {wanted} KiB are needed", "make the partition larger, e.g. 1 MiB"],
    [
      "{path} は {found} KiB です ({wanted} KiB 必要)",
      "パーティションを大きくしてください (例: 1 MiB)",
    ],
  ),
  "disk.unreadable": entry(
    ["{path} cannot be read", "run the check as root; check disk and cabling"],
    ["{path} を読めません", "root で検査し、ディスクと配線を確認してください"],
  ),
  "disk.blank": entry(
    ["{path} is not formatted yet", "on one server, while the cluster is down: kage disk format"],
    [
      "{path} は未初期化です",
      "クラスタの停止中に、1 台のサーバで kage disk format を実行してください",
    ],
  ),
  "disk.other-cluster": entry(
    ["{path} belongs to another cluster", "check that the configuration names the right partition"],
    ["{path} は別のクラスタのものです", "構成が正しいパーティションを指しているか確認してください"],
  ),
  "disk.foreign": entry(
    ["{path} holds {found}", "check the partition; if its data may go, wipe it (wipefs, dd) first"],
    [
      "{path} に他のデータがあります ({found})",
      "パーティションを確認し、不要なデータなら先に消去してください (wipefs, dd)",
    ],
  ),
  interface: entry(["{name} is connected"], ["{name} は接続されています"]),
  "interface.missing": entry(
    ["interface {name} does not exist; there are: {all}", "correct publicInterface of this server"],
    [
      "インタフェース {name} がありません。存在するもの: {all}",
      "このサーバの publicInterface を修正してください",
    ],
  ),
  "interface.no-carrier": entry(
    ["{name} has no link", "check cable and switch"],
    ["{name} がリンクしていません", "ケーブルとスイッチを確認してください"],
  ),
  lan: entry(["{lan}: {address} on {device}"], ["{lan}: {device} に {address}"]),
  "lan.address-missing": entry(
    [
      "{lan}: this server has no address {address}",
      "set the address, or correct lans in the configuration",
    ],
    [
      "{lan}: このサーバに {address} がありません",
      "アドレスを設定するか、構成の lans を修正してください",
    ],
  ),
  "lan.other-network": entry(
    ["{lan}: {others} is not in the network of {address}", "check prefix lengths and addresses"],
    [
      "{lan}: {others} は {address} と同じネットワークにありません",
      "プレフィックス長とアドレスを確認してください",
    ],
  ),
  "lan.same-device": entry(
    ["{lan} and {other} share {device}: one fault cuts both", "use a network card for each LAN"],
    [
      "{lan} と {other} が {device} を共用しており、一つの障害で両方が切れます",
      "LAN ごとに別のカードを使用してください",
    ],
  ),
  floating: entry(
    ["{address} fits {device} and is free here"],
    ["{address} は {device} に適合し、未使用です"],
  ),
  "floating.held": entry(
    ["{address} is up; the cluster runs here"],
    ["{address} は有効です (クラスタ稼働中)"],
  ),
  "floating.present": entry(
    [
      "{address} is set on this server although the cluster does not run",
      "take it out of the network settings; now: ip addr del {address}/{prefix} dev {device}",
    ],
    [
      "クラスタが動作していないのに {address} が設定されています",
      "ネットワーク設定から外してください。今すぐ外すには: ip addr del {address}/{prefix} dev {device}",
    ],
  ),
  "floating.no-network": entry(
    ["{address} is in no network of {device}", "check address, prefix length and publicInterface"],
    [
      "{address} は {device} のどのネットワークにもありません",
      "アドレス、プレフィックス長、publicInterface を確認してください",
    ],
  ),
  port: entry(["{port} is free"], ["{port} は未使用"]),
  "port.own": entry(["{port} is in use by Kagemusha"], ["{port} は Kagemusha が使用中"]),
  "port.taken": entry(
    [
      "{port} is taken by another program",
      "find it with ss -lunpt and stop it, or choose another port",
    ],
    [
      "{port} は他のプログラムが使用中です",
      "ss -lunpt で調べて停止するか、別のポートにしてください",
    ],
  ),
} as const satisfies Readonly<Record<string, CheckEntry>>;
