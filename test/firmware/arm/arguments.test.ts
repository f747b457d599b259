/** Command lines of the guide and of its reference, and what stands beside them. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { parseArm } from "../../../firmware/arm/arguments.ts";
import type { HelperCommand } from "../../../hal/drivers/script-runner/helper-commands.ts";

const parse = (line: string): ReturnType<typeof parseArm> => {
  const [command = "", ...argv] = line.split(" ");
  return parseArm(command.toLowerCase() as HelperCommand, argv);
};

const none = {
  restartMax: 0,
  forgetHours: null,
  failover: false,
  monitor: false,
  service: false,
};

const orders: readonly [string, string, object][] = [
  [
    "R155, R156, R157: the guide's watch over the resources; /A is ARMRSP's",
    "ARMLOAD RSP /R 9 /H 1 /FOV ARMRSP /A",
    {
      ...none,
      kind: "load",
      id: "RSP",
      argv: ["ARMRSP", "/A"],
      restartMax: 9,
      forgetHours: 1,
      failover: true,
    },
  ],
  [
    "R158: the guide's service",
    "ARMLOAD WWWPS /S /M W3SVC",
    { ...none, kind: "load", id: "WWWPS", argv: ["W3SVC"], service: true, monitor: true },
  ],
  [
    "options in lower case; a program by its path is no option",
    "armload x /fov /usr/bin/app /r 1",
    { ...none, kind: "load", id: "x", argv: ["/usr/bin/app", "/r", "1"], failover: true },
  ],
  ["R159: ARMKILL", "ARMKILL RSP", { kind: "kill", id: "RSP" }],
  ["R161: ARMLOG", "ARMLOG started", { kind: "log", text: "started", alert: false }],
  ["R161: ARMLOG /ARM", "ARMLOG bad news /ARM", { kind: "log", text: "bad news", alert: true }],
  ["R162: ARMFOVER", "ARMFOVER /F IIS", { kind: "fover", group: "IIS" }],
  ["R164: ARMDOWN", "ARMDOWN", { kind: "down", server: null }],
  ["R164: ARMDOWN of another", "ARMDOWN SERVER2", { kind: "down", server: "SERVER2" }],
  ["D21: ARMRSP", "ARMRSP", { kind: "rsp", all: false }],
  ["D21: ARMRSP /A", "ARMRSP /a", { kind: "rsp", all: true }],
];

for (const [name, line, order] of orders) {
  test(name, () => assert.equal(parse(line), { kind: "order", order }));
}

const refusals: readonly [string, RegExp][] = [
  ["armload", /ID first/],
  ["armload /R 1 x", /ID first/],
  ["armload x", /a program/],
  ["armload x /R 10 y", /\/R and a number from 1 to 9/],
  ["armload x /R 0 y", /from 1 to 9/],
  ["armload x /R", /from 1 to 9/],
  ["armload x /R 1 /H 25 y", /\/H and a number from 1 to 24/],
  ["armload x /H 1 y", /\/R with \/H/],
  ["armload x /M /R 1 y", /not both/],
  ["armload x /S one two", /one service/],
  ["armkill", /ID/],
  ["armkill a b", /ID/],
  ["armlog", /a text/],
  ["armlog /ARM", /a text/],
  ["armfover web", /\/F GROUP/],
  ["armfover /F", /\/F GROUP/],
  ["armdown /F", /SERVER/],
  ["armrsp /B", /\/A or nothing/],
];

for (const [line, expected] of refusals) {
  test(`"${line}" is refused with what was expected`, () => {
    const parsed = parse(line);
    assert.match(parsed.kind === "refused" ? parsed.expected : parsed.kind, expected);
  });
}

test("every command explains itself", () => {
  for (const word of ["--help", "-h", "/?"]) assert.is(parse(`armload ${word}`).kind, "help");
});

test.run();
