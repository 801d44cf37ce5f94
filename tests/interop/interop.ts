/**
 * `deno task interop [LANGUAGE…]`: builds the clients of these languages, by default all, plays
 * every scenario with each and prints who needed how long for what. With `--build` it builds only,
 * by default those that CI has the time for, and prints which of them are there, for
 * MCPGATE_INTEROP.
 */
import { type Client, CLIENTS } from "./client.ts";
import { built, type Language, LANGUAGES } from "./language.ts";
import { type Scenario, SCENARIOS } from "./scenario.ts";

const buildsOnly = Deno.args.includes("--build");
const named = Deno.args.filter((arg) => !arg.startsWith("-"));
const wantsAll = named.includes("all") || (named.length === 0 && !buildsOnly);
const wanted = LANGUAGES.filter(({ name, quick }) =>
  wantsAll || (named.length > 0 ? named.includes(name) : quick)
);
const ready: Language[] = [];
for (const language of wanted) {
  try {
    if (await built(language)) ready.push(language);
  } catch (error) {
    console.error(`did not build: ${language.name}: ${error}`);
    if (!buildsOnly) Deno.exitCode = 1;
  }
}
if (buildsOnly) console.log(ready.map(({ name }) => name).join(" "));
else await playAll(ready.map(({ name }) => name));

async function playAll(languages: readonly string[]): Promise<void> {
  const rows: Record<string, Record<string, string>> = {};
  for (const client of CLIENTS.filter(({ language }) => languages.includes(language))) {
    const row: Record<string, string> = {};
    for (const scenario of SCENARIOS) row[scenario.name] = await playOne(client, scenario);
    rows[client.name] = row;
  }
  console.log(`${table(rows)}\n* told in the client's own words`);
}

async function playOne(client: Client, scenario: Scenario): Promise<string> {
  if (scenario.isFor?.(client) === false) return "–";
  try {
    const { ms } = await scenario.play(client);
    return `${ms} ms${client.own?.[scenario.name] === undefined ? "" : " *"}`;
  } catch (error) {
    console.error(`${client.name}: ${scenario.name}: ${error}`);
    Deno.exitCode = 1;
    return "FAILED";
  }
}

/** Columns by scenario, lines by client. */
function table(rows: Readonly<Record<string, Readonly<Record<string, string>>>>): string {
  const head = ["", ...SCENARIOS.map(({ name }) => name)];
  const lines = [head, ...Object.entries(rows).map(([name, row]) => [name, ...Object.values(row)])];
  const widths = head.map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0))
  );
  return lines.map((line) =>
    line.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)
    ).join("  ")
  ).join("\n");
}
