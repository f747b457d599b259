/**
 * `kage config`: checks a configuration file, or explains the times that follow from it. Needs no
 * cluster, only its files: without a name it takes the one that the cluster found here runs by. The configuration service is loaded only here, so that `kage status` starts faster.
 * Source: work order 7 and 8; architecture.md 1.3, 6.
 */
import type { Finding } from "../../services/configuration/finding.ts";
import type { ClusterConfig } from "../../services/configuration/model.ts";
import { type Call, fail, isTrouble, operand, printJson, printLines, wantsJson } from "./call.ts";
import { printable } from "./columns.ts";
import { discover } from "./discover.ts";
import { EXIT, type ExitCode, type Trouble } from "./exit-code.ts";
import type { Lang } from "./language.ts";
import { localPaths } from "./local-paths.ts";
import { readNamed } from "./read-file.ts";
import { agentName } from "./survey.ts";

/** A configuration of 16 servers and 100 groups has about 60 KB; more is no configuration. */
const FILE_BYTES_MAX = 1024 * 1024;

type FileText =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "unreadable"; readonly message: string; readonly remedy: string };

export async function runConfig(call: Call): Promise<ExitCode> {
  const { say } = call;
  const named = operand(call, 0);
  const used = named === "" ? findUsed(call) : null;
  if (isTrouble(used)) return fail(call, used);
  const file = used?.file ?? named;
  const read = await readBounded(call, file);
  if (read.kind === "unreadable") {
    const { message, remedy } = read;
    return fail(call, { exit: EXIT.failed, code: null, message, remedy });
  }
  const { loadConfiguration } = await import("../../services/configuration/load.ts");
  const loaded = loadConfiguration(read.text, file);
  if (loaded.kind === "refused") {
    const count = `${loaded.findings.length}`;
    if (wantsJson(call)) {
      printJson(call, { ok: false, exit: EXIT.failed, file, findings: loaded.findings });
      return EXIT.failed;
    }
    printLines(
      call,
      loaded.findings.map((finding) => call.paint("bad", printable(finding.text))),
    );
    const message = say("configBad", { file, count });
    return fail(call, { exit: EXIT.failed, code: null, message, remedy: say("configBadDo") });
  }
  const warnings = [...loaded.warnings, ...(await scriptWarnings(read.text, file, loaded.config))];
  const explain = call.invocation.command === "config explain";
  const budget = explain ? await explainLines(loaded.config, call.lang) : [];
  if (wantsJson(call)) {
    printJson(call, { ok: true, exit: EXIT.done, file, warnings, ...(explain ? { budget } : {}) });
    return EXIT.done;
  }
  if (used !== null) {
    printLines(call, [
      say("configUsed", { file: printable(file), server: printable(used.server) }),
    ]);
  }
  printLines(
    call,
    warnings.map((one) => call.paint("warn", `${say("warning")}: ${printable(one.text)}`)),
  );
  const good = say("configGood", { file: printable(file), warnings: `${warnings.length}` });
  printLines(call, explain ? budget : [call.paint("good", good)]);
  return EXIT.done;
}

interface UsedFile {
  readonly file: string;
  readonly server: string;
}

/** The file that the cluster found here runs by: the text is the same on every server. */
export function findUsed(call: Call): UsedFile | Trouble {
  const { local, state } = call.invocation.texts;
  const found = discover({ local, state }, call.io.env, call.say);
  if (found.kind === "trouble") return found.trouble;
  for (const agent of found.place.agents) {
    const paths = localPaths(agent);
    if (paths !== null) return { file: paths.configFile, server: agentName(agent) };
  }
  const { command: word } = call.invocation;
  const command = word === "evaluate" ? "evaluate --config" : word;
  const remedy = call.say("noConfigFileDo", { command });
  return { exit: EXIT.usage, code: null, message: call.say("noConfigFile"), remedy };
}

/** A look at the scripts as they are on this machine; the servers may differ, so it only warns. */
async function scriptWarnings(
  text: string,
  file: string,
  config: ClusterConfig,
): Promise<readonly Finding[]> {
  const { scriptFindings, scriptPaths } = await import(
    "../../services/configuration/script-rules.ts"
  );
  const { inspectScript } = await import("../../hal/drivers/script-runner/script-file.ts");
  const troubles = new Map<string, string>();
  for (const path of scriptPaths(config)) {
    const { verdict } = await inspectScript(path, process.env["PATH"] ?? "");
    if (verdict.kind === "unfit") troubles.set(path, verdict.reason);
  }
  return scriptFindings(text, file, troubles);
}

type Explained = Parameters<
  typeof import("../../services/configuration/explain.ts").explainBudget
>[0];

async function explainLines(config: Explained, language: Lang): Promise<readonly string[]> {
  const { explainBudget } = await import("../../services/configuration/explain.ts");
  return explainBudget(config, language);
}

/** A file that may be a configuration; by default up to a bound that no configuration reaches. */
export async function readBounded(
  call: Call,
  file: string,
  bytesMax = FILE_BYTES_MAX,
): Promise<FileText> {
  const read = await readNamed(call, file, bytesMax, call.say("fileTooBigDo"));
  return read.kind === "bytes" ? { kind: "text", text: read.bytes.toString("utf8") } : read;
}
