/**
 * What an observer outside sees of a simulated cluster, as short texts: who owns what, what a server is, who gave up
 * and why, which events stand. Expectations of the fault proofs are written in these words.
 * Source: work order 4 item 5 (each fault proven to change an outcome).
 */
import type { World } from "../../firmware/simulator/world.ts";

/**
 * `owner one`: servers on which group one has effects. `shows 1`: what a server is. `wills`: who gave up, and why, in
 * order. `note KEY`: servers that have noted it. `starts one`: where it came up, in order. `answers`: outcomes
 * of orders. `texts`: what came of operators' texts. `revision 1`: what its pulse runs by. `refused`: kinds of
 * frames that nobody read.
 */
export function see(world: World, sight: string): string {
  const [what = "", which = ""] = sight.split(" ");
  const group = world.config.groups.findIndex(({ name }) => name === which);
  switch (what) {
    case "revision":
      return String(world.at(Number(which)).pulse?.config.revision ?? "none");
    case "owner":
      return names(world.hosts.filter((host) => host.on && host.running[group] === true));
    case "shows":
      return world.shows(Number(which));
    case "wills":
      return list(world.wills.map(({ index, reason }) => `S${index} ${reason}`));
    case "note":
      return names(
        world.hosts.filter((host) =>
          world.notes.some(({ index, key }) => index === host.index && key === which),
        ),
      );
    case "starts":
      return list(
        world.starts.filter((start) => start.group === group).map(({ index }) => `S${index}`),
      );
    case "texts":
      return list(world.textAnswers.map(({ index, outcome }) => `S${index} ${outcome}`));
    case "answers":
      return list(world.answers);
    case "refused":
      return list([...world.refused.keys()]);
    default:
      throw new Error(`nobody can see "${sight}"`);
  }
}

const names = (hosts: readonly { readonly index: number }[]): string =>
  hosts.length === 0 ? "nobody" : hosts.map(({ index }) => `S${index}`).join(" ");

const list = (texts: readonly string[]): string => (texts.length === 0 ? "none" : texts.join(", "));
