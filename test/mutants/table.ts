/**
 * The mutants by area, as one list. Texts are those of the compiled files; the unit test beside this file
 * says which one does not fit any more.
 */
import type { Mutant } from "./mutant.ts";
import { CONFIGURATION } from "./table-configuration.ts";
import { DECISIONS } from "./table-decisions.ts";
import { DISK_MANY } from "./table-disk.ts";
import { EDGES } from "./table-edges.ts";
import { FORMS } from "./table-forms.ts";
import { INTERNAL } from "./table-internal.ts";
import { METHODS } from "./table-methods.ts";
import { MIRRORS } from "./table-mirror.ts";
import { SOFTWARE } from "./table-software.ts";
import { STORE } from "./table-store.ts";

export const MUTANTS: readonly Mutant[] = [
  ...DECISIONS,
  ...METHODS,
  ...DISK_MANY,
  ...MIRRORS,
  ...STORE,
  ...CONFIGURATION,
  ...EDGES,
  ...FORMS,
  ...INTERNAL,
  ...SOFTWARE,
];
