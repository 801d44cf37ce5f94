/**
 * The keys of a configuration as rows, for programs and for the eye: since when, until when, last used,
 * how many, and what they may use. Shows no hash.
 */
import type { Config } from "../config/config.ts";
import type { Ink } from "./ink.ts";
import { dayText, lastEndMs, timeText } from "./key_times.ts";
import type { LastUses } from "./last_use.ts";

/** One label. Times are RFC 3339, days are dates; null: not said, or never. */
export interface KeyRow {
  readonly label: string;
  /** The day on which the newest of its keys was minted. */
  readonly created: string | null;
  /** When the last of its keys ends. */
  readonly expires: string | null;
  readonly last_used: string | null;
  /** How many of its keys and certificates are let in now, as far as the configuration says. */
  readonly good: number;
  readonly hashes: readonly {
    readonly created: string | null;
    readonly expires: string | null;
    readonly good: boolean;
  }[];
  /** How many client certificates prove it beside its keys. */
  readonly certificates: number;
  readonly allow: readonly string[];
  readonly deny: readonly string[];
  readonly prompts: readonly string[];
  readonly resources: readonly string[];
}

const DAY_MS = 24 * 60 * 60 * 1000;
const SOON_MS = 14 * DAY_MS;
const MAX_NAMES = 3;

/** A row for each key of `config`, in the order of the file. */
export function keyRows(config: Config, now: number, uses: LastUses | null): KeyRow[] {
  return config.keys.map((key) => {
    const { label, hashes, certificates, allow, deny, prompts, resources } = key;
    const end = key.expiresMs ?? Infinity;
    const days = hashes.flatMap(({ createdMs }) => createdMs ?? []);
    const written = hashes.map(({ createdMs, expiresMs }) => ({
      created: createdMs === null ? null : dayText(createdMs),
      expires: expiresMs === null ? null : timeText(expiresMs),
      good: expiresMs === null || expiresMs > now,
    }));
    const last = lastEndMs(key);
    return {
      label,
      created: days.length === 0 ? null : dayText(Math.max(...days)),
      expires: last === null ? null : timeText(last),
      last_used: uses?.times.get(label) ?? null,
      good: written.filter(({ good }) => good).length + (end > now ? certificates.length : 0),
      hashes: written,
      certificates: certificates.length,
      allow,
      deny,
      prompts,
      resources,
    };
  });
}

/** The rows as a table, with a line of heads. */
export function keyTable(
  rows: readonly KeyRow[],
  now: number,
  withUses: boolean,
  ink: Ink,
): string {
  const heads = [
    "LABEL",
    "CREATED",
    "EXPIRES",
    ...(withUses ? ["LAST USED"] : []),
    "KEYS",
    "MAY USE",
  ];
  const table = rows.map((row) => [
    row.label,
    row.created ?? "-",
    endText(row, now),
    ...(withUses ? [row.last_used?.replace(/\.\d+Z$/, "Z") ?? "-"] : []),
    countText(row),
    useText(row),
  ]);
  const widths = heads.map((head, at) =>
    Math.max(head.length, ...table.map((cells) => cells[at]?.length ?? 0))
  );
  const line = (cells: readonly string[]) =>
    cells.map((cell, at) => at === cells.length - 1 ? cell : cell.padEnd(widths[at] ?? 0)).join(
      "  ",
    );
  const painted = table.map((cells, index) => {
    const row = rows[index];
    const text = line(cells);
    if (row === undefined) return text;
    if (row.good === 0) return ink.red(text);
    return row.expires !== null && Date.parse(row.expires) - now < SOON_MS
      ? ink.yellow(text)
      : text;
  });
  return [ink.bold(line(heads)), ...painted].map((text) => `${text}\n`).join("");
}

function endText({ expires, good }: KeyRow, now: number): string {
  if (expires === null) return "never";
  if (good === 0) return `expired ${expires}`;
  const days = Math.floor((Date.parse(expires) - now) / DAY_MS);
  return days * DAY_MS >= SOON_MS
    ? expires
    : `${expires} (${days === 1 ? "1 day" : `${days} days`})`;
}

/** `2, one until 2026-12-02T12:00:00Z`: what is left of an exchange. */
function countText({ good, hashes, expires }: KeyRow): string {
  const ending = hashes.filter((each) => each.good && each.expires !== expires);
  if (good === 0) return "0";
  if (good === 1 || ending.length === 0) return String(good);
  const until = ending.flatMap(({ expires }) => expires ?? []).sort().at(-1);
  return `${good}, ${ending.length === 1 ? "one" : ending.length} until ${until}`;
}

function useText({ allow, deny, prompts, resources }: KeyRow): string {
  const parts = [
    namesText(allow, "tool") + (deny.length === 0 ? "" : `, less ${deny.length}`),
    ...(prompts.length === 0 ? [] : [countedText(prompts, "prompt")]),
    ...(resources.length === 0 ? [] : [countedText(resources, "resource")]),
  ];
  return parts.join("; ");
}

function namesText(names: readonly string[], thing: string): string {
  if (names.length === 0) return `no ${thing}`;
  if (names.includes("*")) return `all ${thing}s`;
  const more = names.length - MAX_NAMES;
  return [...names.slice(0, MAX_NAMES), ...(more > 0 ? [`and ${more} more`] : [])].join(", ");
}

function countedText(names: readonly string[], thing: string): string {
  if (names.includes("*")) return `all ${thing}s`;
  return `${names.length} ${thing}${names.length === 1 ? "" : "s"}`;
}
