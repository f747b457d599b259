/** Which directions between which servers a `cut` or `restore` of a story means. */
import type { WireOrder } from "./command-grammar.ts";

/** Sender and receiver as positions in `names`. */
export function directionsOf(
  { servers, between, from, to }: WireOrder,
  names: readonly string[],
): readonly (readonly [number, number])[] {
  const isMeant = (a: string, b: string): boolean => {
    if (a === b) return false;
    if (between !== null) return between.includes(a) && between.includes(b);
    if (from !== null && from !== a) return false;
    if (to !== null && to !== b) return false;
    return servers.length === 0 || servers.includes(a) !== servers.includes(b);
  };
  return names.flatMap((a, sender) =>
    names.flatMap((b, receiver) => (isMeant(a, b) ? [[sender, receiver] as const] : [])),
  );
}
