/**
 * Claims, as in decision-claims.ts, of the data mirror: in a common view, at a start, and when two copies meet.
 * Written by hand from guide 1.2.4 G3, 1.2.3, 3.3(6); R99, R124, D12, D13, D55.
 */
import { type Claim, REFUSED, WAITED, WAITS } from "./decision-claims.ts";

const USABLE = ["paired", "ahead"];
const STALE = ["behind", "rebuilding"];
const NOT_STALE = ["paired", "ahead", "diverged", "unknown"];

const MIRROR: readonly Claim[] = [
  {
    rule: "G3",
    when: { copy: USABLE, silence: "silent", frames: "good" },
    from: "T",
    says: ["go-on"],
  },
  {
    rule: "D56",
    when: { copy: USABLE, silence: "silent", frames: "refused" },
    from: "T",
    says: ["refuse:presence"],
  },
  {
    rule: "R99 D13",
    when: { copy: "diverged", silence: "silent" },
    from: "T",
    says: ["refuse:mirror-diverged"],
  },
  {
    rule: "1.2.3: unknown is not whole",
    when: { copy: "unknown", silence: "silent" },
    from: "T",
    says: ["refuse:mirror-unknown"],
  },
  {
    rule: "R124: no takeover onto old data",
    when: { copy: STALE, silence: "silent", server: "idle" },
    from: "T",
    says: ["refuse:mirror-behind"],
  },
  {
    rule: "R124: its data is on the other server",
    when: { copy: STALE, server: "owner" },
    from: "A3",
    says: ["ES:mirror-behind"],
  },
  { rule: "1.2", when: { server: "owner" }, until: "A3", says: ["wait"] },
  { rule: "G3: nobody before T", when: { copy: NOT_STALE }, until: "T", says: ["wait"] },
  { rule: "G3: nobody before T", when: { server: "idle" }, until: "T", says: ["wait"] },
  { rule: "L10", when: { copy: NOT_STALE, silence: "heard" }, says: ["wait"] },
  { rule: "L10", when: { server: "idle", silence: "heard" }, says: ["wait"] },
];

const MEETING: readonly Claim[] = [
  { rule: "nothing whole", when: { own: "rebuilding", other: "rebuilding" }, says: ["lost"] },
  { rule: "nothing whole", when: { own: ["quiet", "wrote"] }, never: ["lost"] },
  { rule: "nothing whole", when: { other: ["quiet", "wrote"] }, never: ["lost"] },
  {
    rule: "equal",
    when: { own: "quiet", other: "quiet", ground: "same", here: "idle" },
    says: ["pair"],
  },
  {
    rule: "equal",
    when: { own: "quiet", other: "quiet", ground: "same", there: "idle" },
    says: ["pair"],
  },
  { rule: "equal", when: { here: "runs", there: "runs" }, never: ["pair"] },
  { rule: "equal", when: { ground: "different" }, never: ["pair"] },
  { rule: "equal", when: { own: ["wrote", "rebuilding"] }, never: ["pair"] },
  { rule: "equal", when: { other: ["wrote", "rebuilding"] }, never: ["pair"] },
  {
    rule: "D13: groups stop before anything is copied over them",
    when: { here: "runs" },
    never: ["rebuild-own"],
  },
  {
    rule: "D13: groups stop before anything is copied over them",
    when: { there: "runs" },
    never: ["rebuild-other"],
  },
  { rule: "only what runs stops", when: { here: "idle" }, never: ["give-way"] },
  { rule: "only what runs stops", when: { there: "idle" }, never: ["await-stop"] },
  {
    rule: "D13: nobody stops without a choice",
    when: { source: "none" },
    never: ["give-way", "await-stop"],
  },
  {
    rule: "D13: the chosen side is never rebuilt",
    when: { source: "own", own: ["quiet", "wrote"] },
    never: ["rebuild-own", "give-way", "hold"],
  },
  {
    rule: "D13: the chosen side is never rebuilt",
    when: { source: "other", other: ["quiet", "wrote"] },
    never: ["rebuild-other", "await-stop", "hold"],
  },
  {
    rule: "what is not whole is never a source",
    when: { own: "rebuilding" },
    never: ["rebuild-other", "await-stop"],
  },
  {
    rule: "what is not whole is never a source",
    when: { other: "rebuilding" },
    never: ["rebuild-own", "give-way"],
  },
  {
    rule: "what is not whole cannot be chosen",
    when: { own: "rebuilding", source: "own" },
    never: ["give-way"],
  },
  {
    rule: "what is not whole cannot be chosen",
    when: { other: "rebuilding", source: "other" },
    never: ["await-stop"],
  },
  {
    rule: "R124: what is not whole is rebuilt from what is",
    when: { own: "rebuilding", other: ["quiet", "wrote"], here: "idle" },
    says: ["rebuild-own"],
  },
  {
    rule: "R124: what is not whole is rebuilt from what is",
    when: { own: ["quiet", "wrote"], other: "rebuilding", there: "idle" },
    says: ["rebuild-other"],
  },
  {
    rule: "R99: both wrote: both are kept",
    when: { own: "wrote", other: "wrote", source: "none" },
    says: ["hold"],
  },
  {
    rule: "D13: a disk of long ago is not told from a newer one",
    when: {
      own: ["quiet", "wrote"],
      other: ["quiet", "wrote"],
      ground: "different",
      source: "none",
    },
    says: ["hold"],
  },
  {
    rule: "R99: a double failover is never undone by itself",
    when: { here: "runs", there: "runs", source: "none" },
    never: ["rebuild-own", "rebuild-other"],
  },
  {
    rule: "R124: after a one-sided outage the newer one is the source",
    when: { own: "wrote", other: "quiet", ground: "same", there: "idle", source: ["none", "own"] },
    says: ["rebuild-other"],
  },
  {
    rule: "R124: after a one-sided outage the newer one is the source",
    when: { own: "quiet", other: "wrote", ground: "same", here: "idle", source: ["none", "other"] },
    says: ["rebuild-own"],
  },
  {
    rule: "R124: and never the older one by itself",
    when: { own: "wrote", other: "quiet", source: "none" },
    never: ["rebuild-own"],
  },
  {
    rule: "R124: and never the older one by itself",
    when: { own: "quiet", other: "wrote", source: "none" },
    never: ["rebuild-other"],
  },
];

const MIRROR_START: readonly Claim[] = [
  WAITS,
  REFUSED,
  {
    rule: "S2 S3 D55",
    when: { wait: WAITED, frames: "good", copy: USABLE },
    says: ["go-on"],
  },
  {
    rule: "S12: the operator's choice",
    when: { wait: WAITED, frames: "good", copy: ["behind", "diverged"], chosen: "yes" },
    says: ["go-on"],
  },
  {
    rule: "1.2.3: not on old data",
    when: { wait: WAITED, frames: "good", copy: "behind", chosen: "no" },
    says: ["refuse:mirror-behind"],
  },
  {
    rule: "1.2.3: not on half a copy, whoever wishes it",
    when: { wait: WAITED, frames: "good", copy: "rebuilding" },
    says: ["refuse:mirror-behind"],
  },
  {
    rule: "D13",
    when: { wait: WAITED, frames: "good", copy: "diverged", chosen: "no" },
    says: ["refuse:mirror-diverged"],
  },
  {
    rule: "1.2.3: unknown is not whole",
    when: { wait: WAITED, frames: "good", copy: "unknown" },
    says: ["refuse:mirror-unknown"],
  },
];

/** By table of decisions.txt. */
export const MIRROR_CLAIMS: Readonly<Record<string, readonly Claim[]>> = {
  mirror: MIRROR,
  "mirror meeting": MEETING,
  "mirror start": MIRROR_START,
};
