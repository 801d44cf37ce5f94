/**
 * The matrix of keys and names as a person reads it on a terminal. What the server calls its tools is
 * never printed raw: a name may hold what steers a terminal.
 */
import type { Ink } from "./ink.ts";
import type { AccessMatrix, Finding, MatrixRow, ToolRow } from "./access_matrix.ts";

/** Keys that get a column of their own; with more, each row names who is meant. */
const MAX_COLUMNS = 6;

/** Names that one finding or one row tells. */
const MAX_NAMES = 12;

/** The matrix as text, ending in a line feed. */
export function matrixText(matrix: AccessMatrix, labels: readonly string[], ink: Ink): string {
  const lines = [
    ...section("tools", matrix.tools, labels, ink, toolMark),
    ...section("prompts", matrix.prompts, labels, ink),
    ...section("resources", matrix.resources, labels, ink),
    ...section("resource templates", matrix.templates, labels, ink),
  ];
  const marks = legend(matrix.tools);
  if (marks !== "") lines.push(marks, "");
  if (matrix.findings.length > 0) {
    lines.push(ink.bold("look at"), ...matrix.findings.map(findingLine));
  } else lines.push(ink.green("nothing looks wrong"));
  return lines.map((line) => `${line}\n`.replace(/ +\n$/, "\n")).join("");
}

/** `name` as it may be printed: anything but plain characters is escaped. */
export function shown(name: string): string {
  const plain = /^[^\p{C}\p{Zl}\p{Zp}]{1,120}$/u.test(name);
  return plain
    ? name
    : JSON.stringify(name.slice(0, 120)).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, escaped);
}

/** The same for a sentence that others' words may be in. */
export function shownWords(text: string): string {
  return text.split(" ").map((word) => word === "" ? "" : shown(word)).join(" ");
}

/** One finding in words, without a line feed. */
export function findingText({ kind, label, family, names, reasons }: Finding): string {
  const listed = some(names.map((name, index) => {
    const reason = reasons?.[index];
    return reason === undefined ? shown(name) : `${shown(name)} (${shownWords(reason)})`;
  }));
  const thing = family.slice(0, -1);
  switch (kind) {
    case "not_offered":
      return `the key "${label}" names ${thing}s that the server does not offer: ${listed}`;
    case "matches_nothing":
      return `patterns of the key "${label}" match no ${thing}: ${listed}`;
    case "nobody":
      return `no key may use: ${listed}`;
    case "destructive":
      return `said to be destructive, and allowed to somebody: ${listed}`;
    case "meta_tool":
      return `may run commands or call other tools, and so reach around an allowlist: ${listed}`;
  }
}

function findingLine(finding: Finding): string {
  return `  ${findingText(finding)}`;
}

function section(
  title: string,
  rows: readonly MatrixRow[],
  labels: readonly string[],
  ink: Ink,
  mark: (row: never) => string = () => "",
): string[] {
  if (rows.length === 0) return [`${title}: none`, ""];
  const names = rows.map((row) => `  ${shown(row.name)}${mark(row as never)}`);
  const width = Math.max(title.length, ...names.map((name) => name.length));
  const inColumns = labels.length <= MAX_COLUMNS;
  const heads = labels.map((label) => shown(label));
  const body = rows.map((row, index) => {
    const cells = inColumns
      ? heads.map((head, at) =>
        row.keys.includes(labels[at] ?? "")
          ? ink.green("yes") + " ".repeat(Math.max(0, head.length - 3))
          : ink.dim("-") + " ".repeat(Math.max(0, head.length - 1))
      )
      : [row.keys.length === 0 ? ink.dim("nobody") : some(row.keys.map(shown))];
    return [(names[index] ?? "").padEnd(width), ...cells].join("  ");
  });
  const head = [title.padEnd(width), ...(inColumns ? heads : ["allowed to"])].join("  ");
  return [ink.bold(head), ...body, ""];
}

function toolMark({ destructive, meta }: ToolRow): string {
  return `${destructive === "said" ? " !" : ""}${meta === null ? "" : " *"}`;
}

function legend(tools: readonly ToolRow[]): string {
  const marks = [
    ...(tools.some(({ destructive }) => destructive === "said") ? ["! destructive"] : []),
    ...(tools.some(({ meta }) => meta !== null) ? ["* may reach around an allowlist"] : []),
  ];
  return marks.join(", ");
}

function some(names: readonly string[]): string {
  const more = names.length - MAX_NAMES;
  return [...names.slice(0, MAX_NAMES), ...(more > 0 ? [`and ${more} more`] : [])].join(", ");
}

function escaped(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}
