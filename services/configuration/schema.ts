/**
 * Shape of the one configuration file: keys, types, ranges, defaults. What spans several fields is in
 * the rule files. Every message says what is expected, because a finding prints it as it stands; the
 * descriptions become the JSON Schema's and thus the editor's help. The home of valibot.
 * Source: R1-R5, R11-R12, R140-R145; protocol.md 1.2; D17, D42, D47.
 */
import * as v from "valibot";
import { choice, flag, milliseconds, text, whole } from "./schema-words.ts";

/** Most members of one cluster (R135, R136). */
export const SERVERS_MAX = 16;
/** The beat carries one bit per LAN path. */
export const LANS_MAX = 8;
/** All groups' states share one beat's blob. */
const GROUPS_MAX = 32;
const RESOURCES_MAX = 32;
/** Linux passes about 128 KiB per argument; longer ones are mistakes. */
const ARGUMENT_CHARACTERS_MAX = 4096;
const ARGUMENTS_MAX = 256;
/** One day; longer waits are mistakes in the unit. */
const DAY_MS = 86_400_000;

export const METHODS = ["com", "com-disk", "disk", "majority", "mirror", "none"] as const;
export const EDITIONS = ["value", "lite", "standard", "enterprise"] as const;
/** D24: what follows when an own process that failed cannot be brought back; the first is the default. */
export const INTERNAL_FAILURES = ["emergency", "service-stop", "restart"] as const;
export const BAUDS = [9600, 19200, 38400, 57600, 115200] as const;

const serverNameText = text(
  "a server name of 1 to 15 letters, digits or hyphens",
  /^[A-Za-z0-9][A-Za-z0-9-]{0,14}$/,
  "Name of a server, 1-15 letters, digits, hyphens; also its key in addresses, devices and paths.",
);
const groupNameText = text(
  "a name of 1 to 31 letters, digits, hyphens or underscores",
  /^[A-Za-z0-9][A-Za-z0-9_-]{0,30}$/,
  "Unique name, 1-31 letters, digits, hyphens, underscores.",
);
const pathIdText = text(
  "a path id of 1 to 31 lower-case letters, digits or hyphens",
  /^[a-z0-9][a-z0-9-]{0,30}$/,
  "Unique id of a heartbeat path, e.g. lan1; shown in status and events.",
);
const perServer = (expected: string, description: string) =>
  v.pipe(
    v.record(v.string(), v.pipe(v.string(expected), v.minLength(1, expected)), "an object"),
    v.description(description),
  );

const cluster = v.pipe(
  v.strictObject(
    {
      name: text(
        "a cluster name of 1 to 31 letters, digits, dots, hyphens or underscores",
        /^[A-Za-z0-9][A-Za-z0-9._-]{0,30}$/,
        "Name of the cluster.",
      ),
      id: v.optional(
        text(
          "8 hexadecimal digits",
          /^[0-9a-fA-F]{8}$/,
          "Cluster id in clear in every frame, 8 hex digits. Default: from the SHA-256 of the name.",
        ),
      ),
    },
    "an object with the cluster's name",
  ),
  v.description("Identity of the cluster."),
);

const timing = v.pipe(
  v.strictObject(
    {
      heartbeatTimeoutMs: v.optional(
        milliseconds(
          50,
          600_000,
          "T: silence on all LANs after which a peer is lost. Default 30000.",
        ),
        30_000,
      ),
      heartbeatIntervalMs: v.optional(
        milliseconds(5, 60_000, "I: time between LAN beats; T must hold ten. Default 3000."),
        3000,
      ),
      comIntervalMs: v.optional(
        milliseconds(10, 60_000, "Time between COM beats. Default: the interval, 1 s at most."),
      ),
      diskWaitMs: v.optional(
        milliseconds(10, 600_000, "Longest wait for the array. Default: the heartbeat timeout."),
      ),
      earlyVerdict: flag(
        "Method disk: no second wait for a sign of life (D1); not with a disk wait above the timeout.",
      ),
      startSyncWaitMs: v.optional(
        milliseconds(
          0,
          DAY_MS,
          "Wait for the other servers at start, from OS start. Default 300000.",
        ),
        300_000,
      ),
      watchdogTimeoutMs: v.optional(
        milliseconds(0, 600_000, "Watchdog timeout plus reset time. Default 0 = no watchdog."),
        0,
      ),
      pauseMs: v.optional(
        milliseconds(1, 60_000, "P: worst measured lateness of the pulse. Default T/40, 6-250."),
      ),
      giveUpMs: v.optional(
        milliseconds(1, 60_000, "G: worst measured fast give-up. Default T/40, 8-1000."),
      ),
      claimMs: v.optional(
        milliseconds(1, 60_000, "D: worst write plus read of the array. Default T/25, 4-2000."),
      ),
    },
    "an object with times in ms",
  ),
  v.description("Times. All others are derived; kage config explain prints them."),
);

const server = v.strictObject(
  {
    name: serverNameText,
    publicInterface: v.optional(
      text(
        "a network interface name of 1 to 15 characters",
        /^[^\s/:]{1,15}$/,
        "Interface that carries floating addresses on this server, e.g. eth0.",
      ),
    ),
  },
  "an object with the server's name",
);

const lan = v.strictObject(
  {
    id: pathIdText,
    kind: choice(
      ["private", "public"],
      "private = interconnect-dedicated LAN, public = spare interconnect.",
    ),
    addresses: perServer(
      'an address "ip:port"',
      "UDP address of every server on this LAN: name of the server, then ip:port ([v6]:port).",
    ),
  },
  "an object that describes one LAN path",
);

const com = v.pipe(
  v.strictObject(
    {
      id: v.optional(pathIdText, "com1"),
      devices: perServer(
        'a serial device "/dev/..." or "tcp://ip:port"',
        "Serial device of every server, e.g. /dev/ttyS0. tcp:// only on the virtual appliance.",
      ),
      baud: v.optional(
        v.pipe(
          v.picklist(BAUDS, `one of ${BAUDS.join(", ")}`),
          v.description("Line speed in bit/s, 8N1. Default 38400."),
        ),
        38_400,
      ),
    },
    "an object that describes the COM path",
  ),
  v.description("Serial cross cable between two servers."),
);

const disk = v.pipe(
  v.strictObject(
    {
      paths: perServer(
        "a block device, a file or nbd://ip:port/export",
        "Arbitration partition as every server sees it, by stable name. nbd:// only when virtual.",
      ),
    },
    "an object with the paths of the arbitration partition",
  ),
  v.description("Arbitration partition on the shared array."),
);

const floatingIp = v.strictObject(
  {
    type: v.literal("floating-ip"),
    name: groupNameText,
    address: v.pipe(
      v.string("an IPv4 or IPv6 address"),
      v.description("Floating address without prefix."),
    ),
    prefixLength: whole(1, 128, "Length of the network's prefix, e.g. 24."),
  },
  "an object that describes a floating IP",
);

const program = v.strictObject(
  {
    type: v.literal("program"),
    name: groupNameText,
    argv: v.pipe(
      v.array(
        v.pipe(
          v.string("a text"),
          v.maxLength(ARGUMENT_CHARACTERS_MAX, `at most ${ARGUMENT_CHARACTERS_MAX} characters`),
        ),
        "a list: program and arguments",
      ),
      v.minLength(1, "the program first, then its arguments"),
      v.maxLength(ARGUMENTS_MAX, `at most ${ARGUMENTS_MAX} arguments`),
      v.description("Program and arguments; no shell is involved."),
    ),
    env: v.optional(
      v.pipe(
        v.record(v.string(), v.string("a text"), "an object of texts"),
        v.description("Environment variables added for the program."),
      ),
      {},
    ),
    stopTimeoutMs: v.optional(
      milliseconds(0, 3_600_000, "Time between TERM and KILL at a stop. Default 5000."),
      5000,
    ),
    restartMax: v.optional(
      whole(
        0,
        1000,
        "Restarts within the window before the group fails over. Default 3; 0 = none.",
      ),
      3,
    ),
    restartWindowMs: v.optional(
      milliseconds(1000, DAY_MS, "Window in which restarts are counted. Default 3600000."),
      3_600_000,
    ),
  },
  "an object that describes a program",
);

const argument = v.pipe(
  v.string("a text"),
  v.maxLength(ARGUMENT_CHARACTERS_MAX, `at most ${ARGUMENT_CHARACTERS_MAX} characters`),
);

const scriptText = (description: string) =>
  v.pipe(
    v.union(
      [
        argument,
        v.pipe(
          v.array(argument),
          v.minLength(1, "the script first, then its arguments"),
          v.maxLength(ARGUMENTS_MAX, `at most ${ARGUMENTS_MAX} arguments`),
        ),
      ],
      "the full path of a script, or a list: script and arguments",
    ),
    v.description(description),
  );

const script = v.strictObject(
  {
    type: v.literal("script"),
    name: groupNameText,
    start: scriptText(
      "Start script: full path, or a list of path and arguments. Exit 0 = started.",
    ),
    stop: scriptText("Stop script. Exit 0 = stopped; what still runs of the script is ended then."),
    recover: v.optional(
      v.pipe(
        v.union(
          [scriptText("Script for RECOVER."), v.literal(false)],
          "the full path of a script, a list, or false",
        ),
        v.description(
          "Run once with ARMS_EVENT=RECOVER on a server that has returned. Default: start; false = none.",
        ),
      ),
    ),
    startTimeoutMs: v.optional(
      milliseconds(100, DAY_MS, "Longest run of the start script (T4). Default 1800000."),
      1_800_000,
    ),
    stopTimeoutMs: v.optional(
      milliseconds(
        100,
        DAY_MS,
        "Longest run of the stop script; a longer one is a failed stop. Default 1800000.",
      ),
      1_800_000,
    ),
  },
  "an object that describes a script",
);

const group = v.strictObject(
  {
    name: groupNameText,
    start: v.optional(
      choice(
        ["auto", "manual"],
        "auto starts with the cluster, manual waits for an order. Default auto.",
      ),
      "auto",
    ),
    form: v.optional(
      choice(
        ["failover", "parallel"],
        "parallel runs on all servers of the policy at once. Default failover.",
      ),
      "failover",
    ),
    policy: v.pipe(
      v.array(v.string("a server name"), "a list of server names"),
      v.minLength(1, "at least the home server"),
      v.maxLength(SERVERS_MAX, `at most ${SERVERS_MAX} servers`),
      v.description(
        "Failover policy: servers in order of preference, the first is the home server.",
      ),
    ),
    resources: v.pipe(
      v.array(
        v.variant(
          "type",
          [floatingIp, program, script],
          'one of "floating-ip", "program", "script"',
        ),
        "a list of resources",
      ),
      v.maxLength(RESOURCES_MAX, `at most ${RESOURCES_MAX} resources`),
      v.description("Started in this order, stopped in reverse."),
    ),
  },
  "an object that describes a failover group",
);

/** The file as written; `load.ts` turns it into a ClusterConfig. */
export const configurationSchema = v.strictObject(
  {
    $schema: v.optional(v.pipe(v.string("a text"), v.description("Schema for the editor."))),
    cluster,
    virtual: flag("true only on the virtual appliance: COM over TCP and nbd:// are allowed."),
    edition: v.optional(
      choice(EDITIONS, "Enforces the limits of a product edition. Default: technical limits only."),
    ),
    revision: v.optional(whole(1, 0xffff_ffff, "Raised with every change. Default 1."), 1),
    method: choice(
      METHODS,
      "Network partition resolution. This release: com, com-disk, disk, none, majority.",
    ),
    internalFailure: v.optional(
      choice(
        INTERNAL_FAILURES,
        "When an own process cannot be restarted: end the server, its groups, or restart on. Default emergency.",
      ),
      "emergency",
    ),
    timing: v.optional(timing, {}),
    servers: v.pipe(
      v.array(server, "a list of servers"),
      v.description("2-16 servers in order of cluster priority, best first."),
    ),
    lans: v.pipe(
      v.array(lan, "a list of LAN paths"),
      v.minLength(1, "at least one LAN path"),
      v.maxLength(LANS_MAX, `at most ${LANS_MAX} LAN paths`),
      v.description(
        "Independent LAN paths; information goes over the first private one that works.",
      ),
    ),
    com: v.optional(com),
    disk: v.optional(disk),
    groups: v.pipe(
      v.array(group, "a list of failover groups"),
      v.maxLength(GROUPS_MAX, `at most ${GROUPS_MAX} groups`),
      v.description("Failover groups."),
    ),
  },
  "one JSON object",
);

export type RawConfiguration = v.InferOutput<typeof configurationSchema>;
