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
  [
    "OpenLDAP started by hand",
    (root) => root.write("/proc/77/cmdline", "/usr/sbin/slapd\0-h\0ldap:///\0"),
    true,
  ],
  [
    "BIND with a zone of its own",
    (root) => {
      root.link(`${WANTS}/named.service`, "/x");
      root.write("/etc/bind/named.conf.local", ZONE);
    },
    true,
  ],
  [
    "BIND as a cache, the zone commented out",
    (root) => {
      root.link(`${WANTS}/named.service`, "/x");
      root.write("/etc/bind/named.conf.local", ZONE.replace("  type", "  // type"));
    },
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
