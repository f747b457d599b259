/**
 * `kage config`: checks a configuration file, or explains the times that follow from it. Needs no
 * cluster; the configuration service is loaded only here, so that `kage status` starts faster.
 * Source: work order 7 and 8; architecture.md 1.3, 6.
 */
import { readFile } from "node:fs/promises";
import { type Call, fail, operand, printJson, printLines, wantsJson } from "./call.ts";
import { printable } from "./columns.ts";
import { EXIT, type ExitCode } from "./exit-code.ts";

/** A configuration of 16 servers and 100 groups has about 60 KB; more is no configuration. */
const FILE_BYTES_MAX = 1024 * 1024;

type FileText = { kind: "text"; text: string } | { kind: "unreadable"; detail: string };

export async function runConfig(call: Call): Promise<ExitCode> {
  const { say } = call;
  const file = operand(call, 0);
  const read = await readBounded(file);
  if (read.kind === "unreadable") {
    const message = say("cannotRead", { file, detail: read.detail });
    return fail(call, { exit: EXIT.failed, code: null, message, remedy: say("cannotReadDo") });
  }
  const { loadConfiguration } = await import("../../services/configuration/load.ts");
  const loaded = loadConfiguration(read.text, file);
  if (loaded.kind === "refused") {
    const count = `${loaded.findings.length}`;
    if (wantsJson(call)) {
      printJson(call, { ok: false, exit: EXIT.failed, findings: loaded.findings });
      return EXIT.failed;
    }
    printLines(
      call,
      loaded.findings.map((finding) => call.paint("bad", printable(finding.text))),
    );
    const message = say("configBad", { file, count });
    return fail(call, { exit: EXIT.failed, code: null, message, remedy: say("configBadDo") });
  }
  const { warnings } = loaded;
  const explain = call.invocation.command === "config explain";
  const budget = explain ? await explainLines(loaded.config) : [];
  if (wantsJson(call)) {
    printJson(call, { ok: true, exit: EXIT.done, warnings, ...(explain ? { budget } : {}) });
    return EXIT.done;
  }
  printLines(
    call,
    warnings.map((one) => call.paint("warn", `${say("warning")}: ${printable(one.text)}`)),
  );
  const good = say("configGood", { file: printable(file), warnings: `${warnings.length}` });
  printLines(call, explain ? budget : [call.paint("good", good)]);
  return EXIT.done;
}

type Explained = Parameters<
  typeof import("../../services/configuration/explain.ts").explainBudget
>[0];

async function explainLines(config: Explained): Promise<readonly string[]> {
  const { explainBudget } = await import("../../services/configuration/explain.ts");
  return explainBudget(config);
}

async function readBounded(file: string): Promise<FileText> {
  try {
    const bytes = await readFile(file);
    if (bytes.length <= FILE_BYTES_MAX) return { kind: "text", text: bytes.toString("utf8") };
    return { kind: "unreadable", detail: `more than ${FILE_BYTES_MAX} bytes` };
  } catch (error) {
    return { kind: "unreadable", detail: error instanceof Error ? error.message : String(error) };
  }
}
