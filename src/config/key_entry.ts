/**
 * Keys as they are written into a configuration: the members of an entry and of a hash, on lines of
 * their own or in braces. Knows no file.
 */

/** A key as it is written into a configuration. */
export interface KeyEntry {
  readonly label: string;
  /** SHA-256 of the key, in hexadecimal. */
  readonly hash: string;
  /** The day it was minted. */
  readonly created?: string;
  readonly allow: readonly string[];
  /** A date or an RFC 3339 time. */
  readonly expires?: string;
}

/** One of the hashes of a key. */
export interface HashEntry {
  readonly hash: string;
  readonly created?: string;
  readonly expires?: string;
}

/** How names of members are written: as they are, or in quotes where the text is JSON. */
export type Naming = (name: string) => string;

/** Names as they are. */
export const PLAIN: Naming = (name) => name;

/** Names in quotes. */
export const QUOTED: Naming = (name) => JSON.stringify(name);

/** The lines of `entry` as an item of a list, without indentation. */
export function keyEntryLines(entry: KeyEntry, naming: Naming = PLAIN): string[] {
  return members(entry, naming).map((member, index) => `${index === 0 ? "- " : "  "}${member}`);
}

/** `entry` on one line, in braces. */
export function keyEntryInBraces(entry: KeyEntry, naming: Naming = PLAIN): string {
  return `{ ${members(entry, naming).join(", ")} }`;
}

/** One hash on one line, in braces. */
export function hashInBraces(entry: HashEntry, naming: Naming = PLAIN): string {
  const written = ["hash", "created", "expires"] as const;
  const parts = written.flatMap((name) =>
    entry[name] === undefined ? [] : [`${naming(name)}: ${JSON.stringify(entry[name])}`]
  );
  return `{ ${parts.join(", ")} }`;
}

/** JSON's texts are YAML's. */
function members({ label, hash, created, allow, expires }: KeyEntry, naming: Naming): string[] {
  return [
    `${naming("label")}: ${JSON.stringify(label)}`,
    `${naming("hash")}: ${JSON.stringify(hash)}`,
    ...(created === undefined ? [] : [`${naming("created")}: ${JSON.stringify(created)}`]),
    `${naming("allow")}: [${allow.map((name) => JSON.stringify(name)).join(", ")}]`,
    ...(expires === undefined ? [] : [`${naming("expires")}: ${JSON.stringify(expires)}`]),
  ];
}
