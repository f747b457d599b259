/** What a look at a script finds before anybody needs it; every fault is made by hand in a folder. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  inspectScript,
  parseInterpreter,
} from "../../../../hal/drivers/script-runner/script-file.ts";
import {
  type ScriptNews,
  ScriptWatch,
} from "../../../../hal/drivers/script-runner/script-watch.ts";

const test = suite<{ dir: string }>("script files");
const SEARCH = "/usr/bin:/bin";

test.before.each((world) => {
  world.dir = mkdtempSync(join(tmpdir(), "kage-script-"));
});
test.after.each(({ dir }) => rmSync(dir, { recursive: true, force: true }));

function put(dir: string, text: string | Buffer, mode = 0o755): string {
  const path = join(dir, "start.sh");
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

async function reasonOf(path: string): Promise<string> {
  const { verdict } = await inspectScript(path, SEARCH);
  return verdict.kind === "fit" ? "fit" : verdict.reason;
}

test("R118: a shell script, an env script and a binary are fit", async ({ dir }) => {
  assert.is(await reasonOf(put(dir, "#!/bin/sh\nexit 0\n")), "fit");
  assert.is(await reasonOf(put(dir, "#! /usr/bin/env sh\nexit 0\n")), "fit");
  assert.is(await reasonOf("/bin/true"), "fit");
});

const faults: readonly [string, string | Buffer, number, RegExp][] = [
  ["not executable", "#!/bin/sh\n", 0o644, /may not be run or read \(EACCES\)/],
  ["world-writable", "#!/bin/sh\n", 0o757, /everybody may change it; do: chmod o-w/],
  ["no first line", "exit 0\n", 0o755, /expected #! and the path of its interpreter/],
  ["interpreter missing", "#!/no/such/shell\n", 0o755, /interpreter \/no\/such\/shell: not there/],
  ["interpreter relative", "#!sh\n", 0o755, /has no full path/],
  ["Windows line ends", "#!/bin/sh\r\nexit 0\r\n", 0o755, /CR LF/],
  ["empty", "", 0o755, /it is empty/],
  ["endless first line", `#!/bin/${"x".repeat(400)}`, 0o755, /first line is too long/],
  ["env without program", "#!/usr/bin/env no-such-program\n", 0o755, /env does not find/],
  ["syntax", "#!/bin/sh\nif true; then\n", 0o755, /sh does not understand it: .*start\.sh/],
  ["noise", Buffer.from([0, 255, 254, 10, 13]), 0o755, /expected #!/],
];

for (const [name, text, mode, expected] of faults) {
  test(`R118: a script with a fault is unfit with the reason: ${name}`, async ({ dir }) => {
    assert.match(await reasonOf(put(dir, text, mode)), expected);
  });
}

test("R118: a missing file, a folder and a folder that everybody may write are unfit", async ({
  dir,
}) => {
  assert.match(await reasonOf(join(dir, "none.sh")), /not there \(ENOENT\)/);
  assert.match(await reasonOf(dir), /no regular file/);
  const open = join(dir, "open");
  mkdirSync(open);
  chmodSync(open, 0o777);
  assert.match(await reasonOf(put(open, "#!/bin/sh\n")), /everybody may replace it/);
  chmodSync(open, 0o1777);
  assert.is(await reasonOf(join(open, "start.sh")), "fit");
  symlinkSync(join(dir, "gone"), join(dir, "link"));
  assert.match(await reasonOf(join(dir, "link")), /not there/);
});

test("the interpreter line is read as the kernel reads it", () => {
  assert.equal(parseInterpreter("#!/bin/sh\n"), { program: "/bin/sh", argument: "" });
  assert.equal(parseInterpreter("#! \t/usr/bin/perl  -w \n"), {
    program: "/usr/bin/perl",
    argument: "-w",
  });
  assert.equal(parseInterpreter("#!/bin/sh"), { program: "/bin/sh", argument: "" });
  assert.type(parseInterpreter("#!\n"), "string");
});

test("R118: a look never runs the script", async ({ dir }) => {
  const mark = join(dir, "ran");
  await reasonOf(put(dir, `#!/bin/sh\ntouch ${mark}\n`));
  assert.match(await reasonOf(mark), /not there/);
});

test("R118: an unfit script is told at the first look, and every change after it", async ({
  dir,
}) => {
  const path = put(dir, "#!/bin/sh\nif\n");
  const news: ScriptNews[] = [];
  const watch = new ScriptWatch({
    paths: [path, path],
    searchPath: SEARCH,
    onNews: (one) => news.push(one),
    intervalMs: 3_600_000,
  });
  await watch.start();
  await watch.look();
  assert.equal(
    news.map(({ changed, verdict }) => [changed, verdict.kind]),
    [[false, "unfit"]],
  );
  put(dir, "#!/bin/sh\nexit 0 # corrected\n");
  await watch.look();
  await watch.look();
  assert.equal([news.length, news[1]?.verdict.kind, news[1]?.changed], [2, "fit", true]);
  chmodSync(path, 0o757);
  await watch.look();
  assert.is(news[2]?.verdict.kind, "unfit");
  rmSync(path);
  await watch.look();
  assert.match(JSON.stringify(news[3]), /not there/);
  watch.close();
});

test("R118: what is unfit stands until the look after its repair", async ({ dir }) => {
  const path = put(dir, "#!/bin/sh\n", 0o644);
  const watch = new ScriptWatch({
    paths: [path, "/bin/true"],
    searchPath: SEARCH,
    onNews: () => undefined,
    intervalMs: 3_600_000,
  });
  assert.equal(watch.unfit, []);
  await watch.start();
  assert.equal(
    watch.unfit.map((script) => script.path),
    [path],
  );
  assert.match(watch.unfit[0]?.reason ?? "", /chmod u\+rx/);
  await watch.look();
  assert.is(watch.unfit.length, 1);
  chmodSync(path, 0o755);
  await watch.look();
  assert.equal(watch.unfit, []);
  watch.close();
});

test.run();
