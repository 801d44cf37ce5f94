/**
 * The text of a configuration as a page with lines and columns: turns a flaw into a problem by
 * finding its place and the line to show. Judges nothing.
 */
import { isMap, isScalar, isSeq, LineCounter, type Node } from "yaml";
import type { Flaw, ParsedText } from "./document.ts";
import { pathText, type Problem } from "./problem.ts";
import { redactDocument, redactLines } from "./redaction.ts";
import type { Path, Schema } from "./schema_place.ts";

type Range = readonly [from: number, to: number];

/** One file, read. */
export class Page {
  readonly #file: string;
  readonly #text: string;
  readonly #parsed: ParsedText;
  readonly #schema: Schema;
  readonly #lines: LineCounter;
  #redacted: string | null = null;

  constructor(file: string, text: string, parsed: ParsedText, schema: Schema) {
    this.#file = file;
    this.#text = text;
    this.#parsed = parsed;
    this.#schema = schema;
    this.#lines = countLines(text);
  }

  /** The problem that `flaw` is, in its place. */
  problem(flaw: Flaw): Problem {
    const [from, to] = this.#range(flaw);
    const { line, col } = this.#lines.linePos(from);
    return {
      file: this.#file,
      line,
      column: col,
      path: pathText(flaw.path),
      found: flaw.found,
      expected: flaw.expected,
      ...(flaw.suggestion === undefined ? {} : { suggestion: flaw.suggestion }),
      excerpt: this.#excerpt(line),
      length: Math.max(1, to - from),
    };
  }

  /** All problems, from top to bottom. */
  problems(flaws: readonly Flaw[]): Problem[] {
    return flaws.map((flaw) => this.problem(flaw)).sort((a, b) =>
      a.line - b.line || a.column - b.column
    );
  }

  /** The number of the line on which the value at `path` begins. */
  line(path: Path): number {
    return this.#lines.linePos(this.#range({ path })[0]).line;
  }

  #range(flaw: Pick<Flaw, "path" | "atKey" | "range">): Range {
    const range = flaw.range ?? locate(this.#parsed.document.contents, flaw.path, flaw.atKey);
    const from = Math.min(range[0], this.#text.length);
    const lineEnd = this.#text.slice(from, range[1]).search(/[\r\n]/);
    return [from, lineEnd < 0 ? range[1] : from + lineEnd];
  }

  #excerpt(line: number): string {
    this.#redacted ??= this.#parsed.broken
      ? redactLines(this.#text, this.#schema)
      : redactDocument(this.#text, this.#parsed.document, this.#schema);
    const start = this.#lines.lineStarts[line - 1] ?? 0;
    const next = this.#lines.lineStarts[line] ?? this.#redacted.length;
    return this.#redacted.slice(start, next).trimEnd();
  }
}

function countLines(text: string): LineCounter {
  const lines = new LineCounter();
  lines.addNewLine(0);
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) {
    lines.addNewLine(at + 1);
  }
  return lines;
}

/** The place of the value at `path`, or of the nearest thing around it that is there. */
function locate(root: Node | null, path: Path, atKey = false): Range {
  let node: unknown = root;
  let range = rangeOf(root, [0, 1]);
  // A missing member of the file as a whole has no better place than its beginning.
  if (path.length > 0) range = [range[0], range[0] + 1];
  for (const [index, step] of path.entries()) {
    if (isSeq(node) && typeof step === "number" && node.items[step] !== undefined) {
      node = node.items[step];
      range = rangeOf(node, range);
    } else {
      const pair = isMap(node)
        ? node.items.find(({ key }) => isScalar(key) && key.value === step)
        : undefined;
      if (pair === undefined) return [range[0], range[0] + 1];
      node = pair.value;
      const isTarget = index === path.length - 1 && !atKey;
      range = isTarget && hasText(node) ? rangeOf(node, range) : rangeOf(pair.key, range);
    }
  }
  return range;
}

function hasText(node: unknown): boolean {
  const [from, to] = rangeOf(node, [0, 0]);
  return to > from;
}

function rangeOf(node: unknown, otherwise: Range): Range {
  const range = (node as Partial<Node> | null)?.range;
  return range ? [range[0], range[1]] : otherwise;
}
