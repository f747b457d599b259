/**
 * A member should not be what the others look names and users up in: a failover takes the directory away just
 * when everybody asks it, and a member that waits for its own directory starts late. A warning, never a refusal.
 * By what is enabled at boot and what runs; a resolver or a cache for the machine itself is neither.
 * Source: R139, D46; guide 2.2.1; samba(8), slapd(8), dirsrv, named.conf(5), nsd(8), knotd(8), pdns_server(1).
 */
import { ok, type Probe, warns } from "./facts.ts";
import type { Machine } from "./machine.ts";

interface Service {
  readonly name: string;
  /** Units without suffix, and scripts of the older kind; a template instance counts as its template. */
  readonly units: readonly string[];
  readonly programs: readonly string[];
}

const DIRECTORIES: readonly Service[] = [
  // The file server is `smbd`; only the controller's processes are called by the bare name.
  { name: "Samba domain controller", units: ["samba-ad-dc"], programs: ["samba"] },
  { name: "OpenLDAP", units: ["slapd"], programs: ["slapd"] },
  { name: "389 Directory Server", units: ["dirsrv", "dirsrv@"], programs: ["ns-slapd"] },
  { name: "FreeIPA", units: ["ipa"], programs: [] },
  { name: "NSD", units: ["nsd"], programs: ["nsd"] },
  { name: "Knot DNS", units: ["knot"], programs: ["knotd"] },
  { name: "PowerDNS", units: ["pdns"], programs: ["pdns_server"] },
];
const NAMED: Service = { name: "BIND", units: ["named", "bind9"], programs: ["named"] };
/** Debian's default zones (localhost and the like) stand in another file, and are no name service for others. */
const NAMED_FILES = ["/etc/bind/named.conf", "/etc/bind/named.conf.local", "/etc/named.conf"];
const PRIMARY = /\btype\s+(?:primary|master)\s*;/;
/** A quoted string, or one of the three kinds of comment; whichever begins first is what it is. */
const QUOTED_OR_COMMENT = /("(?:[^"\\\n]|\\.)*")|\/\/.*|#.*|\/\*[\s\S]*?(?:\*\/|$)/g;
/** Debian starts scripts without a unit at run level 3; the links are called S01slapd. */
const SCRIPTS = "/etc/rc3.d";
const UNIT_DIR = "/etc/systemd/system";

export const probeDirectory: Probe = ({ machine }) => {
  const enabled = enabledUnits(machine);
  const running = new Set(machine.processes().map(({ argv }) => programOf(argv[0] ?? "")));
  const isThere = ({ units, programs }: Service): boolean =>
    units.some((unit) => enabled.has(unit)) || programs.some((program) => running.has(program));
  const found = DIRECTORIES.filter(isThere).map(({ name }) => name);
  const serves = NAMED_FILES.some((file) => isPrimary(machine.text(file) ?? ""));
  if (serves && isThere(NAMED)) found.push(NAMED.name);
  return found.length === 0
    ? [ok("directory")]
    : found.map((service) => warns("directory.served", { service }));
};

/** A zone of its own. A comment ends the word before it; quoted texts are kept as one empty string. */
function isPrimary(text: string): boolean {
  const bare = text.replace(QUOTED_OR_COMMENT, (_, quoted) => (quoted === undefined ? " " : '""'));
  return PRIMARY.test(bare);
}

function enabledUnits(machine: Machine): ReadonlySet<string> {
  const wants = machine.list(UNIT_DIR).filter((name) => name.endsWith(".wants"));
  const units = wants
    .flatMap((folder) => machine.list(`${UNIT_DIR}/${folder}`))
    .map((name) => name.replace(/@.*$/, "@").replace(/\.service$/, ""));
  const scripts = machine.list(SCRIPTS).flatMap((name) => /^S\d\d(.+)$/.exec(name)?.[1] ?? []);
  return new Set([...units, ...scripts]);
}

/** Samba and NSD show what each process does: `samba: root process`, `nsd: main`; setproctitle(3). */
const programOf = (title: string): string => title.replace(/: .*$/s, "").split("/").at(-1) ?? "";
