/**
 * A member that others look names or users up in is warned of (guide 2.2.1). Units and scripts are called as
 * Debian, RHEL and SUSE call them; a resolver for the machine itself is no name service.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { checkMachine } from "../../../firmware/install/check.ts";
import { Machine } from "../../../firmware/install/machine.ts";
import { type FakeRoot, healthyRoot } from "./fake-root.ts";

const WANTS = "/etc/systemd/system/multi-user.target.wants";
const ZONE = 'zone "example.org" {\n  type primary;\n  file "db.example";\n};\n';
/** BIND runs and its own zones are in this text. */
const bindWith = (text: string) => (root: FakeRoot) => {
  root.link(`${WANTS}/named.service`, "/x");
  root.write("/etc/bind/named.conf.local", text);
};
const process = (cmdline: string) => (root: FakeRoot) => root.write("/proc/77/cmdline", cmdline);
const DIRECTORIES: readonly [string, (root: FakeRoot) => void, boolean][] = [
  ["Samba as a domain controller", (root) => root.link(`${WANTS}/samba-ad-dc.service`, "/x"), true],
  ["Samba as a file server", (root) => root.link(`${WANTS}/smbd.service`, "/x"), false],
  ["an instance of 389", (root) => root.link(`${WANTS}/dirsrv@main.service`, "/x"), true],
  [
    "OpenLDAP by a script of the older kind",
    (root) => root.link("/etc/rc3.d/S01slapd", "/x"),
    true,
  ],
  ["OpenLDAP switched off", (root) => root.link("/etc/rc3.d/K01slapd", "/x"), false],
  ["OpenLDAP started by hand", process("/usr/sbin/slapd\0-h\0ldap:///\0"), true],
  ["a domain controller started by hand", process("/usr/sbin/samba\0-D\0"), true],
  ["a domain controller by its process title", process("samba: root process\0\0\0"), true],
  ["a file server started by hand", process("/usr/sbin/smbd\0-D\0"), false],
  ["NSD by its process title", process("nsd: main\0"), true],
  ["BIND with a zone of its own", bindWith(ZONE), true],
  ["BIND as a cache, the zone commented out", bindWith(ZONE.replace("  type", "  // type")), false],
  ["BIND with the zone behind #", bindWith(ZONE.replace("  type", "# type")), false],
  ["BIND with the zone in a block comment", bindWith(`/* off since May\n${ZONE}*/\n`), false],
  ["BIND with a block comment that never ends", bindWith(`/*\n${ZONE}`), false],
  ["BIND with a zone behind a block comment", bindWith(`/* mine */ ${ZONE}`), true],
  [
    "BIND with a zone on one line, a path before its type",
    bindWith('zone "a.org" { file "/var/lib/bind/a"; type master; };\n'),
    true,
  ],
  [
    "BIND with a quoted path that has all marks of a comment",
    bindWith('zone "a.org" { file "/var//z/*#1"; type master; };\n'),
    true,
  ],
  [
    "BIND with the type in a quoted text only",
    bindWith('zone "a.org" { type hint; file "type master;"; };\n'),
    false,
  ],
  ["a zone file without BIND", (root) => root.write("/etc/bind/named.conf.local", ZONE), false],
];

for (const [name, change, isWarned] of DIRECTORIES) {
  test(`R139: ${name} is ${isWarned ? "warned of" : "no directory server"}`, () => {
    const root = healthyRoot();
    try {
      change(root);
      const found = checkMachine(new Machine(root.path, "20.19.0"));
      const served = found.filter(({ key }) => key.startsWith("directory"));
      assert.equal(
        served.map(({ key }) => key),
        isWarned ? ["directory.served"] : ["directory"],
      );
    } finally {
      root.close();
    }
  });
}

test.run();
