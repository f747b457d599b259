/**
 * All seeded bugs of the pulse and its cores, and which tests are asked whether they notice one, in which order:
 * the one that noticed it last, then quick ones, then whole clusters in virtual time.
 */
import { AT_BOOT } from "./mutant-boot.ts";
import { SHARED_DISK } from "./mutant-disk.ts";
import { DISK_CREW } from "./mutant-disk-crew.ts";
import { MAJORITY } from "./mutant-majority.ts";
import { NOTICED_BY } from "./mutant-noticed.ts";
import { MUTANTS, type Mutant } from "./mutant-table.ts";

export const SEEDED_BUGS: readonly Mutant[] = [
  ...MUTANTS,
  ...SHARED_DISK,
  ...AT_BOOT,
  ...DISK_CREW,
  ...MAJORITY,
];

const QUORUM = ["disk", "disk-many", "disk-witness", "stamping"];
const TESTS = [
  "route",
  "disk-pair",
  "left-over",
  "../agent/boot",
  "../agent/boot-first",
  "farewell",
  "hung-pulse",
  ...QUORUM.map((name) => `../../services/quorum/${name}`),
  "found",
  "found-restart",
  "found-agent",
  "../../sim/fault-proofs",
  "swarm",
  "../../sim/whole-storms",
];
const MAJORITY_TESTS = [
  "../../services/membership/majority",
  "majority",
  "hung-pulse",
  "../../sim/storms",
  "../../sim/whole-storms",
];
const MEMBERSHIP = ["disk-rule", "disk-settle", "disk-start", "disk-turn", "majority"];
const CREW_TESTS = [
  ...MEMBERSHIP.map((name) => `../../services/membership/${name}`),
  "../../services/quorum/stamping-crew",
  "disk-crew-slot",
  "disk-crew",
  "disk-crew-start",
  "disk-crew-storm",
];
/** Test files without their ending, from the folder of the pulse's tests. */
export function testsOf(mutant: Mutant): readonly string[] {
  const first = Object.keys(NOTICED_BY).filter((test) => NOTICED_BY[test]?.includes(mutant.name));
  return [...new Set([...first, ...allOf(mutant)])];
}

function allOf(mutant: Mutant): readonly string[] {
  if (DISK_CREW.includes(mutant)) return CREW_TESTS;
  return MAJORITY.includes(mutant) ? MAJORITY_TESTS : TESTS;
}
