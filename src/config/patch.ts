/**
 * Changes to a text as pieces of it that are exchanged for others: what no patch names stays as it is,
 * byte for byte. Knows lines, and no YAML.
 */

/** `text` in the place of what stands from `from` up to `to`. */
export interface Patch {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** `text` with `patches`, or null where two of them want the same place. */
export function patched(text: string, patches: readonly Patch[]): string | null {
  // What is put in at a place comes before what is taken out from there on; sorting is stable.
  const ordered = patches.toSorted((a, b) => a.from - b.from || a.to - b.to);
  let result = "";
  let at = 0;
  for (const { from, to, text: inserted } of ordered) {
    if (from < at) return null;
    result += text.slice(at, from) + inserted;
    at = to;
  }
  return result + text.slice(at);
}

/** Puts `inserted` in at `at`. */
export function insertion(at: number, inserted: string): Patch {
  return { from: at, to: at, text: inserted };
}

/** Takes out what stands from `from` up to `to`. */
export function deletion(from: number, to: number): Patch {
  return { from, to, text: "" };
}

/** Puts `lines`, which end in a line break, in after the line of the character before `at`. */
export function linesAfter(text: string, at: number, lines: string): Patch {
  const end = endOfLine(text, at);
  const begins = end === 0 || text[end - 1] === "\n";
  return insertion(end, begins ? lines : lineBreak(text) + lines);
}

/** Where the line of the character before `at` ends, its line break counted in. */
export function endOfLine(text: string, at: number): number {
  if (text[at - 1] === "\n") return at;
  const end = text.indexOf("\n", at) + 1;
  return end > 0 ? end : text.length;
}

/** Where the line of the character at `at` begins. */
export function startOfLine(text: string, at: number): number {
  return at === 0 ? 0 : text.lastIndexOf("\n", at - 1) + 1;
}

/** How far into its line the character at `at` stands. */
export function columnOf(text: string, at: number): number {
  return at - startOfLine(text, at);
}

/** Whether nothing but blanks stands before the character at `at` on its line. */
export function beginsLine(text: string, at: number): boolean {
  return /^[ \t]*$/.test(text.slice(startOfLine(text, at), at));
}

/** The line break that `text` uses. */
export function lineBreak(text: string): string {
  return text.includes("\r\n") ? "\r\n" : "\n";
}
