/** Plans of the hand-written cluster, in the manner of the real ones. Source: services/catalogue/telemetry.ts. */
import type { Bilingual } from "../../../../services/telemetry/model.ts";
import { both } from "./fake-shape.ts";

/** Verbs that end with the server as a member. */
export const AS_MEMBER: ReadonlySet<string> = new Set(["return", "force-return", "start-now"]);

interface Subject {
  readonly name: string;
  readonly from: string;
  readonly to: string;
}

export function fakePlan(kind: string, verb: string, subject: Subject): readonly Bilingual[] {
  const { name, from, to } = subject;
  if (kind === "cluster") {
    return [both("would stop every group and all servers", "全グループと全サーバを停止します")];
  }
  if (kind === "node") return [nodePlan(verb, name)];
  const stop = both(`would stop ${name} on ${from}`, `${from} で ${name} を停止します`);
  const start = both(`would start ${name} on ${to}`, `${to} で ${name} を起動します`);
  if (verb === "stop") return [stop];
  return verb === "start" ? [start] : [stop, start];
}

function nodePlan(verb: string, name: string): Bilingual {
  switch (verb) {
    case "detach":
      return both(`would detach ${name}`, `${name} を切り離します`);
    case "force-return":
      return both(`would begin anew with ${name}`, `${name} を基準に再開します`);
    case "start-now":
      return both(`${name} would wait no longer`, `${name} は待機を終えます`);
    default:
      return both(`would take ${name} back as standby`, `${name} を待機系として復帰させます`);
  }
}
