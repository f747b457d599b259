/**
 * The patch panel: which cable ends are pulled. Every relay of the rack asks here at the moment a
 * byte would pass, so that pulling several cables is one instant for all of them.
 * A LAN or COM wire is one direction between two servers; array and public switch are one cable per
 * server (`to` is null). Source: issue 2 item 5 (one-way cuts), requirements R9, D7.
 */

export const COM_PATH = "com";
export const ARRAY_PATH = "array";
export const SWITCH_PATH = "public-switch";

export interface Wire {
  readonly path: string;
  readonly from: string;
  /** null: a cable from a server to the cabinet, not to another server. */
  readonly to: string | null;
}

/** Which wires an order means; all absent = every wire of the path. */
export interface WireChoice {
  /**
   * Both directions of every wire that leads out of this set: one server's plug, or, with several, all
   * wires between them and the others. Wires among them are not meant.
   */
  readonly servers?: readonly string[];
  /** Both directions between these two. */
  readonly between?: readonly [string, string];
  readonly from?: string;
  readonly to?: string;
}

export type Selection =
  | { readonly kind: "wires"; readonly wires: readonly Wire[] }
  | { readonly kind: "refused"; readonly message: string };

export interface Wiring {
  readonly wires: readonly Wire[];
  /** Names of all paths, for error texts. */
  readonly paths: readonly string[];
  isCut(path: string, from: string, to?: string | null): boolean;
  select(paths: readonly string[], choice: WireChoice): Selection;
  /** Wires whose state changed. */
  set(wires: readonly Wire[], cut: boolean): readonly Wire[];
}

export interface WiringOptions {
  readonly servers: readonly string[];
  readonly lans: readonly string[];
  /** null: no COM cable. A second name under which operators know it may be given. */
  readonly com: { readonly alias: string } | null;
  readonly array: boolean;
  readonly publicSwitch: boolean;
}

/** Nothing is cut at first. What an order may not mean is refused in words for its operator. */
export function createWiring(options: WiringOptions): Wiring {
  const pairPaths = [...options.lans, ...(options.com === null ? [] : [COM_PATH])];
  const spokePaths = [
    ...(options.array ? [ARRAY_PATH] : []),
    ...(options.publicSwitch ? [SWITCH_PATH] : []),
  ];
  const wires = [
    ...pairPaths.flatMap((path) => pairs(options.servers).map((pair) => ({ path, ...pair }))),
    ...spokePaths.flatMap((path) => options.servers.map((from) => ({ path, from, to: null }))),
  ];
  const paths = [...pairPaths, ...spokePaths];
  const cut = new Set<string>();

  function select(wanted: readonly string[], choice: WireChoice): Selection {
    const chosen: Wire[] = [];
    const ends = [...(choice.servers ?? []), ...(choice.between ?? []), choice.from, choice.to];
    const named = ends.filter((name) => name !== undefined);
    const stranger = named.find((name) => !options.servers.includes(name));
    if (stranger !== undefined)
      return refused(`no server "${stranger}"`, "servers", options.servers);
    if (wanted.length === 0) return refused("no path given", "paths", paths);
    for (const name of wanted) {
      const path = name === options.com?.alias ? COM_PATH : name;
      if (!paths.includes(path)) return refused(`no path "${name}"`, "paths", paths);
      const found = wires.filter((wire) => wire.path === path && matches(wire, choice));
      if (found.length === 0) return emptyChoice(path, spokePaths.includes(path));
      chosen.push(...found);
    }
    return { kind: "wires", wires: chosen };
  }

  return {
    wires,
    paths,
    isCut: (path, from, to = null) => cut.has(key({ path, from, to })),
    select,
    set(chosen, pulled) {
      const changed = chosen.filter((wire) => cut.has(key(wire)) !== pulled);
      for (const wire of changed) {
        if (pulled) cut.add(key(wire));
        else cut.delete(key(wire));
      }
      return changed;
    },
  };
}

function pairs(servers: readonly string[]): { readonly from: string; readonly to: string }[] {
  return servers.flatMap((from) => servers.filter((to) => to !== from).map((to) => ({ from, to })));
}

function matches(wire: Wire, choice: WireChoice): boolean {
  const { servers, between } = choice;
  if (servers !== undefined && !leadsOut(wire, servers)) return false;
  if (between !== undefined) {
    const [one, other] = between;
    if (wire.to === null || one === other) return false;
    if (!between.includes(wire.from) || !between.includes(wire.to)) return false;
  }
  if (choice.from !== undefined && wire.from !== choice.from) return false;
  return choice.to === undefined || wire.to === choice.to;
}

function leadsOut({ from, to }: Wire, servers: readonly string[]): boolean {
  return servers.includes(from) !== (to !== null && servers.includes(to));
}

function emptyChoice(path: string, spoke: boolean): Selection {
  const message = spoke
    ? `"${path}" is one cable per server: name it with server, not with to or between`
    : `no wire of "${path}" fits: its two ends must be two different servers`;
  return { kind: "refused", message };
}

function refused(what: string, of: string, valid: readonly string[]): Selection {
  return { kind: "refused", message: `${what}; expected one of the ${of} ${valid.join(", ")}` };
}

const key = (wire: Wire): string => `${wire.path} ${wire.from} ${wire.to ?? ""}`;
