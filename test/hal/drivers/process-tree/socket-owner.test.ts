/** Who listens on a Unix socket: the kernel's table by hand, then a real process. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { findListener, parseListener } from "../../../../hal/drivers/process-tree/socket-owner.ts";

const TABLE = `Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000003 00000000 00000000 0001 03 111 /run/kage/pulse.sock
0000000000000000: 00000002 00000000 00010000 0001 01 222 /run/kage/pulse.sock
0000000000000000: 00000002 00000000 00010000 0001 01 333 /run/other place/pulse.sock
0000000000000000: 00000003 00000000 00000000 0001 03 444
`;

test("proc(5): the listening socket is told from accepted ones and from other paths", () => {
  assert.is(parseListener(TABLE, "/run/kage/pulse.sock"), "222");
  assert.is(parseListener(TABLE, "/run/other place/pulse.sock"), "333");
  for (const path of ["/run/kage/pulse", "pulse.sock", ""]) {
    assert.is(parseListener(TABLE, path), null, path);
  }
  assert.is(parseListener("", "/run/kage/pulse.sock"), null);
});

test("R22: the process that listens is found though it never answers", async () => {
  const dir = mkdtempSync(join(tmpdir(), "kage-listener-"));
  const path = join(dir, "a.sock");
  assert.is(findListener(path), null);
  const program = `require("net").createServer().listen(process.argv[1], () => console.log("up"))`;
  const child = spawn(process.execPath, ["-e", program, path], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  const ended = once(child, "exit");
  assert.is(findListener(path)?.pid, child.pid);
  child.kill("SIGKILL");
  await ended;
  assert.is(findListener(path), null);
  rmSync(dir, { recursive: true, force: true });
});

test.run();
