/**
 * `kage status`: one picture, or with `--watch` a picture that keeps up: redrawn on a terminal, one
 * line per change on a pipe, one document per change with `-o jsonl`.
 * When nobody answers any more the last picture stays, greyed, with its age: never an old green.
 * Source: ecosystem.md 3.2 (3), 4.1.
 */
import type { StatusDocument } from "../../services/status.ts";
import { usageTrouble } from "./arguments.ts";
import { type Call, fail, printJson, printLines, wantsJson } from "./call.ts";
import { cutLine, printable, wrapLine } from "./columns.ts";
import type { Place } from "./discover.ts";
import { EXIT, type ExitCode } from "./exit-code.ts";
import { type NoPower, noPower, surveyTrouble } from "./no-agent.ts";
import { changeLines, firstLines } from "./status-changes.ts";
import { statusLines } from "./status-table.ts";
import { type Answer, agentName, type Survey, survey, whyNot } from "./survey.ts";

/** Time between two questions of `--watch`; a heartbeat is rarely shorter. */
const WATCH_MS = 500;

export async function runStatus(call: Call, place: Place): Promise<ExitCode> {
  if (call.invocation.flags.has("watch")) return watch(call, place);
  const server = call.invocation.texts.server;
  const result = await survey(call, place, server);
  const { best } = result;
  const trouble = await surveyTrouble(call, place, result, server);
  if (trouble !== null || best === null) {
    return trouble === null ? EXIT.failed : fail(call, trouble);
  }
  if (wantsJson(call)) printJson(call, withAgents(call, best, result));
  else if (call.format === "name") printLines(call, names(best.document));
  else printLines(call, statusLines(call, best, result));
  return EXIT.done;
}

/** The agent's document as it came, and beside it which agents could be asked. */
function withAgents(call: Call, best: Answer, result: Survey): object {
  const agents = result.sightings.map((sighting) => ({
    server: agentName(sighting.agent),
    answered: sighting === best,
    reachable: sighting.kind === "answer",
    trouble: sighting.kind === "answer" ? null : whyNot(call, sighting.reply),
  }));
  return { ...best.document, agents };
}

/** `server/SERVER1`, one per line, for shells. */
function names({ cluster, servers, groups, paths }: StatusDocument): string[] {
  return [
    `cluster/${cluster.name}`,
    ...servers.map((server) => `server/${server.name}`),
    ...groups.map((group) => `group/${group.name}`),
    ...[...new Set(paths.map((path) => path.id))].map((id) => `path/${id}`),
  ];
}

async function watch(call: Call, place: Place): Promise<ExitCode> {
  if (call.format === "json" || call.format === "name") {
    return fail(call, usageTrouble(call.say("jsonWatch"), call.say("useJsonl")));
  }
  const server = call.invocation.texts.server;
  const first = await survey(call, place, server);
  if (first.best === null) {
    const trouble = await surveyTrouble(call, place, first, server);
    return trouble === null ? EXIT.failed : fail(call, trouble);
  }
  const screen = call.format === "table" && call.io.stdout.isTty;
  const view = screen ? screenView(call) : lineView(call);
  view.open(first.best, first);
  let shown = first.best;
  while (!call.io.interrupted.aborted) {
    await call.io.pause(WATCH_MS);
    if (call.io.interrupted.aborted) break;
    const fresh = await survey(call, place, server);
    if (call.io.interrupted.aborted) break;
    shown = fresh.best ?? shown;
    view.update(shown, fresh, await noPower(call, place, fresh));
  }
  view.close();
  return EXIT.done;
}

interface View {
  open(shown: Answer, fresh: Survey): void;
  update(shown: Answer, fresh: Survey, off: NoPower | null): void;
  close(): void;
}

/** Redraws in place on the alternate screen; each line clears its own rest, so nothing flickers. */
function screenView(call: Call): View {
  const { stdout } = call.io;
  let lines: string[] = [];
  const draw = (shown: Answer, fresh: Survey, off: NoPower | null): void => {
    const { columns, rows } = stdout.size();
    // Above the old picture: what it shows is over, and why is what matters.
    const why = powerLines(call, off).flatMap((line) => wrapLine(line, columns));
    lines = [...why, ...(off === null ? [] : [""]), ...statusLines(call, shown, fresh)];
    const fits = lines.length <= rows;
    const kept = fits ? lines : lines.slice(0, rows - 1);
    const count = `${lines.length - kept.length}`;
    const body = fits ? kept : [...kept, call.paint("quiet", call.say("moreLines", { count }))];
    const drawn = body.map((line) => `${cutLine(line, columns)}\x1b[K`).join("\r\n");
    stdout.write(`\x1b[H${drawn}\x1b[J`);
  };
  return {
    open: (shown, fresh) => {
      stdout.write("\x1b[?1049h\x1b[?25l");
      draw(shown, fresh, null);
    },
    update: draw,
    // The last picture stays in the scroll-back, where it can be read and copied.
    close: () => stdout.write(`\x1b[?25h\x1b[?1049l${lines.join("\n")}\n`),
  };
}

/** A line for each server, and what to do. */
function powerLines(call: Call, off: NoPower | null): string[] {
  return off === null ? [] : [...off.lines, `${call.say("do")}: ${off.remedy}`].map(printable);
}

/** One line (or document) per change. */
function lineView(call: Call): View {
  let before: { shown: Answer; reached: boolean } | null = null;
  let why = "";
  const tell = (shown: Answer, fresh: Survey, off: NoPower | null): void => {
    const now = { shown, reached: fresh.best !== null };
    if (call.format === "jsonl") {
      const changed = before === null || changeLines(call, before, now).length > 0;
      if (changed) printJson(call, withAgents(call, shown, fresh));
    } else {
      const changes = before === null ? firstLines(call, shown) : changeLines(call, before, now);
      const power = powerLines(call, off);
      const isNew = power.join() !== why;
      const lines = isNew ? [...changes, ...power] : changes;
      why = power.join();
      const stamp = new Date(call.io.wallMs()).toISOString();
      printLines(
        call,
        lines.map((line) => `${stamp}  ${line}`),
      );
    }
    before = now;
  };
  return { open: (shown, fresh) => tell(shown, fresh, null), update: tell, close: () => undefined };
}
