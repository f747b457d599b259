/**
 * Who may read and write what in the MQTT tree: one table, from which both mosquitto's list is rendered
 * and the embedded broker of the virtual appliance decides. Deny by default, and only positive entries,
 * because lists with exceptions are read wrongly. The role of a command stands in its topic.
 * Source: ecosystem.md 1.4 (ACL); mosquitto.conf(5) `acl_file`; MQTT 5.0 4.7 (topic filters).
 */

export const BROKER_ACCOUNTS = ["node", "viewer", "operator", "admin"] as const;
export type BrokerAccount = (typeof BROKER_ACCOUNTS)[number];

export interface Right {
  readonly access: "read" | "write" | "readwrite";
  /** Topic filter; `<p>` stands for the cluster's prefix `kage/v1/<cluster>`. */
  readonly filter: string;
}

const read = (filter: string): Right => ({ access: "read", filter });
const write = (filter: string): Right => ({ access: "write", filter });

/** Everything but commands, and replies to others. */
const PICTURE: readonly Right[] = [
  ...["info", "state", "event", "event/recent", "audit"].map((topic) => read(`<p>/${topic}`)),
  ...["node/#", "group/#", "path/#", "alert/#"].map((topic) => read(`<p>/${topic}`)),
  read("homeassistant/#"),
];

const RIGHTS: Readonly<Record<BrokerAccount, readonly Right[]>> = {
  node: [
    { access: "readwrite", filter: "<p>/#" },
    { access: "readwrite", filter: "homeassistant/#" },
  ],
  viewer: [...PICTURE, read("<p>/reply/viewer/#"), write("<p>/cmd/view/#")],
  operator: [
    ...PICTURE,
    read("<p>/reply/operator/#"),
    ...["view", "op"].map((role) => write(`<p>/cmd/${role}/#`)),
  ],
  admin: [
    ...PICTURE,
    read("<p>/reply/admin/#"),
    ...["view", "op", "admin"].map((role) => write(`<p>/cmd/${role}/#`)),
    read("$SYS/#"),
  ],
};

/** Rights of an account in the tree of one cluster. */
export function rightsOf(account: BrokerAccount, prefix: string): readonly Right[] {
  return RIGHTS[account].map(({ access, filter }) => ({
    access,
    filter: filter.replace("<p>", prefix),
  }));
}

/** Of another server of the cluster over TLS: events, and nothing else. */
export const peerRights = (prefix: string): readonly Right[] =>
  ["event", "event/recent"].map((topic) => read(`${prefix}/${topic}`));

export const isBrokerAccount = (name: string): name is BrokerAccount =>
  (BROKER_ACCOUNTS as readonly string[]).includes(name);

export function mayWrite(account: BrokerAccount, prefix: string, topic: string): boolean {
  return rightsOf(account, prefix).some(
    ({ access, filter }) => access !== "read" && matches(filter, topic),
  );
}

/** What is delivered is checked, not what is subscribed: as mosquitto does. */
export function mayRead(account: BrokerAccount, prefix: string, topic: string): boolean {
  return rightsOf(account, prefix).some(
    ({ access, filter }) => access !== "write" && matches(filter, topic),
  );
}

/** `#` also matches the level above it (MQTT 5.0 4.7.1.2). */
function matches(filter: string, topic: string): boolean {
  if (!filter.endsWith("/#")) return filter === topic;
  const head = filter.slice(0, -2);
  return topic === head || topic.startsWith(`${head}/`);
}
