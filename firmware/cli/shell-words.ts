/**
 * Splits a command into program and arguments the way a shell reads plain words and quotation marks; no
 * variables, no patterns, because no shell will run it. Source: POSIX.1-2017 XCU 2.2 (quoting).
 */

/** null = a quotation mark is open, or a backslash ends the text. */
export function splitWords(text: string): readonly string[] | null {
  const words: string[] = [];
  let word: string | null = null;
  let quote: '"' | "'" | null = null;
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at] ?? "";
    const next = text[at + 1];
    if (quote === "'" ? letter === "'" : quote === '"' && letter === '"') quote = null;
    else if (letter === "\\" && quote !== "'") {
      if (next === undefined) return null;
      const isPlain: boolean = quote === '"' && next !== '"' && next !== "\\";
      word = (word ?? "") + (isPlain ? `\\${next}` : next);
      at += 1;
    } else if (quote === null && (letter === '"' || letter === "'")) {
      quote = letter;
      word ??= "";
    } else if (quote === null && /\s/.test(letter)) {
      if (word !== null) words.push(word);
      word = null;
    } else word = (word ?? "") + letter;
  }
  if (quote !== null) return null;
  if (word !== null) words.push(word);
  return words;
}
