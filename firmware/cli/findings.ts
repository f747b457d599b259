/**
 * What is wrong with a configuration text, as `kage config check` and every command that would write one
 * say it. Source: work order 2 item 8 (file, line, expected, what to do).
 */
import type { Finding } from "../../services/configuration/finding.ts";
import { type Call, fail, printJson, printLines, wantsJson } from "./call.ts";
import { printable } from "./columns.ts";
import { EXIT, type ExitCode } from "./exit-code.ts";

export function findingsExit(call: Call, file: string, findings: readonly Finding[]): ExitCode {
  if (wantsJson(call)) {
    printJson(call, { ok: false, exit: EXIT.failed, file, findings });
    return EXIT.failed;
  }
  printLines(
    call,
    findings.map((finding) => call.paint("bad", printable(finding.text))),
  );
  const message = call.say("configBad", { file, count: `${findings.length}` });
  return fail(call, { exit: EXIT.failed, code: null, message, remedy: call.say("configBadDo") });
}
