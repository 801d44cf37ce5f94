/**
 * What is wrong with a configuration, and how it is told: place, what was found, what was expected,
 * the line with a caret under the place. Knows no YAML and no schema; whoever makes a problem has
 * already left out what must not be shown.
 */

/** One mistake in one place. */
export interface Problem {
  /** The file as it was named. */
  readonly file: string;
  /** From 1; 0 where the whole file is meant. */
  readonly line: number;
  /** From 1; 0 where the whole file is meant. */
  readonly column: number;
  /** For example `keys[1].hash`; empty for the whole file. */
  readonly path: string;
  readonly found: string;
  readonly expected: string;
  /** A whole phrase, for example `did you mean "allow"?`. */
  readonly suggestion?: string;
  /** The line, its secrets masked; null where there is none to show. */
  readonly excerpt: string | null;
  /** How many characters from `column` on the mistake spans; at least 1. */
  readonly length: number;
}

/** Characters of an excerpt that are shown. */
const WINDOW = 100;

/** Whatever looks like a key, wherever it was pasted. */
const KEY_LIKE = /mcpg_[\w-]{8,}/g;

/** Terminal control, line separators and marks that change the direction of text. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** All problems as text for a person, in the order given, without a line end after the last. */
export function formatProblems(problems: readonly Problem[]): string {
  return problems.map(formatProblem).join("\n\n");
}

/** `keys[1].hash` for `["keys", 1, "hash"]`; what does not look like a name is not repeated. */
export function pathText(path: readonly (string | number)[]): string {
  let text = "";
  for (const step of path) {
    if (typeof step === "number") text += `[${step}]`;
    else if (isShowableName(step)) text += text === "" ? step : `.${step}`;
    else text += "[?]";
  }
  return text;
}

/** Whether a name that is known to nobody may be shown: it is short enough to be one. */
export function isShowableName(name: string): boolean {
  return /^[A-Za-z_][\w-]{0,40}$/.test(name);
}

function formatProblem(problem: Problem): string {
  const place = problem.line === 0
    ? problem.file
    : `${problem.file}:${problem.line}:${problem.column}`;
  const lines = [problem.path === "" ? place : `${place}: ${problem.path}`];
  if (problem.excerpt !== null) lines.push(...pointedLine(problem, problem.excerpt));
  lines.push(`  found: ${problem.found}`, `  expected: ${problem.expected}`);
  if (problem.suggestion !== undefined) lines.push(`  ${problem.suggestion}`);
  return lines.map(presentable).join("\n");
}

function pointedLine(problem: Problem, excerpt: string): string[] {
  const caret = problem.column - 1;
  const from = caret < WINDOW - 20 ? 0 : caret - 60;
  const shown = excerpt.slice(from, from + WINDOW).trimEnd();
  const room = Math.max(1, shown.length - (caret - from));
  const number = String(problem.line);
  return [
    `  ${number} | ${shown}`,
    `  ${" ".repeat(number.length)} | ${" ".repeat(caret - from)}${
      "^".repeat(Math.min(problem.length, room))
    }`,
  ];
}

/** Keeps every character's place, so that the caret stays under it. */
function presentable(line: string): string {
  return line.replace(UNPRINTABLE, (mark) => " ".repeat(mark.length)).replace(
    KEY_LIKE,
    (key) => "mcpg_" + "*".repeat(key.length - 5),
  );
}
