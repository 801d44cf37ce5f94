/**
 * Finds the word that somebody meant. One edit only: a wider net suggests what nobody meant.
 */

/** The first of `candidates` that differs from `word` by letter case or by one edit. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const meant = word.toLowerCase();
  for (const candidate of candidates) {
    if (candidate !== word && isWithinOneEdit(meant, candidate.toLowerCase())) return candidate;
  }
  return undefined;
}

/**
 * Whether one insertion, deletion, replacement or swap of neighbours, or nothing at all, makes `a`
 * into `b` (Damerau-Levenshtein distance of at most 1).
 */
export function isWithinOneEdit(a: string, b: string): boolean {
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  if (long.length - short.length > 1) return false;
  let at = 0;
  while (at < short.length && short[at] === long[at]) at++;
  if (short.length < long.length) return short.slice(at) === long.slice(at + 1);
  return short.slice(at + 1) === long.slice(at + 1) ||
    (short[at] === long[at + 1] && short[at + 1] === long[at] &&
      short.slice(at + 2) === long.slice(at + 2));
}
