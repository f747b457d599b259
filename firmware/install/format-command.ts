/**
 * `kage disk format`: makes the arbitration partition of this server's configuration the cluster's own.
 * Refuses everything that is not blank; there is no force here, because wiping a partition is an act of
 * its own. Source: protocol.md 1.5; firmware/disk/format.ts; guide 3.2.2.
 */
import { LOCAL_FILE } from "../../flash/package/places.ts";
import { type InstallTextKey, installTexts } from "../../services/catalogue/install.ts";
import { type Call, fail, printJson, printLines, wantsJson } from "../cli/call.ts";
import { printable } from "../cli/columns.ts";
import { EXIT, type ExitCode } from "../cli/exit-code.ts";
import { fill } from "../cli/language.ts";
import { openArbitrationArray } from "../disk/array.ts";
import { formatArbitration } from "../disk/format.ts";
import { readActiveKey } from "../key-files.ts";
import { readServerContext, StartFault } from "../local.ts";

/** Refused: no array is configured, or it is not blank. Failed: it, or a file, cannot be read or written. */
export async function runFormat(call: Call): Promise<ExitCode> {
  const say = (key: InstallTextKey, values: Readonly<Record<string, string>> = {}): string =>
    fill(installTexts[key], call.lang, values);
  const refuse = (exit: ExitCode, message: string, remedy: string): ExitCode =>
    fail(call, { exit, code: null, message, remedy });
  try {
    const { local, config, self } = readServerContext(call.invocation.texts.local ?? LOCAL_FILE);
    const path = config.disk?.paths[self];
    if (path === undefined) {
      return refuse(EXIT.refused, say("noArray", { server: local.server }), say("noArrayDo"));
    }
    const clusterKey = readActiveKey(local);
    const array = openArbitrationArray(path);
    try {
      const done = await formatArbitration(array, { clusterId: config.clusterId, clusterKey });
      if (done.kind === "refused" || done.kind === "failed") {
        const exit = done.kind === "refused" ? EXIT.refused : EXIT.failed;
        return refuse(exit, say("notFormatted", { detail: done.message }), say("notFormattedDo"));
      }
      if (wantsJson(call)) {
        printJson(call, { ok: true, exit: EXIT.done, path, result: done.kind });
        return EXIT.done;
      }
      const key = done.kind === "formatted" ? "formatted" : "alreadyFormatted";
      printLines(call, [say(key, { path: printable(path), cluster: config.name })]);
      return EXIT.done;
    } finally {
      await array.close();
    }
  } catch (error) {
    if (!(error instanceof StartFault)) throw error;
    // Its words say what to do themselves, behind the last semicolon.
    const cut = error.message.lastIndexOf("; ");
    if (cut === -1) return refuse(EXIT.failed, error.message, call.say("cannotReadDo"));
    return refuse(EXIT.failed, error.message.slice(0, cut), error.message.slice(cut + 2));
  }
}
