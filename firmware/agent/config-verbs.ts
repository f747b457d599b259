/**
 * The agent's verbs for the configuration text of the running cluster. One request, one answer, as for all
 * verbs of agent.sock: `{id, verb, args, lang}` -> `{id, ok: true, result}` or the usual refusal
 * `{id, ok: false, exit, code, key, data, message, remedy}`. Any member may be asked.
 *
 * ```
 * config.get      {rev?: number}                  -> ConfigText          without rev the installed text
 * config.history  {}                              -> {revisions: RevisionLine[]}    newest first
 * config.plan     {text}                          -> ConfigPlan          what apply would do; changes nothing
 * config.apply    {text, expectHash?, by?}        -> ConfigApplied       answers when installed everywhere
 * ```
 *
 * `expectHash` is the hash (8 hex digits) of the text that the new one was made from; another one in force is
 * refused with `config-conflict`. The validator's findings come with `config-invalid` as `data.findings`, one per
 * line. A text is at most 65,536 bytes. After an apply the agents are restarted in turn: ask again a second later.
 * Source: protocol.md 1.9, V3; ecosystem.md 4.2; work order 3 item 4.
 */
import type { ConfigChange } from "../../services/configuration/changes.ts";

export interface ConfigText {
  /** Number of the revision: grows by one with every apply, the same on every server. */
  readonly rev: number;
  /** First 8 hex digits of SHA-256 over the text. */
  readonly hash: string;
  readonly text: string;
}

export interface RevisionLine {
  readonly rev: number;
  readonly hash: string;
  /** ISO 8601 UTC, by the clock of the server that is asked. */
  readonly at: string;
  /** Who ordered it, e.g. `root@SERVER1`; "file" = the text found at the start. */
  readonly by: string;
  readonly state: "current" | "prepared" | "old";
}

export interface ConfigPlan {
  /** In force at this moment; pass it as `expectHash`. */
  readonly rev: number;
  readonly hash: string;
  /** Of the text asked about. */
  readonly newHash: string;
  readonly changes: readonly ConfigChange[];
  /** Warnings of the validator, one line each. */
  readonly warnings: readonly string[];
  /** Why apply would be refused at this moment; null = it would be accepted. */
  readonly refusal: {
    readonly key: string;
    readonly message: string;
    readonly remedy: string;
  } | null;
}

export interface ConfigApplied {
  readonly rev: number;
  readonly hash: string;
  /** Servers that have it: members and, when heard, detached ones. */
  readonly servers: readonly string[];
  readonly changes: readonly ConfigChange[];
}
