/**
 * `kage broker setup`: all files of this server's broker; `kage certificate renew`: a new certificate for this server's broker, of the authority that everybody trusts
 * already. Certificate, key and authority are replaced as one set; the broker reads them when it starts or is told to.
 * Source: ecosystem.md 1.4 (rotation command); firmware/telemetry/broker-certificate.ts.
 */
import { statSync } from "node:fs";
import { join, resolve } from "node:path";
import { TLS_FILES } from "../../flash/broker/mosquitto.ts";
import { LOCAL_FILE } from "../../flash/package/places.ts";
import { writeSet } from "../enrolment/file-set.ts";
import { readClusterKey, readServerContext, type ServerContext, StartFault } from "../local.ts";
import {
  brokerFolder,
  certificateFiles,
  expiryOf,
  giveTo,
} from "../telemetry/broker-certificate.ts";
import { BROKER_USER, writeBrokerFiles, writeDropIn } from "../telemetry/broker-files.ts";
import { type Call, fail, isTrouble, printJson, printLines, wantsJson } from "./call.ts";
import { EXIT, type ExitCode, type Trouble } from "./exit-code.ts";
import { setTrouble } from "./member-files.ts";
import { systemTrouble, troubleOf } from "./operator-key-command.ts";

export function runSetup(call: Call): ExitCode {
  const { texts, flags } = call.invocation;
  const localFile = resolve(texts.local ?? LOCAL_FILE);
  try {
    if (flags.has("dry-run")) {
      const folder = resolve(brokerFolder(readServerContext(localFile).local.telemetry));
      if (wantsJson(call)) printJson(call, { ok: true, exit: EXIT.done, dryRun: true, folder });
      else printLines(call, [call.say("brokerWouldWrite", { folder })]);
      return EXIT.done;
    }
    const files = [...writeBrokerFiles({ localFile })];
    const config = files.find((file) => file.endsWith("/mosquitto.conf"));
    if (flags.has("unit") && config !== undefined) files.push(writeDropIn(config));
    if (wantsJson(call)) printJson(call, { ok: true, exit: EXIT.done, files });
    else {
      const done = call.say("brokerWritten", { files: files.join(" ") });
      printLines(call, [call.paint("good", done), call.say("brokerDo")]);
    }
    return EXIT.done;
  } catch (error) {
    if (!(error instanceof StartFault)) throw error;
    const values = { detail: error.message };
    return fail(call, troubleOf(call, EXIT.refused, "brokerRefused", "brokerRefusedDo", values));
  }
}

export async function runRenew(call: Call): Promise<ExitCode> {
  const localFile = resolve(call.invocation.texts.local ?? LOCAL_FILE);
  const context = contextOf(call, localFile);
  if (isTrouble(context)) return fail(call, context);
  const { local, config } = context;
  if (local.telemetry?.brokerTls === undefined) {
    return fail(call, troubleOf(call, EXIT.refused, "tlsOff", "tlsOffDo", { file: localFile }));
  }
  const folder = resolve(brokerFolder(local.telemetry));
  const nowMs = call.io.wallMs();
  const made = certificateFiles(config, local, context.key, nowMs);
  const set = made.map((file) => ({ ...file, replace: true }));
  const unwritten = setTrouble(call, folder, await writeSet(folder, set));
  if (unwritten !== null) return fail(call, unwritten);
  const at = (name: string): string => join(folder, name);
  const kept = systemTrouble(call, at(TLS_FILES.key), () => {
    giveTo(BROKER_USER, at(TLS_FILES.key));
    return statSync(at(TLS_FILES.key)).mode;
  });
  if (isTrouble(kept)) return fail(call, kept);
  const file = at(TLS_FILES.certificate);
  const until = expiryOf(file, nowMs)?.until ?? "?";
  const authority = at(TLS_FILES.authority);
  if (wantsJson(call)) {
    printJson(call, { ok: true, exit: EXIT.done, certificate: file, authority, until });
  } else {
    const done = call.paint("good", call.say("renewed", { until, file }));
    printLines(call, [done, call.say("renewedDo", { authority })]);
  }
  return EXIT.done;
}

function contextOf(call: Call, file: string): (ServerContext & { key: Uint8Array }) | Trouble {
  try {
    const context = readServerContext(file);
    return { ...context, key: readClusterKey(context.local.keyFile) };
  } catch (error) {
    if (!(error instanceof StartFault)) throw error;
    const message = call.say("localBad", { file, detail: error.message });
    return { exit: EXIT.refused, code: null, message, remedy: call.say("localDo") };
  }
}
