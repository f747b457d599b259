/**
 * The six resolution methods of the guide, one row each; a method without a table is refused when the
 * configuration is read. Source: guide 1.2.4.
 */
import type { QuorumMethod } from "../configuration/model.ts";
import { judgeCom, judgeComStart } from "./com.ts";
import { judgeComDisk, judgeComDiskStart } from "./com-disk.ts";
import { judgeDisk, judgeDiskStart } from "./disk.ts";
import type { Method } from "./judgement.ts";
import { judgeNone, judgeNoneStart } from "./none.ts";

/** `null`: the configuration refuses the method. */
export const METHODS: Record<QuorumMethod, Method | null> = {
  com: { judge: judgeCom, judgeStart: judgeComStart, claims: false },
  "com-disk": { judge: judgeComDisk, judgeStart: judgeComDiskStart, claims: true },
  none: { judge: judgeNone, judgeStart: judgeNoneStart, claims: false },
  disk: { judge: judgeDisk, judgeStart: judgeDiskStart, claims: false, stamps: true },
  majority: null,
  mirror: null,
};
