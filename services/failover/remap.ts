/**
 * Group words of one text read by another: groups are counted in words and named in texts. What an agent has
 * said before it was restarted with a new text is carried over by name.
 * Source: protocol.md 1.4.7, 1.9.
 */
import type { ClusterConfig } from "../configuration/model.ts";
import type { GroupWords, Words } from "./words.ts";

type Named = Pick<ClusterConfig, "groups">;

/** A group that the old text does not know was never ordered; requests under way are given up. */
export function remapWords(words: Words, old: Named, next: Named): Words {
  const groups = next.groups.map(({ name }): GroupWords => {
    const at = old.groups.findIndex((group) => group.name === name);
    const known = at < 0 ? undefined : words.groups[at];
    return known ?? { state: "stopped", desired: null, order: 0 };
  });
  return { ...words, request: null, reply: null, groups };
}
