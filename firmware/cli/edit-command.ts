/**
 * `kage server add`, `kage group add`, `kage group remove`: from words to an edit of the configuration
 * text that keeps its comments. What the edit means is the loader's business, how it comes into force that of
 * `config-text.ts`. Source: R210; guide 3.1 step 2.3, 2.2.3 (groups).
 */
import { join, resolve } from "node:path";
import { unreachable } from "../../hal/base/assert.ts";
import { parseIp } from "../../services/configuration/address.ts";
import { takesThird } from "../../services/configuration/draft.ts";
import {
  addGroup,
  addServer,
  type Edited,
  listNames,
  type NewServer,
  removeGroup,
} from "../../services/configuration/edit.ts";
import { usageTrouble } from "./arguments.ts";
import { type Call, fail, isTrouble, operand } from "./call.ts";
import { type ConfigSource, currentText, putText, sourceName } from "./config-text.ts";
import { EXIT, type ExitCode, type Trouble } from "./exit-code.ts";
import { lansById, parseLans } from "./lan-words.ts";
import { splitWords } from "./shell-words.ts";

export async function runEdit(call: Call): Promise<ExitCode> {
  const source = await currentText(call);
  if (isTrouble(source)) return fail(call, source);
  const isServer = call.invocation.command === "server add";
  if (isServer && isFull(source.text)) return fail(call, thirdTrouble(call));
  const edited = editFor(call, source);
  if (isTrouble(edited)) return fail(call, edited);
  if (edited.kind === "refused") return fail(call, editTrouble(call, source, edited));
  const server = operand(call, 0);
  const next = isServer ? [call.say("nextAfterServer", { server })] : [];
  return putText(call, source, edited.text, next);
}

/** Two servers by a method for two (R80): what joins them joins no third. */
function isFull(text: string): boolean {
  const { method, servers } = listNames(text);
  return servers.length === 2 && !takesThird(method);
}

function thirdTrouble(call: Call): Trouble {
  const message = call.say("editThird", { server: operand(call, 0) });
  return { exit: EXIT.refused, code: null, message, remedy: call.say("editThirdDo") };
}

function editFor(call: Call, source: ConfigSource): Edited | Trouble {
  switch (call.invocation.command) {
    case "server add":
      return serverEdit(call, source.text);
    case "group add":
      return groupEdit(call, source.text);
    default:
      return removeGroup(source.text, operand(call, 0));
  }
}

function serverEdit(call: Call, text: string): Edited | Trouble {
  const { lan = "", com, disk } = call.invocation.texts;
  const words = parseLans(lan);
  if (words.kind === "bad") {
    return usageTrouble(call.say("badLan", { found: words.found }), call.say("badLanDo"));
  }
  const server: NewServer = {
    name: operand(call, 0),
    publicInterface: call.invocation.texts.interface,
    lans: lansById(words.words, listNames(text).lans),
    com,
    disk,
  };
  return addServer(text, server);
}

function groupEdit(call: Call, text: string): Edited | Trouble {
  const { policy, start } = call.invocation.texts;
  const name = operand(call, 0);
  const resources = resourcesFor(call, name);
  if (isTrouble(resources)) return resources;
  const named = policy
    ?.split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "");
  return addGroup(text, {
    name,
    start: start === "manual" ? "manual" : "auto",
    ...(call.invocation.flags.has("parallel") ? { form: "parallel" as const } : {}),
    policy: named ?? listNames(text).servers,
    resources,
  });
}

/** In the order in which they start: address, program, script. */
function resourcesFor(call: Call, group: string): readonly object[] | Trouble {
  const { address, program, script } = call.invocation.texts;
  const resources: object[] = [];
  // Names have at most 31 characters.
  const nameOf = (suffix: string): string => `${group.slice(0, 30 - suffix.length)}-${suffix}`;
  if (address !== undefined) {
    const match = /^(.+)\/(\d{1,3})$/.exec(address);
    if (match === null || parseIp(match[1] ?? "") === null) {
      return usageTrouble(call.say("badFloating", { found: address }), call.say("badFloatingDo"));
    }
    const prefixLength = Number(match[2]);
    resources.push({
      type: "floating-ip",
      name: nameOf("address"),
      address: match[1],
      prefixLength,
    });
  }
  if (program !== undefined) {
    const argv = splitWords(program);
    if (argv === null) {
      return usageTrouble(call.say("badProgram", { found: program }), call.say("badProgramDo"));
    }
    resources.push({ type: "program", name: nameOf("program"), argv });
  }
  if (script !== undefined) {
    const at = (file: string): string => join(resolve(script), file);
    const both = { start: at("start.sh"), stop: at("stop.sh") };
    resources.push({ type: "script", name: nameOf("script"), ...both });
  }
  if (resources.length > 0) return resources;
  return usageTrouble(call.say("emptyGroup"), call.say("emptyGroupDo"));
}

function editTrouble(
  call: Call,
  source: ConfigSource,
  { reason, detail }: Extract<Edited, { kind: "refused" }>,
): Trouble {
  const { say } = call;
  const { lans } = listNames(source.text);
  const all = lans.join(", ");
  const server = operand(call, 0);
  const make = (message: string, remedy: string): Trouble => {
    return { exit: EXIT.refused, code: null, message, remedy };
  };
  const option = `--${detail}`;
  switch (reason) {
    case "exists":
      return make(say("editExists", { name: detail }), say("editExistsDo"));
    case "absent":
      return make(say("editAbsent", { name: detail }), say("seeHelp", { help: "kage status" }));
    case "no-lan":
      return make(say("editLanStrange", { name: detail, all }), say("editLanDo", { all }));
    case "lan-missing":
      return make(say("editLanMissing", { server, name: detail }), say("editLanDo", { all }));
    case "interface-missing":
    case "com-missing":
    case "disk-missing":
      return make(say("editEquipment", { name: detail, option, server }), say("editEquipmentDo"));
    case "no-com":
    case "no-disk":
      return make(say("editNoEquipment", { name: detail, option }), say("editEquipmentDo"));
    case "unreadable":
      return make(say("unreadableConfig", { file: sourceName(source) }), say("unreadableConfigDo"));
    default:
      return unreachable(reason);
  }
}
