/**
 * `deno task docs`: writes what `docs/` and the schema for editors say of the program, so that the
 * program says it: help texts, options and the files that recipes show. The test beside the pages
 * holds them to it.
 *
 * A page written by hand shows a file or a client's snippet in the fenced block below a mark,
 * `<!-- shows deploy/nginx.conf -->`; the block's text is put there from its source.
 */
import { clientSnippets } from "../../src/cli/demo_snippets.ts";
import { configJsonSchema } from "../../src/config/json_schema.ts";
import { BUILT_INS } from "../config/sources.ts";
import { optionReference } from "./option_reference.ts";

const ROOT = new URL("../../", import.meta.url);

/** What the snippets of the recipes name: the server, where it is, and no real key. */
const RECIPE = ["files", "https://mcp.example.com/mcp", "mcpg_YOUR_KEY"] as const;

/** Every file that is made, by its path, as it has to be. */
export async function referenceFiles(): Promise<Map<string, string>> {
  const schema = configJsonSchema(BUILT_INS);
  const made = new Map([
    ["mcpgate.schema.json", `${JSON.stringify(schema, null, 2)}\n`],
    ["docs/commands.md", await commandReference()],
    ["docs/configuration.md", optionReference(schema)],
  ]);
  for (const path of pagePaths()) {
    if (!made.has(path)) made.set(path, withSources(path, read(path)));
  }
  return made;
}

/** The paths of all pages for readers, made or not. */
export function pagePaths(): string[] {
  const inDocs = [...Deno.readDirSync(new URL("docs/", ROOT))].map(({ name }) => `docs/${name}`);
  const atRoot = ["README.md", "SECURITY.md", "CHANGELOG.md"];
  return [...atRoot, ...inDocs.filter((path) => path.endsWith(".md"))].toSorted();
}

/** The names of the program's commands, in the order of its overview. */
export async function commandNames(): Promise<string[]> {
  return [...(await help()).matchAll(/^ {2}(\w+) /gm)].map(([, name = ""]) => name);
}

async function commandReference(): Promise<string> {
  const names = await commandNames();
  const texts = await Promise.all(names.map((name) => help(name)));
  const sections = names.map((name, index) =>
    `## mcpgate ${name}\n\n\`\`\`text\n${texts[index]}\`\`\`\n`
  );
  return `# Commands

What \`mcpgate help COMMAND\` prints. Results go to stdout, everything else to stderr. Exit codes: 0 done, 1 failed, 2 usage, 3 refused (\`try\`).

${names.map((name) => `[${name}](#mcpgate-${name})`).join(" · ")}

${sections.join("\n")}`;
}

async function help(...names: string[]): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--quiet", "src/main.ts", "help", ...names],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  return new TextDecoder().decode(stdout);
}

/** `page` with the text of each source in the block below its mark. */
function withSources(path: string, page: string): string {
  const shown = page.replaceAll(
    /^(<!-- shows (.+) -->\n```\w*\n)[\s\S]*?^```$/gm,
    (_, opening: string, source: string) => `${opening}${sourceText(source)}\`\`\``,
  );
  const marks = page.match(/^<!-- shows /gm)?.length ?? 0;
  const blocks = shown.match(/^<!-- shows .+ -->\n```/gm)?.length ?? 0;
  if (marks !== blocks) throw new Error(`${path}: a mark has no fenced block below it`);
  return shown;
}

function sourceText(source: string): string {
  const snippets = clientSnippets(...RECIPE);
  const snippet = snippets.find(({ client, where }) => source === `${client}, ${where}`);
  return snippet === undefined ? read(source) : `${snippet.text}\n`;
}

function read(path: string): string {
  return Deno.readTextFileSync(new URL(path, ROOT));
}

if (import.meta.main) {
  for (const [path, text] of await referenceFiles()) {
    await Deno.writeTextFile(new URL(path, ROOT), text);
  }
}
