/**
 * Ranges of the fields that a server's slot on the arbitration partition can hold.
 * Intuition: what is read from a disk or a socket is a stranger's word until every number in it is
 * one that our own pen could have written. Source: claim.ts (the layout); reliability.md 0.5.
 */
import type { HostIncarnation } from "../../hal/base/ids.ts";
import type { Epoch } from "../../hal/base/view.ts";
import { ARBITRATION_SLOTS } from "./arbitration-layout.ts";

export const isServer = (value: unknown): boolean => isWholeBelow(value, ARBITRATION_SLOTS);

export const isWholeBelow = (value: unknown, limit: number): boolean =>
  typeof value === "number" && Number.isInteger(value) && value >= 0 && value < limit;

export const isIncarnation = (value: unknown): value is HostIncarnation =>
  typeof value === "string" && /^[0-9a-f]{16}$/.test(value);

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

export const isEpoch = (value: unknown): value is Epoch =>
  isRecord(value) &&
  isWholeBelow(value["counter"], 2 ** 48) &&
  isServer(value["coordinator"]) &&
  isIncarnation(value["host"]);
