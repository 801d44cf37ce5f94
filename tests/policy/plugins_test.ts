/** User modules as files: what loads, what is refused with its line, and that an edit is picked up. */
import assert from "node:assert/strict";
import { loadPlugin, PluginError } from "../../src/policy/plugins.ts";

const FINE = `import type { PolicyModule } from "./mcpgate.d.ts";
let asked: number = 0;
export default {
  name: "counter",
  options: (z) => z.object({ from: z.number() }),
  create: ({ from }) => () => ({
    verdict: "deny" as const,
    kind: "forbidden" as const,
    reason: String(from + ++asked),
  }),
} satisfies PolicyModule<{ from: number }>;
`;

/** A folder with one file in it. */
class ModuleFolder implements AsyncDisposable {
  readonly folder = Deno.makeTempDirSync({ prefix: "mcpgate_plugin_" });

  write(text: string, file = "mine.ts"): string {
    const path = `${this.folder}/${file}`;
    Deno.writeTextFileSync(path, text);
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

Deno.test("loadPlugin loads a module with types", async () => {
  await using place = new ModuleFolder();
  const module = await loadPlugin(place.write(FINE));
  assert.equal(module.name, "counter");
  const policy = await module.create({ from: 8 }, {} as never);
  assert.deepEqual(await policy({} as never), { verdict: "deny", kind: "forbidden", reason: "9" });
});

Deno.test("loadPlugin loads a module without types", async () => {
  await using place = new ModuleFolder();
  const text = 'export default { name: "js", at: "head", options() {}, create() {} };';
  assert.equal((await loadPlugin(place.write(text, "mine.js"))).at, "head");
});

Deno.test("loadPlugin picks up an edit, and gives the same module where nothing has changed", async () => {
  await using place = new ModuleFolder();
  const first = await loadPlugin(place.write(FINE));
  assert.equal(await loadPlugin(place.write(FINE)), first);
  const edited = await loadPlugin(place.write(FINE.replace("counter", "edited")));
  assert.equal(edited.name, "edited");
});

Deno.test("loadPlugin loads text beyond ASCII as it is", async () => {
  await using place = new ModuleFolder();
  const text = 'export default { name: "käse 😀 %41 # ?", options() {}, create() {} };';
  assert.equal((await loadPlugin(place.write(text))).name, "käse 😀 %41 # ?");
});

const ONE_FILE = 'a policy module is one file: it can "import type" and nothing else';

const REFUSED: { name: string; text: string; message: string }[] = [
  {
    name: "a syntax error",
    text: "export default {\n  name: ,\n};",
    message: ":2:9: Expression expected",
  },
  {
    name: "types that leave code behind",
    text: "\nenum A { B }\n",
    message: ":2:1: TypeScript enum is not supported in strip-only mode",
  },
  {
    name: "an import of a file",
    text: '\nimport { a } from "./a.ts";',
    message: `:2: ${ONE_FILE}`,
  },
  { name: "an import for effect", text: 'import "./a.ts";', message: `:1: ${ONE_FILE}` },
  { name: "an import of a package", text: 'import z from "npm:zod";', message: `:1: ${ONE_FILE}` },
  {
    name: "an import over several lines",
    text: "import {\n  a,\n} from './a.ts';",
    message: `:1: ${ONE_FILE}`,
  },
  { name: "an export from a file", text: 'export * from "./a.ts";', message: `:1: ${ONE_FILE}` },
  {
    name: "an import that hides behind a statement",
    text: 'let x = 1; import { a } from "./a.ts";',
    message: `: ${ONE_FILE}`,
  },
  { name: "code that throws", text: 'throw new TypeError("boo");', message: ": TypeError: boo" },
  {
    name: "no default export",
    text: "export const x = 1;",
    message: ": needs a default export: export default { name, options, create }",
  },
  {
    name: "a function as default export",
    text: "export default () => {};",
    message: ": needs a default export: export default { name, options, create }",
  },
  {
    name: "no name",
    text: "export default { options() {}, create() {} };",
    message: ": its name must be a string",
  },
  {
    name: "another at",
    text: 'export default { name: "x", at: "body", options() {}, create() {} };',
    message: ': its at must be "head" or "call"',
  },
  {
    name: "options that are no function",
    text: 'export default { name: "x", options: {}, create() {} };',
    message: ": its options must be a function: options: (z) => z.object({})",
  },
  {
    name: "no create",
    text: 'export default { name: "x", options() {} };',
    message: ": its create must be a function: create: (options, host) => (ctx) => decision",
  },
];

for (const { name, text, message } of REFUSED) {
  Deno.test(`loadPlugin refuses a module with ${name}`, async () => {
    await using place = new ModuleFolder();
    const path = place.write(text);
    await assert.rejects(() => loadPlugin(path), new PluginError(path + message));
  });
}

Deno.test("loadPlugin leaves imports alone that are only text", async () => {
  await using place = new ModuleFolder();
  const text = `${FINE}// import "./a.ts"\nexport const note = "import x from './a.ts'";\n`;
  assert.equal((await loadPlugin(place.write(text))).name, "counter");
});

Deno.test("loadPlugin refuses files of other kinds", async () => {
  await assert.rejects(() => loadPlugin("/x/mine.tsx"), {
    message: "/x/mine.tsx: must be a .ts or .js file",
  });
});

Deno.test("loadPlugin names the file that it cannot read", async () => {
  await assert.rejects(() => loadPlugin("/nonexistent/mine.ts"), {
    message: /^Cannot read the policy module: NotFound: .*\/nonexistent\/mine\.ts/,
  });
});
