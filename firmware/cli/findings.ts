/**
 * What is wrong with a configuration text, as `kage config check` and every command that would write one
 * say it. Source: work order 2 item 8 (file, line, expected, what to do).
 */
import type { Finding } from "../../services/configuration/finding.ts";
import { type Call, fail, printJson, printLines, wantsJson } from "./call.ts";
import { printable } from "./columns.ts";
import { EXIT, type ExitCode } from "./exit-code.ts";

/** `exit` default 1: where 1 means something else it is the caller's. */
export function findingsExit(
  call: Call,
  file: string,
  findings: readonly Finding[],
  exit: ExitCode = EXIT.failed,
): ExitCode {
  if (wantsJson(call)) {
    printJson(call, { ok: false, exit, file, findings });
    return exit;
  }
  printLines(
    call,
    findings.map((finding) => call.paint("bad", printable(finding.text))),
  );
  const message = call.say("configBad", { file, count: `${findings.length}` });
  return fail(call, { exit, code: null, message, remedy: call.say("configBadDo") });
}
