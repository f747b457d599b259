/**
 * The server's own event log: every event with its stable code, kept in memory and as JSON lines on disk,
 * bounded in both. A log that cannot be written keeps its events in memory and never stops the agent;
 * what the file lacks is written when it can be.
 * Source: requirements R23, R47, R51, R108; catalogue.ts.
 */
import { appendFileSync, readFileSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { isEventKey, renderEvent } from "../../services/catalogue.ts";
import type { NoteData } from "../../services/effects.ts";
import type { LogLine } from "../../services/telemetry/events.ts";
import type { Log } from "../log.ts";

/** A line as the feed gives it, with data that nothing nested can hide in. */
export interface LoggedEvent extends LogLine {
  readonly data: NoteData;
}

/** About a week of a busy cluster. */
const EVENTS_MAX = 2000;
const FILE_BYTES_MAX = 2 << 20;

export class EventLog {
  readonly #file: string;
  readonly #server: string;
  readonly #log: Log;
  #events: LoggedEvent[];
  #seq: number;
  #pending: LoggedEvent[] = [];
  readonly #onAdd: (event: LoggedEvent) => void;
  #writable = true;
  /** Newest event that is in the file. */
  #writtenSeq: number;

  constructor(
    stateDir: string,
    server: string,
    log: Log,
    onAdd: (event: LoggedEvent) => void = () => undefined,
  ) {
    this.#onAdd = onAdd;
    this.#file = join(stateDir, "events.jsonl");
    this.#server = server;
    this.#log = log;
    this.#events = readEvents(this.#file).slice(-EVENTS_MAX);
    this.#seq = this.#events.at(-1)?.seq ?? 0;
    this.#writtenSeq = this.#seq;
  }

  /** `atMs` is wall-clock time. An unknown key is a defect of the caller and is shown as such. */
  add(key: string, data: NoteData, atMs: number): void {
    this.#seq += 1;
    const at = new Date(atMs).toISOString();
    const event = {
      ...this.#render(key, { server: this.#server, ...data }),
      seq: this.#seq,
      at,
      key,
      server: this.#server,
      data,
    };
    this.#events.push(event);
    if (this.#events.length > EVENTS_MAX) this.#events.shift();
    this.#pending.push(event);
    if (this.#pending.length === 1) setImmediate(() => this.flush());
  }

  /** Prints and writes what has come in since. Reporting comes after acting: a takeover waits for no disk. */
  flush(): void {
    const events = this.#pending.splice(0);
    for (const event of events) {
      this.#print(event);
      this.#onAdd(event);
    }
    this.#append(this.#events.filter((event) => event.seq > this.#writtenSeq));
  }

  get lastSeq(): number {
    return this.#seq;
  }

  /** At most `limit` events, oldest first: the first after `seq`, or the newest when `seq` is 0. */
  after(seq: number, limit: number): readonly LoggedEvent[] {
    const newer = this.#events.filter((event) => event.seq > seq);
    return seq > 0 ? newer.slice(0, limit) : newer.slice(-limit);
  }

  #render(
    key: string,
    data: NoteData,
  ): Pick<LoggedEvent, "code" | "severity" | "text" | "cause" | "remedy" | "ja"> {
    if (!isEventKey(key)) {
      const text = `${key}: ${JSON.stringify(data)}`;
      const none = { text, cause: "", remedy: "" };
      return { code: "KG-0000", severity: "info", ...none, ja: none };
    }
    const { code, severity, text, cause, remedy } = renderEvent(key, data, "en");
    const japanese = renderEvent(key, data, "ja");
    const ja = { text: japanese.text, cause: japanese.cause, remedy: japanese.remedy };
    return { code, severity, text, cause, remedy, ja };
  }

  #print(event: LoggedEvent): void {
    const { code, key, data, severity, text } = event;
    if (severity === "info") this.#log.info({ code, key, data }, text);
    else if (severity === "warning") this.#log.warn({ code, key, data }, text);
    else this.#log.error({ code, key, data }, text);
  }

  #append(events: readonly LoggedEvent[]): void {
    // A refused write may have left half a line, which must not swallow the next one.
    const start = this.#writable ? "" : "\n";
    const lines = start + events.map((event) => `${JSON.stringify(event)}\n`).join("");
    try {
      rotate(this.#file);
      appendFileSync(this.#file, lines, { mode: 0o600 });
      this.#writable = true;
      this.#writtenSeq = this.#seq;
    } catch (error) {
      if (this.#writable) this.#log.error({ file: this.#file }, `event file not written: ${error}`);
      this.#writable = false;
    }
  }
}

function rotate(file: string): void {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat !== undefined && stat.size > FILE_BYTES_MAX) renameSync(file, `${file}.1`);
}

/**
 * A torn line (power cut, full disk) is left out; what is whole is kept, once: a write that was refused
 * half way is made again from its beginning.
 */
function readEvents(file: string): LoggedEvent[] {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined) return [];
  const events: LoggedEvent[] = [];
  for (const line of readFileSync(file, "utf8").split("\n")) {
    const event = parseEvent(line);
    if (event !== null && event.seq > (events.at(-1)?.seq ?? 0)) events.push(event);
  }
  return events;
}

function parseEvent(line: string): LoggedEvent | null {
  if (line === "") return null;
  try {
    const event = JSON.parse(line) as LoggedEvent;
    return Number.isInteger(event.seq) && typeof event.key === "string" ? event : null;
  } catch {
    return null;
  }
}
