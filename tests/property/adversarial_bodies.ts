/**
 * Bodies of any size that are made to cost a reader more than their size: those that nest, count,
 * repeat, escape, or end in the wrong place (PROTOCOL §3.3, bodies). Each is the arguments of a call.
 */

/** One shape of a body. */
export interface Adversary {
  readonly name: string;
  /** The JSON value, or what begins like one, of about `n` characters. */
  readonly make: (n: number) => string;
}

/** All shapes. */
export const ADVERSARIES: readonly Adversary[] = [
  { name: "an ordinary object", make: () => '{"path":"/var/data"}' },
  { name: "open brackets", make: (n) => "[".repeat(n) },
  { name: "open objects", make: (n) => '{"a":'.repeat(n / 5) },
  {
    name: "brackets as deep as is read",
    make: (n) => repeated(n, "[".repeat(120) + "]".repeat(120)),
  },
  { name: "empty objects", make: (n) => repeated(n, "{}") },
  { name: "as many empty objects as are read", make: () => repeated(3 * 249_000, "{}") },
  { name: "as many numbers as are read", make: () => repeated(4 * 249_000, "1.5") },
  { name: "small numbers", make: (n) => repeated(n, "1") },
  { name: "one member objects", make: (n) => repeated(n, '{"a":1}') },
  { name: "integer-like members", make: (n) => members(n, 11, (at) => String(at)) },
  {
    name: "integer-like members in steps of 4096",
    make: (n) => members(n, 15, (at) => `${at * 4096}`),
  },
  {
    name: "integer-like members in steps of 32768",
    make: (n) => members(n, 15, (at) => `${at * 32768}`),
  },
  { name: "members of many names", make: (n) => members(n, 16, (at) => `m${1e6 + at}`) },
  { name: "one long text", make: (n) => JSON.stringify("x".repeat(n)) },
  { name: "one long text that is not Latin", make: (n) => JSON.stringify("\u4e00".repeat(n / 3)) },
  { name: "escaped quotes", make: (n) => `"${'\\"'.repeat(n / 2)}"` },
  { name: "escaped letters", make: (n) => `"${"\\u0061".repeat(n / 6)}"` },
  { name: "a text of backslashes without an end", make: (n) => `"${"\\".repeat(n)}` },
  { name: "short texts", make: (n) => repeated(n, '"abcdefghijkl"') },
  { name: "one long number", make: (n) => "9".repeat(n) },
  { name: "blanks", make: (n) => " ".repeat(n) + "1" },
];

function repeated(n: number, item: string): string {
  return `[${`${item},`.repeat(Math.max(0, Math.floor(n / (item.length + 1)) - 1))}${item}]`;
}

function members(n: number, each: number, name: (at: number) => string): string {
  const all = Array.from({ length: Math.floor(n / each) }, (_, at) => `"${name(at)}":1`);
  return `{${all.join(",")}}`;
}

/** What shapes may be longer by than they were asked to be. */
const SPARE = 64;

/** The bytes of a call whose arguments are `shape`, of `n` bytes at most. */
export function bodyOf({ make }: Adversary, n: number): Uint8Array {
  const head = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":';
  const bytes = new TextEncoder().encode(`${head}${make(n - head.length - SPARE)}}}`);
  if (bytes.length > n) throw new TypeError(`A body of ${bytes.length} bytes instead of ${n}`);
  return bytes;
}
