/**
 * Findings of `kage install --check` about the software of a machine.
 * Keys begin with the name of the check they belong to. Source: firmware/install/probe-software.ts.
 */
import { type CheckEntry, checkEntry as entry } from "./install-entry.ts";

export const softwareChecks = {
  node: entry(["Node {version}"], ["Node {version}"]),
  "node.old": entry(
    ["Node {version} is too old", "install Node {wanted} or newer and run kage install with it"],
    [
      "Node {version} は古すぎます",
      "Node {wanted} 以降を導入し、その Node で kage install を実行してください",
    ],
  ),
  tool: entry(["{tool} is there"], ["{tool} があります"]),
  "tool.missing": entry(
    ["{tool} is missing", "install the package {package}"],
    ["{tool} がありません", "パッケージ {package} を導入してください"],
  ),
  "tool.missing-optional": entry(
    [
      "{tool} is missing: nobody listens for foreign claims of the floating addresses",
      "install the package {package}",
    ],
    [
      "{tool} がないため、浮動IPアドレスの重複を監視できません",
      "パッケージ {package} を導入してください",
    ],
  ),
  systemd: entry(["systemd {version}"], ["systemd {version}"]),
  "systemd.missing": entry(
    ["systemd was not found", "the package needs systemd {wanted} or newer"],
    ["systemd が見つかりません", "本パッケージには systemd {wanted} 以降が必要です"],
  ),
  "systemd.old": entry(
    ["systemd {version} is too old", "use a system with systemd {wanted} or newer"],
    ["systemd {version} は古すぎます", "systemd {wanted} 以降のシステムを使用してください"],
  ),
  "systemd.not-running": entry(
    [
      "this machine was not started by systemd",
      "run the check on the server itself, after its start",
    ],
    ["このマシンは systemd で起動していません", "起動済みのサーバ上で検査を実行してください"],
  ),
  package: entry(["installed: {main}"], ["導入済み: {main}"]),
  "package.incomplete": entry(
    ["the package is not installed completely: {files}", "run kage install as root"],
    ["パッケージの導入が不完全です: {files}", "root で kage install を実行してください"],
  ),
  "package.node-home": entry(
    [
      "the units start {node}, which lies in a user's folder that they may not see",
      "install Node for the whole system, then run kage install with it",
    ],
    [
      "ユニットが起動する {node} は、ユニットから見えないユーザーのフォルダにあります",
      "Node をシステム全体に導入し、その Node で kage install を実行してください",
    ],
  ),
  "package.enabled": entry(["starts with the machine"], ["マシンの起動時に自動で開始します"]),
  "package.not-enabled": entry(
    ["does not start with the machine", "when all else is well: systemctl enable kage.target"],
    [
      "マシンの起動時に自動では開始しません",
      "他の項目が正常になったら systemctl enable kage.target を実行してください",
    ],
  ),
  realtime: entry(["real-time priority is allowed"], ["リアルタイム優先度を使用できます"]),
  "realtime.none": entry(
    ["the kernel gives real-time processes no time", "sysctl -w kernel.sched_rt_runtime_us=950000"],
    [
      "カーネルがリアルタイムプロセスに CPU 時間を割り当てません",
      "sysctl -w kernel.sched_rt_runtime_us=950000 を実行してください",
    ],
  ),
  "realtime.groups": entry(
    [
      "the kernel counts real-time per cgroup and gives services none",
      "use a kernel without CONFIG_RT_GROUP_SCHED; from Linux 6.15 on rt_group_sched=0 on its command line does the same",
    ],
    [
      "カーネルがリアルタイム時間を cgroup ごとに管理し、サービスには割り当てません",
      "CONFIG_RT_GROUP_SCHED なしのカーネルを使用してください。Linux 6.15 以降は起動パラメータ rt_group_sched=0 でも可能です",
    ],
  ),
  "realtime.refused": entry(
    [
      "real-time priority was refused",
      "run the check as root; in a container or virtual environment allow CAP_SYS_NICE",
    ],
    [
      "リアルタイム優先度が拒否されました",
      "root で検査してください。コンテナでは CAP_SYS_NICE を許可してください",
    ],
  ),
  "realtime.unknown": entry(
    [
      "whether real-time priority is allowed cannot be read here",
      "run the check on the server itself",
    ],
    ["リアルタイム優先度の可否をここでは判定できません", "サーバ上で検査を実行してください"],
  ),
  cgroup: entry(["cgroup v2 with memory protection"], ["cgroup v2 (メモリ保護あり)"]),
  "cgroup.old": entry(
    [
      "no cgroup v2: programs are tracked by mark and session, memory is not protected",
      "start the kernel with systemd.unified_cgroup_hierarchy=1",
    ],
    [
      "cgroup v2 がないため、プログラムは印とセッションで追跡し、メモリは保護されません",
      "カーネルを systemd.unified_cgroup_hierarchy=1 で起動してください",
    ],
  ),
  "cgroup.no-kill": entry(
    ["kernel {release} cannot kill a cgroup at once", "use Linux 5.14 or newer"],
    ["カーネル {release} は cgroup を一括終了できません", "Linux 5.14 以降を使用してください"],
  ),
  "cgroup.no-memory": entry(
    [
      "the memory controller is off: MemoryMin of the units has no effect",
      "start the kernel with cgroup_enable=memory",
    ],
    [
      "メモリコントローラが無効のため、ユニットの MemoryMin が効きません",
      "カーネルを cgroup_enable=memory で起動してください",
    ],
  ),
  broker: entry(["mosquitto is there"], ["mosquitto があります"]),
  "broker.unused": entry(["telemetry is not configured"], ["テレメトリは構成されていません"]),
  "broker.elsewhere": entry(
    ["the brokers are elsewhere: {brokers}"],
    ["ブローカは別のホストです: {brokers}"],
  ),
  "broker.certificate": entry(
    ["the broker's certificate is good until {until}"],
    ["ブローカの証明書は {until} まで有効です"],
  ),
  "broker.certificate-ends": entry(
    [
      "the broker's certificate ends soon, {until}",
      "kage certificate renew, then systemctl reload mosquitto",
    ],
    [
      "ブローカの証明書はまもなく失効します ({until})",
      "kage certificate renew の後、systemctl reload mosquitto を実行してください",
    ],
  ),
  "broker.certificate-ended": entry(
    [
      "the broker's certificate has ended, {until}: nobody connects by TLS",
      "kage certificate renew, then systemctl reload mosquitto",
    ],
    [
      "ブローカの証明書は失効しました ({until})。TLS で接続できません",
      "kage certificate renew の後、systemctl reload mosquitto を実行してください",
    ],
  ),
  "broker.no-certificate": entry(
    [
      "the broker of this server has no certificate ({file})",
      "write its files: kage broker setup --unit",
    ],
    [
      "このサーバのブローカに証明書がありません ({file})",
      "ファイルを作成してください: kage broker setup --unit",
    ],
  ),
  "broker.key-open": entry(
    ["{file} can be read by others", "chmod 600 {file}, then kage certificate renew"],
    [
      "{file} は他の利用者から読めます",
      "chmod 600 {file} の後、kage certificate renew を実行してください",
    ],
  ),
  "broker.missing": entry(
    ["the broker of this server ({brokers}) is missing", "install the package mosquitto"],
    ["このサーバのブローカ ({brokers}) がありません", "パッケージ mosquitto を導入してください"],
  ),
} as const satisfies Readonly<Record<string, CheckEntry>>;
