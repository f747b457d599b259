/** `kage status`: the picture as golden text, who answered, honesty about age and disagreement. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { fakeAppliance, ok, type Script } from "./fake-appliance.ts";
import { kage, type TerminalOptions } from "./fake-terminal.ts";
import { DEGRADED, HEALTHY, withServer } from "./pictures.ts";

const shows =
  (document: unknown): Script =>
  () =>
    ok(document);

async function status(
  agents: Parameters<typeof fakeAppliance>[0],
  words: readonly string[] = [],
  options: TerminalOptions = {},
) {
  const appliance = await fakeAppliance(agents);
  const ran = await kage(appliance.runDir, ["status", ...words], options);
  await appliance.stop();
  return ran;
}

test("a healthy cluster is shown with every path folded into one line", async () => {
  const { exit, out, err } = await status({ SERVER1: shows(HEALTHY), SERVER2: shows(HEALTHY) });
  assert.is(
    out,
    `demo  ✔ OK  survives 1 more failure
method COM + disk, epoch 7, coordinator SERVER1

SERVER   STATE     FOR         INCARNATION
SERVER1  ✔ member  2 h 10 min  a1b2c3d4
SERVER2  ✔ member  2 h 10 min  00112233

GROUP  STATE      ON       POLICY
web    ✔ running  SERVER1  SERVER1 > SERVER2

PATH   KIND         STATE     LAST HEARD
lan1   private LAN  ✔ normal  0.3 s ago
lan2   public LAN   ✔ normal  0.1 s ago
com1   COM          ✔ normal  0.1 s ago
array  array        ✔ normal  0.1 s ago

answered by SERVER1, 0.0 s ago
`,
  );
  assert.is(err, "");
  assert.is(exit, 0);
});

test("R210: the configuration in force is named by number and hash, as in the history", async () => {
  const details = { revision: 3, configHash: "1a2b3c4d", protection: "software-bounded" };
  const cluster = { ...HEALTHY.cluster, details };
  const agents = { SERVER1: shows({ ...HEALTHY, cluster }) };
  const line = "coordinator SERVER1, configuration 3 (1a2b3c4d), software-bounded\n";
  assert.match((await status(agents)).out, line);
  assert.match((await status(agents, ["--lang", "ja"])).out, "構成 3 (1a2b3c4d)");
});

test("a path that was heard is never shown as never heard, when only the other side cannot say", async () => {
  const paths = HEALTHY.paths.map((path) => {
    if (path.id !== "lan1") return path;
    const lastHeardMs = path.to === "SERVER1" ? 2100 : null;
    return { ...path, state: "faulty" as const, lastHeardMs };
  });
  const { out } = await status({ SERVER1: shows({ ...HEALTHY, paths }) });
  assert.match(out, "lan1   private LAN  ✖ faulty  2.1 s ago   all 2 directions");
});

test("R202: a downed server, its reasons and the unreachable agent stand out in words", async () => {
  const { out } = await status({ SERVER1: shows(DEGRADED), SERVER2: null });
  assert.is(
    out,
    `demo  ! DEGRADED  cannot survive another failure
method COM + disk, epoch 8, coordinator SERVER1
  ! SERVER2 is not heard. (KG-2030)

SERVER   STATE     FOR         INCARNATION
SERVER1  ✔ member  2 h 10 min  a1b2c3d4
SERVER2  ✖ off     14 s        00112233

GROUP  STATE      ON       POLICY
web    ✔ running  SERVER1  SERVER1 > (SERVER2)

PATH  KIND         STATE      LAST HEARD  DIRECTION
lan1  private LAN  ✖ faulty   14 s ago    all 2 directions
lan2  public LAN   ! unknown  never       SERVER2 > SERVER1
                   ✔ normal   0.1 s ago   SERVER1 > SERVER2

answered by SERVER1, 0.0 s ago
! SERVER2 unreachable: not running (ENOENT)
`,
  );
});

test("Japanese text stays aligned although its characters are two cells wide", async () => {
  const options = { env: { LANG: "ja_JP.UTF-8" } };
  const { out } = await status({ SERVER1: shows(DEGRADED) }, [], options);
  assert.is(
    out,
    `demo  ! 縮退  次の障害には耐えられません
解決方式 COM + 共有ディスク, エポック 8, 調整役 SERVER1
  ! SERVER2 is not heard. (KG-2030)

サーバ   状態      継続時間   起動識別子
SERVER1  ✔ 稼働    2時間10分  a1b2c3d4
SERVER2  ✖ ダウン  14秒       00112233

グループ  状態      稼働サーバ  フェイルオーバポリシー
web       ✔ 起動済  SERVER1     SERVER1 > (SERVER2)

経路  種別     状態    最終受信  方向
lan1  専用LAN  ✖ 異常  14秒前    全 2 方向
lan2  公開LAN  ! 不明  なし      SERVER2 > SERVER1
               ✔ 正常  0.1秒前   SERVER1 > SERVER2

応答: SERVER1 (0.0秒前)
`,
  );
});

test("LC_ALL wins over LANG, and --lang over both", async () => {
  const agents = { SERVER1: shows(HEALTHY) };
  const env = { LANG: "ja_JP.UTF-8", LC_ALL: "C" };
  assert.match((await status(agents, [], { env })).out, "OK  survives 1 more failure");
  assert.match((await status(agents, ["--lang", "ja"], { env })).out, "正常");
});

test("R202: on a terminal the downed server is red, and NO_COLOR or a pipe takes all colour away", async () => {
  const agents = { SERVER1: shows(DEGRADED) };
  const red = (text: string): string => `\x1b[1;31m${text}\x1b[0m`;
  const coloured = await status(agents, [], { tty: true });
  assert.ok(coloured.out.includes(red("SERVER2")), "name is red");
  assert.ok(coloured.out.includes(red("✖ off")), "state is red");
  const plain = await status(agents, [], { tty: true, env: { NO_COLOR: "1" } });
  assert.not.ok(plain.out.includes("\x1b"), "no sequence with NO_COLOR");
  const piped = await status(agents);
  assert.not.ok(piped.out.includes("\x1b"), "no sequence on a pipe");
  assert.is(plain.out, piped.out);
});

test("a terminal without UTF-8 gets signs of ASCII", async () => {
  const { out } = await status({ SERVER1: shows(DEGRADED) }, [], { env: { LANG: "C" } });
  assert.match(out, "SERVER2  x off");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the whole of ASCII is meant
  assert.match(out, /^[\x00-\x7f]*$/);
});

test("R208: a detached server is named with the command that brings it back", async () => {
  const { out } = await status({ SERVER1: shows(withServer("SERVER2", { state: "detached" })) });
  assert.match(out, "SERVER2  ! detached");
  assert.match(out, "next: kage server return SERVER2");
});

test("-o json passes on what the agent said, with unknown keys, and says who was asked", async () => {
  const document = { ...HEALTHY, later: { x: 1 } };
  const { exit, out } = await status({ SERVER1: shows(document), SERVER2: null }, ["-o", "json"]);
  assert.is(exit, 0);
  const { agents, ...rest } = JSON.parse(out);
  assert.equal(rest, document);
  assert.equal(agents, [
    { server: "SERVER1", answered: true, reachable: true, trouble: null },
    { server: "SERVER2", answered: false, reachable: false, trouble: "not running (ENOENT)" },
  ]);
});

test("-o name lists what completion and shells loop over", async () => {
  const { out } = await status({ SERVER1: shows(HEALTHY) }, ["-o", "name"]);
  const names =
    "cluster/demo server/SERVER1 server/SERVER2 group/web path/lan1 path/lan2 path/com1";
  assert.is(out, `${`${names} path/array`.replaceAll(" ", "\n")}\n`);
});

test("the coordinator's picture is believed, whichever agent answers first in the list", async () => {
  const stale = { ...HEALTHY, cluster: { ...HEALTHY.cluster, coordinator: "SERVER2" } };
  const { out } = await status({ SERVER1: shows(stale), SERVER2: shows(stale) });
  assert.match(out, "answered by SERVER2, 0.0 s ago");
});

test("two agents with different views are both told, never merged", async () => {
  const other = {
    ...HEALTHY,
    cluster: { ...HEALTHY.cluster, epoch: 9, coordinator: "SERVER2" },
    groups: [{ ...HEALTHY.groups[0], owner: "SERVER2" }],
  };
  const { out } = await status({ SERVER1: shows(HEALTHY), SERVER2: shows(other) });
  // Of two coordinators the one with the newer view is believed.
  assert.match(out, "answered by SERVER2");
  assert.match(
    out,
    "! SERVER1 sees it differently: epoch 7, coordinator SERVER1, web is running on SERVER1",
  );
});

test("one of two agents hangs: the other's answer is shown and the hung one is named", async () => {
  const hung = { SERVER1: () => ({ kind: "hang" }) as const, SERVER2: shows(HEALTHY) };
  const { exit, out } = await status(hung);
  assert.is(exit, 0);
  assert.match(out, "answered by SERVER2");
  assert.match(out, /! SERVER1 unreachable: no answer within 0\.\d s/);
});

test("a control character in an agent's text never reaches the terminal", async () => {
  const reasons = [{ code: "KG-1", text: "evil \x1b]0;title\x07 text" }];
  const document = { ...DEGRADED, cluster: { ...DEGRADED.cluster, reasons } };
  const { out } = await status({ SERVER1: shows(document) });
  assert.not.ok(out.includes("\x1b") || out.includes("\x07"));
  assert.match(out, "evil  ]0;title  text");
});

test("--watch on a pipe prints the first state and then one line per change", async () => {
  const pictures = [HEALTHY, HEALTHY, DEGRADED, DEGRADED];
  let asked = 0;
  const agent: Script = () => ok(pictures[Math.min(asked++, pictures.length - 1)]);
  const appliance = await fakeAppliance({ SERVER1: agent });
  const { exit, out } = await kage(appliance.runDir, ["status", "--watch"], {
    onPause: (count) => (count === 4 ? "ctrl-c" : "go on"),
  });
  await appliance.stop();
  assert.is(exit, 0);
  assert.is(
    out,
    `2026-11-22T03:00:00.000Z  cluster demo: OK, survives 1 more failure
2026-11-22T03:00:00.000Z  SERVER1 is member
2026-11-22T03:00:00.000Z  SERVER2 is member
2026-11-22T03:00:00.000Z  web is running on SERVER1
2026-11-22T03:00:01.000Z  cluster demo: OK -> DEGRADED, cannot survive another failure
2026-11-22T03:00:01.000Z  reason: SERVER2 is not heard.
2026-11-22T03:00:01.000Z  server SERVER2: member -> off
2026-11-22T03:00:01.000Z  path lan1 SERVER1 > SERVER2: normal -> faulty
2026-11-22T03:00:01.000Z  path lan1 SERVER2 > SERVER1: normal -> faulty
2026-11-22T03:00:01.000Z  path lan2 SERVER2 > SERVER1: normal -> unknown
`,
  );
});

test("--watch on a terminal greys the last picture and tells its age when nobody answers", async () => {
  let asked = 0;
  const agent: Script = () => (asked++ === 0 ? ok(HEALTHY) : { kind: "close" });
  const appliance = await fakeAppliance({ SERVER1: agent });
  let stale = "";
  const { exit, out } = await kage(appliance.runDir, ["status", "-w"], {
    tty: true,
    onPause: (count, soFar) => {
      if (count === 3) stale = soFar.slice(soFar.lastIndexOf("\x1b[H"));
      return count === 3 ? "ctrl-c" : "go on";
    },
  });
  await appliance.stop();
  assert.is(exit, 0);
  assert.match(stale, "NO AGENT ANSWERS - this is the picture of 1.0 s ago");
  assert.match(stale, "\x1b[2m✔ member\x1b[0m");
  assert.not.match(stale, "\x1b[32m");
  assert.ok(out.startsWith("\x1b[?1049h\x1b[?25l"), "opens the alternate screen");
  assert.ok(out.includes("\x1b[?25h\x1b[?1049l"), "gives the cursor and the screen back");
});

test("--watch fits the terminal: cut lines, and the number of lines that do not fit", async () => {
  const appliance = await fakeAppliance({ SERVER1: shows(HEALTHY) });
  const { out } = await kage(appliance.runDir, ["status", "--watch"], {
    tty: true,
    columns: 20,
    rows: 5,
    env: { NO_COLOR: "1" },
    onPause: () => "ctrl-c",
  });
  await appliance.stop();
  const drawn = out.slice(out.indexOf("\x1b[H") + 3, out.indexOf("\x1b[J"));
  assert.equal(drawn.replaceAll("\x1b[K", "").split("\r\n"), [
    "demo  ✔ OK  survives",
    "method COM + disk, e",
    "",
    "SERVER   STATE     F",
    "... 13 more lines",
  ]);
});

test("--watch -o jsonl prints one document per change; -o json is refused with the way out", async () => {
  const pictures = [HEALTHY, HEALTHY, DEGRADED];
  let asked = 0;
  const agent: Script = () => ok(pictures[Math.min(asked++, 2)]);
  const appliance = await fakeAppliance({ SERVER1: agent });
  const { out } = await kage(appliance.runDir, ["status", "--watch", "-o", "jsonl"], {
    onPause: (count) => (count === 5 ? "ctrl-c" : "go on"),
  });
  const refused = await kage(appliance.runDir, ["status", "--watch", "-o", "json"]);
  await appliance.stop();
  const levels = out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line).cluster.level);
  assert.equal(levels, ["ok", "degraded"]);
  assert.is(refused.exit, 2);
  assert.is(JSON.parse(refused.out).remedy, "use -o jsonl");
});

test.run();
