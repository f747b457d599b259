/**
 * `kage sign`: makes of a JSON the payload that a broker of somebody else may carry. Fills in what every
 * command needs (id, time, validity) and checks it by the reader's own rules, because a signature under a
 * mistake is found out only at the server. Needs no cluster. Source: ecosystem.md 1.4.
 */
import { createPrivateKey, type KeyObject, randomUUID } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { renderRefusal } from "../../services/catalogue.ts";
import { readRequest } from "../../services/telemetry/commands/request.ts";
import { signCommand } from "../../services/telemetry/commands/signature.ts";
import { isTopicId, readCommandTopic } from "../../services/telemetry/topics.ts";
import { type Call, fail, isTrouble, operand } from "./call.ts";
import { EXIT, type ExitCode, type Trouble } from "./exit-code.ts";
import { systemTrouble, troubleOf } from "./operator-key-command.ts";

const TTL_S = 30;
const STANDARD_INPUT = 0;

export async function runSign(call: Call): Promise<ExitCode> {
  const payload = signedPayload(call);
  if (isTrouble(payload)) return fail(call, payload);
  // mosquitto_pub -s sends every byte: no line end into a pipe.
  call.io.stdout.write(call.io.stdout.isTty ? `${payload}\n` : payload);
  return EXIT.done;
}

function signedPayload(call: Call): string | Trouble {
  const { key: keyFile, as } = call.invocation.texts;
  const help = { help: "kage help sign" };
  for (const [option, value] of [["--key", keyFile] as const, ["--as", as] as const]) {
    if (value === undefined) {
      return troubleOf(call, EXIT.usage, "signOption", "seeHelp", { option, ...help });
    }
  }
  const name = as ?? "";
  if (!isTopicId(name)) return troubleOf(call, EXIT.usage, "keyName", "seeHelp", { name, ...help });
  const topic = operand(call, 0);
  const prefix = /^(kage\/v1\/[a-z0-9-]+)\/cmd\//.exec(topic)?.[1] ?? "-";
  const read = readCommandTopic(prefix, topic);
  if (read.kind !== "command") {
    return troubleOf(call, EXIT.usage, "signTopic", "seeHelp", { topic, ...help });
  }
  const key = privateKeyOf(call, keyFile ?? "");
  if (isTrouble(key)) return key;
  const request = requestOf(call, read.role === "view");
  if (isTrouble(request)) return request;
  return signCommand(request, topic, name, key) ?? noRequest(call, "a text that is no Unicode");
}

const noRequest = (call: Call, detail: string): Trouble =>
  troubleOf(call, EXIT.failed, "signRequest", "signRequestDo", { detail });

function requestOf(call: Call, isView: boolean): Readonly<Record<string, unknown>> | Trouble {
  const file = call.invocation.operands[1] ?? "-";
  const text = systemTrouble(call, file, () =>
    readFileSync(file === "-" ? STANDARD_INPUT : file, "utf8"),
  );
  if (isTrouble(text)) return text;
  const value = parse(text);
  if (value === null) return noRequest(call, "expected a JSON object");
  const ts = new Date(call.io.wallMs()).toISOString();
  const request = { commandId: randomUUID(), ts, ttlS: TTL_S, ...value };
  const parsed = readRequest(Buffer.from(JSON.stringify(request)));
  if (parsed.kind === "malformed") return noRequest(call, parsed.detail);
  if (isView || parsed.request.expect?.epoch !== undefined) return request;
  const { code, exit, message, remedy } = renderRefusal("signature-epoch", {}, call.lang);
  return { code, exit, message, remedy };
}

function privateKeyOf(call: Call, file: string): KeyObject | Trouble {
  const pem = systemTrouble(call, file, () => {
    return (statSync(file).mode & 0o077) === 0 ? readFileSync(file, "utf8") : null;
  });
  if (pem === null) return troubleOf(call, EXIT.refused, "keyOpen", "keyOpenDo", { file });
  if (typeof pem !== "string") return pem;
  const kind = call.say("privateKey");
  const bad = troubleOf(call, EXIT.refused, "keyForm", "keyFormDo", { file, kind });
  try {
    const key = createPrivateKey(pem);
    return key.asymmetricKeyType === "ed25519" ? key : bad;
  } catch (error) {
    if (error instanceof Error) return bad;
    throw error;
  }
}

function parse(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? (value as Readonly<Record<string, unknown>>) : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
