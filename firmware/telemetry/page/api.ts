/**
 * The questions the page asks its server over HTTP: bootstrap, session, login, users, rack. Every
 * answer is checked for its shape; a refusal carries its text in both languages, no answer is a value too.
 * Source: contract of the telemetry pieces; firmware/telemetry/web/answer.ts.
 */
import type { Bilingual, Role } from "../../../services/telemetry/model.ts";

export interface Bootstrap {
  readonly cluster: string;
  /** `kage/v1/<cluster>`. */
  readonly topicPrefix: string;
  readonly server: string;
  readonly servers: readonly { readonly name: string; readonly url: string | null }[];
  readonly virtual: boolean;
  readonly setupNeeded: boolean;
  readonly version: string;
}

export interface Session {
  readonly user: string;
  readonly role: Role;
}

export type Answer<T> =
  | { readonly kind: "ok"; readonly value: T }
  /** `text` null: refused without words. */
  | { readonly kind: "refused"; readonly status: number; readonly text: Bilingual | null }
  | { readonly kind: "unreachable" };

type Json = Readonly<Record<string, unknown>>;

/** A person waits for it. */
const ANSWER_MS = 10_000;

export const getBootstrap = (): Promise<Answer<Bootstrap>> =>
  ask("GET", "/bootstrap.json", readBootstrap);

/** `isActive`: a person has just done something, so the idle time begins anew. */
export const getSession = (isActive: boolean): Promise<Answer<Session>> =>
  ask("GET", isActive ? "/session?active=1" : "/session", readSession);

export const login = (user: string, password: string): Promise<Answer<Session>> =>
  ask("POST", "/login", readSession, { user, password });

export const setup = (code: string, user: string, password: string): Promise<Answer<Session>> =>
  ask("POST", "/setup", readSession, { code, user, password });

export const logout = (): Promise<Answer<Json>> => ask("POST", "/logout", asIs, {});

/** POST /password: the session goes on, others of this user end. */
export const changePassword = (old: string, password: string): Promise<Answer<Json>> =>
  ask("POST", "/password", asIs, { old, password });

export interface Person {
  readonly user: string;
  readonly role: Role;
}

export const getUsers = (): Promise<Answer<readonly Person[]>> => ask("GET", "/users", readUsers);

/** What is left out stays as it is; with `create` an existing user is refused. */
export const saveUser = (change: {
  readonly user: string;
  readonly role?: Role;
  readonly password?: string;
  readonly create?: true;
}): Promise<Answer<Json>> => ask("POST", "/users", asIs, change);

export const removeUser = (user: string): Promise<Answer<Json>> =>
  ask("DELETE", "/users", asIs, { user });

/** The server's words about what it did not do; null = it said none. */
export const refusalWords = (
  answer: Exclude<Answer<unknown>, { kind: "ok" }>,
  lang: "en" | "ja",
): string | null => (answer.kind === "refused" ? (answer.text?.[lang] ?? null) : null);

export const getRack = (): Promise<Answer<Json>> => ask("GET", "/rack", asIs);

export const postRack = (request: object): Promise<Answer<Json>> =>
  ask("POST", "/rack", asIs, request);

async function ask<T>(
  method: "GET" | "POST" | "DELETE",
  path: string,
  read: (json: Json) => T | null,
  body?: object,
): Promise<Answer<T>> {
  const sent =
    body === undefined
      ? {}
      : { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  try {
    const signal = AbortSignal.timeout(ANSWER_MS);
    const response = await fetch(path, { method, credentials: "same-origin", signal, ...sent });
    const json: unknown = await response.json();
    const record = isJson(json) ? json : {};
    if (!response.ok)
      return { kind: "refused", status: response.status, text: refusalText(record) };
    const value = read(record);
    return value === null ? { kind: "unreachable" } : { kind: "ok", value };
  } catch (error) {
    if (
      error instanceof TypeError ||
      error instanceof SyntaxError ||
      error instanceof DOMException
    ) {
      return { kind: "unreachable" };
    }
    throw error;
  }
}

const isJson = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const asIs = (json: Json): Json => json;

const text = (value: unknown): string => (typeof value === "string" ? value : "");

function refusalText(json: Json): Bilingual | null {
  const [words, remedy] = [json["text"], json["remedy"]];
  if (!isJson(words)) return null;
  const more = isJson(remedy) ? remedy : {};
  const join = (lang: "en" | "ja"): string =>
    `${text(words[lang])}${lang === "en" ? " " : ""}${text(more[lang])}`.trim();
  return { en: join("en"), ja: join("ja") };
}

function readBootstrap(json: Json): Bootstrap | null {
  const topicPrefix = text(json["topicPrefix"]);
  if (topicPrefix === "") return null;
  const servers = Array.isArray(json["servers"]) ? json["servers"].filter(isJson) : [];
  return {
    cluster: text(json["cluster"]),
    topicPrefix,
    server: text(json["server"]),
    servers: servers.map((entry) => ({ name: text(entry["name"]), url: webUrl(entry["url"]) })),
    virtual: json["virtual"] === true,
    setupNeeded: json["setupNeeded"] === true,
    version: text(json["version"]),
  };
}

/** Only http and https become links. */
function webUrl(value: unknown): string | null {
  if (typeof value !== "string" || !URL.canParse(value)) return null;
  const { protocol } = new URL(value);
  return protocol === "http:" || protocol === "https:" ? value : null;
}

function readSession(json: Json): Session | null {
  const role = json["role"];
  if (role !== "view" && role !== "op" && role !== "admin") return null;
  return { user: text(json["user"]), role };
}

function readUsers(json: Json): readonly Person[] | null {
  const users = json["users"];
  if (!Array.isArray(users)) return null;
  return users.filter(isJson).flatMap((entry) => {
    const person = readSession(entry);
    return person === null ? [] : [person];
  });
}
