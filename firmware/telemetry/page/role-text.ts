/** What the roles are called on the page. Source: work order 3 item 7 (view, operate, admin). */
import type { Role } from "../../../services/telemetry/model.ts";
import type { TextKey } from "../../../services/telemetry/picture/page-text.ts";

export const ROLE_TEXT: Readonly<Record<Role, TextKey>> = {
  view: "roleView",
  op: "roleOp",
  admin: "roleAdmin",
};

/** Least rights first. */
export const ROLES = ["view", "op", "admin"] as const satisfies readonly Role[];
