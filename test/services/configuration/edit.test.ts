/** Edits of the configuration text: what is changed, and that everything else stays to the letter. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  addGroup,
  addServer,
  type Edited,
  listNames,
  removeGroup,
  setValues,
} from "../../../services/configuration/edit.ts";

const TEXT = `// head comment
{
  "cluster": { "name": "WWW" }, // the name
  "method": "com-disk",
  /* servers */
  "servers": [
    { "name": "SERVER1" } // first
  ],
  "lans": [
    { "id": "lan1", "kind": "private", "addresses": { "SERVER1": "127.5.5.1:7001" } },
    { "id": "lan2", "kind": "public", "addresses": { "SERVER1": "127.5.6.1:7001" } }
  ],
  "com": { "devices": { "SERVER1": "/dev/ttyS0" } },
  "disk": { "paths": { "SERVER1": "/dev/sdx1" } },
  "groups": [
    // the only group
    { "name": "web", "policy": ["SERVER1"], "resources": [] }
  ],
}
`;

const SERVER2 = {
  name: "SERVER2",
  lans: { lan1: "127.5.5.2:7001", lan2: "127.5.6.2:7001" },
  com: "/dev/ttyS1",
  disk: "/dev/sdy1",
};

function textOf(edited: Edited): string {
  if (edited.kind !== "text") throw new Error(`refused: ${edited.reason} ${edited.detail}`);
  return edited.text;
}

/** Without comments and trailing commas, for comparing the values. */
const parsed = (text: string) =>
  JSON.parse(
    text
      .replace(/\/\*.*?\*\//g, "")
      .replace(/\/\/.*$/gm, "")
      .replace(/,(\s*[}\]])/g, "$1"),
  );

test("R210: a server gets its place in the list, on every LAN, on the cable and on the disk", () => {
  const text = textOf(addServer(TEXT, { ...SERVER2, publicInterface: "eth0" }));
  const value = parsed(text);
  assert.equal(value.servers, [{ name: "SERVER1" }, { name: "SERVER2", publicInterface: "eth0" }]);
  assert.equal(value.lans[0].addresses, { SERVER1: "127.5.5.1:7001", SERVER2: "127.5.5.2:7001" });
  assert.equal(value.lans[1].addresses, { SERVER1: "127.5.6.1:7001", SERVER2: "127.5.6.2:7001" });
  assert.equal(value.com.devices, { SERVER1: "/dev/ttyS0", SERVER2: "/dev/ttyS1" });
  assert.equal(value.disk.paths, { SERVER1: "/dev/sdx1", SERVER2: "/dev/sdy1" });
});

test("every comment and every line that is not concerned stays as it was", () => {
  const text = textOf(addServer(TEXT, SERVER2));
  for (const comment of ["// head comment", "// the name", "/* servers */", "// first"]) {
    assert.ok(text.includes(comment), comment);
  }
  assert.ok(text.includes("    // the only group\n"));
  assert.ok(text.includes('  "cluster": { "name": "WWW" }, // the name\n'));
});

const reasonOf = (edited: Edited): string =>
  edited.kind === "refused" ? `${edited.reason} ${edited.detail}` : "accepted";

test("a server that is known, lacks a path or has one too many is refused", () => {
  assert.is(reasonOf(addServer(TEXT, { ...SERVER2, name: "server1" })), "exists server1");
  const lan1 = { lan1: "127.5.5.2:7001" };
  assert.is(reasonOf(addServer(TEXT, { ...SERVER2, lans: lan1 })), "lan-missing lan2");
  const lans = { ...SERVER2.lans, lan3: "127.5.7.2:7001" };
  assert.is(reasonOf(addServer(TEXT, { ...SERVER2, lans })), "no-lan lan3");
  assert.is(reasonOf(addServer(TEXT, { ...SERVER2, com: undefined })), "com-missing com");
  assert.is(reasonOf(addServer(TEXT, { ...SERVER2, disk: undefined })), "disk-missing disk");
  const bare = TEXT.replace(/ {2}"(com|disk)".*\n/g, "");
  assert.is(reasonOf(addServer(bare, { ...SERVER2, disk: undefined })), "no-com com");
  assert.is(reasonOf(addServer(bare, { ...SERVER2, com: undefined })), "no-disk disk");
  assert.is(reasonOf(addServer("{ nonsense", SERVER2)), "unreadable ");
  const faced = TEXT.replace('"SERVER1" } // first', '"SERVER1", "publicInterface": "eth0" }');
  assert.is(reasonOf(addServer(faced, SERVER2)), "interface-missing interface");
});

test("R210: a group is added behind the others and removed again with the rest untouched", () => {
  const group = {
    name: "db",
    start: "manual" as const,
    policy: ["SERVER1"],
    resources: [{ type: "program", name: "db", argv: ["/bin/true"] }],
  };
  const text = textOf(addGroup(TEXT, group));
  assert.equal(parsed(text).groups[1], group);
  assert.is(reasonOf(addGroup(text, group)), "exists db");
  const back = textOf(removeGroup(text, "db"));
  assert.equal(parsed(back), parsed(TEXT));
  assert.ok(back.includes("// the only group"));
  assert.is(reasonOf(removeGroup(TEXT, "db")), "absent db");
});

test("a value is set where it stands, and a missing section is made for it", () => {
  const values = [
    { at: ["timing", "pauseMs"], value: 40 },
    { at: ["method"], value: "com" },
  ];
  const text = textOf(setValues(TEXT, values));
  assert.equal(parsed(text).timing, { pauseMs: 40 });
  assert.is(parsed(text).method, "com");
});

test("the names that stand in a text are listed; a text that cannot be read has none", () => {
  assert.equal(listNames(TEXT), {
    method: "com-disk",
    servers: ["SERVER1"],
    lans: ["lan1", "lan2"],
    hasCom: true,
    hasDisk: true,
  });
  const none = { method: "", servers: [], lans: [], hasCom: false, hasDisk: false };
  assert.equal(listNames("{"), none);
});

test("a byte order mark neither shifts nor survives an edit", () => {
  const text = textOf(addServer(`\uFEFF${TEXT}`, SERVER2));
  assert.is(text, textOf(addServer(TEXT, SERVER2)));
});

test.run();
