/** Tables of the macro bench as text: a title, a header, rows whose numbers line up. */

/** One table. */
export interface Table {
  readonly title: string;
  /** What the reader should know to believe the figures. */
  readonly note?: string;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** `table` as lines of text: the first column left, the others right. */
export function tableText({ title, note, header, rows }: Table): string {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const lines = all.map((row) =>
    row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)
    ).join("  ").trimEnd()
  );
  return [title, ...(note === undefined ? [] : [note]), ...lines, ""].join("\n");
}

/** `value` with `digits` decimals; a dash where there is none. */
export function cell(value: number, digits = 0): string {
  return Number.isFinite(value) ? value.toFixed(digits) : "-";
}

/** How many times `value` is `base`. */
export function ratio(value: number, base: number): string {
  const times = value / base;
  return Number.isFinite(times) ? `${times.toFixed(2)} x` : "-";
}
