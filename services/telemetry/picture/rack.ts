/**
 * The rack panel's data: what the rack says about its cables and switches as rows, the request that
 * changes one, and the `kage rack` line that does the same. Virtual appliance only.
 * Source: hal/rack/verbs.ts (status, cut, restore, power, freeze, thaw); firmware/cli/rack-state.ts.
 */

export interface RackCable {
  readonly path: string;
  /** Directions or ends of the cable that are cut, out of all it has. */
  readonly cut: number;
  readonly of: number;
}

export interface RackServer {
  readonly name: string;
  readonly isOn: boolean;
  readonly isFrozen: boolean;
}

export interface RackPanel {
  readonly cables: readonly RackCable[];
  readonly servers: readonly RackServer[];
}

export type RackRequest =
  | { readonly verb: "cut" | "restore"; readonly paths: readonly string[] }
  | { readonly verb: "power"; readonly server: string; readonly on: boolean }
  | { readonly verb: "freeze" | "thaw"; readonly server: string };

/** Bounds on what is read: 16 servers, and 16 x 15 directions of each of four LANs with room to spare. */
const SERVERS_MAX = 64;
const WIRES_MAX = 2048;

/** The array's cable and the switch towards the clients join no two servers. */
const NO_WIRES: ReadonlySet<string> = new Set(["array", "public-switch"]);

/** The paths whose cut, all at once, parts the servers. */
export const wiresOf = (cables: readonly RackCable[]): readonly string[] =>
  cables.map(({ path }) => path).filter((path) => !NO_WIRES.has(path));

/** null = not an answer of a rack. */
export function readRack(value: unknown): RackPanel | null {
  if (!isRecord(value) || !Array.isArray(value["servers"])) return null;
  const cables = new Map<string, { cut: number; of: number }>();
  for (const entry of records(value["paths"], WIRES_MAX)) {
    const path = entry["path"];
    if (typeof path !== "string") continue;
    const known = cables.get(path) ?? { cut: 0, of: 0 };
    cables.set(path, { cut: known.cut + (entry["state"] === "cut" ? 1 : 0), of: known.of + 1 });
  }
  return {
    cables: [...cables].map(([path, counts]) => ({ path, ...counts })),
    servers: records(value["servers"], SERVERS_MAX).flatMap((entry) =>
      typeof entry["name"] === "string"
        ? [
            {
              name: entry["name"],
              isOn: entry["power"] !== "off",
              isFrozen: entry["frozen"] === true,
            },
          ]
        : [],
    ),
  };
}

export function rackLine(request: RackRequest): string {
  switch (request.verb) {
    case "cut":
    case "restore":
      return `kage rack ${request.verb} ${request.paths.join(" ")}`;
    case "power":
      return `kage rack power ${request.on ? "on" : "off"} ${request.server}`;
    default:
      return `kage rack ${request.verb} ${request.server}`;
  }
}

type Json = Readonly<Record<string, unknown>>;

const isRecord = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const records = (value: unknown, max: number): Json[] =>
  Array.isArray(value) ? value.filter(isRecord).slice(0, max) : [];
