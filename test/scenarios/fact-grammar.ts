/**
 * Facts of a scenario: what an operator, a client or the rack's records can tell. Each fact is a
 * sentence; a sentence that fits no pattern is refused with the list.
 * `judge-fact.ts` says how each one is looked up.
 */

export type Fact =
  /** The server's own agent says it owns and runs the group. */
  | { readonly kind: "group.runs-on"; readonly server: string; readonly group: string }
  /** That many of the servers say so of themselves. */
  | { readonly kind: "group.runs-count"; readonly group: string; readonly count: number }
  /** Every agent that answers says: no owner, nothing running. */
  | { readonly kind: "group.stopped"; readonly group: string }
  /** `group` null = the first group of the cluster line; `server` null = no answer, `*` = any. */
  | {
      readonly kind: "client.gets";
      readonly group: string | null;
      readonly server: string | null;
    }
  /** As the server's own agent says. */
  | { readonly kind: "server.state"; readonly server: string; readonly state: string }
  | {
      readonly kind: "server.seen";
      readonly by: string;
      readonly server: string;
      readonly state: string;
    }
  /** Power as the cabinet reads it. */
  | { readonly kind: "machine"; readonly server: string; readonly on: boolean }
  | { readonly kind: "machines.off"; readonly least: number; readonly most: number }
  | { readonly kind: "machines.all"; readonly on: boolean }
  /** Each of these says that these and no others are members, in one and the same view. */
  | { readonly kind: "view"; readonly servers: readonly string[] }
  | { readonly kind: "view.all" }
  /** Powered off and on again by the watchdog since the block began: another incarnation. */
  | { readonly kind: "machine.reset"; readonly server: string }
  /** Logged since the block began; read from the folder when the server is off. */
  | {
      readonly kind: "event";
      readonly server: string | null;
      readonly key: string;
      readonly wanted: boolean;
    }
  /** Stands in the reasons of the cluster's level; `server` null = any agent that answers. */
  | {
      readonly kind: "warning";
      readonly server: string | null;
      readonly key: string;
      readonly wanted: boolean;
    }
  /** A script of a group has logged that (armlog) since the block began. */
  | { readonly kind: "script.said"; readonly server: string; readonly text: string }
  | { readonly kind: "level"; readonly level: string }
  /** All agents that have power and are not frozen answer and run by the same text. */
  | { readonly kind: "configuration.one" }
  | { readonly kind: "path"; readonly id: string; readonly state: string }
  /** Between the beginning of the block and this look. */
  | { readonly kind: "group.unmoved" }
  /** Same program process since the first time the group was seen running in this scenario. */
  | { readonly kind: "group.restarted"; readonly group: string; readonly wanted: boolean }
  | { readonly kind: "owners.never-two" }
  /** No array write between the successor's first announcement and this server's next power-on. */
  | { readonly kind: "array.no-late-write"; readonly server: string }
  /** The retained message of a topic below the cluster's prefix; `text` null = there is none. */
  | { readonly kind: "topic"; readonly topic: string; readonly text: string | null }
  /** Text of the last `kage` answer, both streams. */
  | { readonly kind: "said"; readonly text: string };

type Reader = (m: readonly string[]) => Fact;
interface Row {
  readonly form: string;
  readonly pattern: RegExp;
  readonly read: Reader;
}

const STATES = "starting|member|leaving|detached|returning|stopping";
const SERVER = "(SERVER\\d{1,2})";
const KEY = "([a-z][a-z0-9-]*(?:\\.[a-z0-9-]+)*)";

const GROUP_FACTS: readonly Row[] = [
  {
    form: "SERVER runs GROUP",
    pattern: /^(SERVER\d{1,2}) runs ([a-z][a-z0-9-]*)$/,
    read: (m) => ({ kind: "group.runs-on", server: m[1] ?? "", group: m[2] ?? "" }),
  },
  {
    form: "both run GROUP",
    pattern: /^both run ([a-z][a-z0-9-]*)$/,
    read: (m) => ({ kind: "group.runs-count", group: m[1] ?? "", count: 2 }),
  },
  {
    form: "exactly one runs GROUP",
    pattern: /^exactly one runs ([a-z][a-z0-9-]*)$/,
    read: (m) => ({ kind: "group.runs-count", group: m[1] ?? "", count: 1 }),
  },
  {
    form: "nobody runs GROUP",
    pattern: /^nobody runs ([a-z][a-z0-9-]*)$/,
    read: (m) => ({ kind: "group.runs-count", group: m[1] ?? "", count: 0 }),
  },
  {
    form: "GROUP stopped",
    pattern: /^([a-z][a-z0-9-]*) stopped$/,
    read: (m) => ({ kind: "group.stopped", group: m[1] ?? "" }),
  },
  {
    form: "client [of GROUP] gets SERVER|somebody|nothing",
    pattern: /^client(?: of ([a-z][a-z0-9-]*))? gets (SERVER\d{1,2}|somebody|nothing)$/,
    read: (m) => ({
      kind: "client.gets",
      group: m[1] ?? null,
      server: m[2] === "nothing" ? null : m[2] === "somebody" ? "*" : (m[2] ?? null),
    }),
  },
  { form: "no group moved", pattern: /^no group moved$/, read: () => ({ kind: "group.unmoved" }) },
  {
    form: "GROUP restarted|not restarted",
    pattern: /^([a-z][a-z0-9-]*) (not )?restarted$/,
    read: (m) => ({ kind: "group.restarted", group: m[1] ?? "", wanted: m[2] === undefined }),
  },
  {
    form: "never two owners",
    pattern: /^never two owners$/,
    read: () => ({ kind: "owners.never-two" }),
  },
  {
    form: "no late array write of SERVER",
    pattern: /^no late array write of (SERVER\d{1,2})$/,
    read: (m) => ({ kind: "array.no-late-write", server: m[1] ?? "" }),
  },
];

const SERVER_FACTS: readonly Row[] = [
  {
    form: `SERVER ${STATES}`,
    pattern: new RegExp(`^${SERVER} (${STATES})$`),
    read: (m) => ({ kind: "server.state", server: m[1] ?? "", state: m[2] ?? "" }),
  },
  {
    form: `SERVER sees SERVER ${STATES}|off`,
    pattern: new RegExp(`^${SERVER} sees ${SERVER} (${STATES}|off)$`),
    read: (m) => ({
      kind: "server.seen",
      by: m[1] ?? "",
      server: m[2] ?? "",
      state: m[3] ?? "",
    }),
  },
  {
    form: "SERVER on|off",
    pattern: /^(SERVER\d{1,2}) (on|off)$/,
    read: (m) => ({ kind: "machine", server: m[1] ?? "", on: m[2] === "on" }),
  },
  {
    form: "both on|off",
    pattern: /^both (on|off)$/,
    read: (m) => {
      const count = m[1] === "on" ? 0 : 2;
      return { kind: "machines.off", least: count, most: count };
    },
  },
  {
    form: "all on|off",
    pattern: /^all (on|off)$/,
    read: (m) => ({ kind: "machines.all", on: m[1] === "on" }),
  },
  {
    form: "exactly N off",
    pattern: /^exactly (\d{1,2}) off$/,
    read: (m) => ({ kind: "machines.off", least: Number(m[1]), most: Number(m[1]) }),
  },
  {
    form: "view of SERVER,SERVER...",
    pattern: /^view of (SERVER\d{1,2}(?:,SERVER\d{1,2})*)$/,
    read: (m) => ({ kind: "view", servers: (m[1] ?? "").split(",") }),
  },
  { form: "view of all", pattern: /^view of all$/, read: () => ({ kind: "view.all" }) },
  {
    form: "exactly|at least one off",
    pattern: /^(exactly|at least) one off$/,
    read: (m) => ({ kind: "machines.off", least: 1, most: m[1] === "exactly" ? 1 : 2 }),
  },
  {
    form: "SERVER was reset",
    pattern: /^(SERVER\d{1,2}) was reset$/,
    read: (m) => ({ kind: "machine.reset", server: m[1] ?? "" }),
  },
];

const REPORT_FACTS: readonly Row[] = [
  {
    form: "SERVER|somebody|nobody event KEY",
    pattern: new RegExp(`^(SERVER\\d{1,2}|somebody|nobody) event ${KEY}$`),
    read: (m) => ({
      kind: "event",
      server: m[1]?.startsWith("SERVER") === true ? m[1] : null,
      key: m[2] ?? "",
      wanted: m[1] !== "nobody",
    }),
  },
  {
    form: "SERVER script says TEXT",
    pattern: /^(SERVER\d{1,2}) script says (.+)$/,
    read: (m) => ({ kind: "script.said", server: m[1] ?? "", text: m[2] ?? "" }),
  },
  {
    form: "[no] warning stands KEY",
    pattern: new RegExp(`^(no )?warning stands ${KEY}$`),
    read: (m) => ({ kind: "warning", server: null, key: m[2] ?? "", wanted: m[1] === undefined }),
  },
  {
    form: "SERVER warns KEY",
    pattern: new RegExp(`^${SERVER} warns ${KEY}$`),
    read: (m) => ({ kind: "warning", server: m[1] ?? "", key: m[2] ?? "", wanted: true }),
  },
  {
    form: "level ok|degraded|failed",
    pattern: /^level (ok|degraded|failed)$/,
    read: (m) => ({ kind: "level", level: m[1] ?? "" }),
  },
  {
    form: "one configuration",
    pattern: /^one configuration$/,
    read: () => ({ kind: "configuration.one" }),
  },
  {
    form: "path ID normal|faulty|unknown",
    pattern: /^path (\S+) (normal|faulty|unknown)$/,
    read: (m) => ({ kind: "path", id: m[1] ?? "", state: m[2] ?? "" }),
  },
  {
    form: "topic TOPIC has TEXT",
    pattern: /^topic ([a-z0-9/-]+) has (.+)$/,
    read: (m) => ({ kind: "topic", topic: m[1] ?? "", text: m[2] ?? "" }),
  },
  {
    form: "topic TOPIC is empty",
    pattern: /^topic ([a-z0-9/-]+) is empty$/,
    read: (m) => ({ kind: "topic", topic: m[1] ?? "", text: null }),
  },
  {
    form: "it says TEXT",
    pattern: /^it says (.+)$/,
    read: (m) => ({ kind: "said", text: m[1] ?? "" }),
  },
];

const TABLE: readonly Row[] = [...SERVER_FACTS, ...GROUP_FACTS, ...REPORT_FACTS];

/** The fact, or a text that says which forms exist. */
export function parseFact(text: string): Fact | string {
  for (const row of TABLE) {
    const match = row.pattern.exec(text);
    if (match !== null) return row.read(match);
  }
  return `[within|for N ms|s|timeouts:] one of: ${TABLE.map((row) => row.form).join("; ")}`;
}
