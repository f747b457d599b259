/**
 * The kinds of value that the configuration's shape is made of: texts, switches, words to choose from, numbers.
 * Each says what it expects in the words in which a finding prints it. Source: schema.ts; D42.
 */
import * as v from "valibot";

/** A text of that form. */
export const text = (expected: string, pattern: RegExp, description: string) =>
  v.pipe(v.string(expected), v.regex(pattern, expected), v.description(description));

/** Off unless given. */
export const flag = (description: string) =>
  v.optional(v.pipe(v.boolean("true or false"), v.description(description)), false);

/** One of these words; the refusal names them all. */
export const choice = <const T extends readonly string[]>(words: T, description: string) =>
  v.pipe(
    v.picklist(words, `one of ${words.map((word) => `"${word}"`).join(", ")}`),
    v.description(description),
  );

const bounded = (expected: string, low: number, high: number, description: string) =>
  v.pipe(
    v.number(expected),
    v.integer(expected),
    v.minValue(low, expected),
    v.maxValue(high, expected),
    v.description(description),
  );

/** Whole ms, both ends included. */
export const milliseconds = (low: number, high: number, description: string) =>
  bounded(`a whole number of ms from ${low} to ${high}`, low, high, description);

/** A whole number, both ends included. */
export const whole = (low: number, high: number, description: string) =>
  bounded(`a whole number from ${low} to ${high}`, low, high, description);
