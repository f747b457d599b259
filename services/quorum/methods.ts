/**
 * The six resolution methods of the guide, one row each. A row here is not yet leave to configure the method:
 * which ones this release runs is decided when the configuration is read. Source: guide 1.2.4.
 */
import type { QuorumMethod } from "../configuration/model.ts";
import { judgeCom, judgeComStart } from "./com.ts";
import { judgeComDisk, judgeComDiskStart } from "./com-disk.ts";
import { judgeDisk, judgeDiskStart } from "./disk.ts";
import type { Method } from "./judgement.ts";
import { judgeMirror, judgeMirrorStart } from "./mirror.ts";
import { judgeNone, judgeNoneStart } from "./none.ts";

/** `null`: no table of one server's evidence; a majority votes (services/membership/majority). */
export const METHODS: Record<QuorumMethod, Method | null> = {
  com: { judge: judgeCom, judgeStart: judgeComStart, claims: false },
  "com-disk": { judge: judgeComDisk, judgeStart: judgeComDiskStart, claims: true },
  none: { judge: judgeNone, judgeStart: judgeNoneStart, claims: false },
  disk: { judge: judgeDisk, judgeStart: judgeDiskStart, claims: false, stamps: true },
  majority: null,
  mirror: { judge: judgeMirror, judgeStart: judgeMirrorStart, claims: false },
};
