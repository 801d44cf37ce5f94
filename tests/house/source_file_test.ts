/** Whether the outline of a file has all of its imports and exports, whatever they look like. */
import assert from "node:assert/strict";
import { outlineOf, sourceFiles } from "./source_file.ts";

const outline = (text: string) => outlineOf({ path: "example.ts", text });

const IMPORTS = [
  { name: "a value", text: 'import { a } from "x";', specifier: "x", typeOnly: false },
  { name: "a type", text: 'import type { A } from "x";', specifier: "x", typeOnly: true },
  {
    name: "an inline type, which leaves an import at run time",
    text: 'import { type A } from "x";',
    specifier: "x",
    typeOnly: false,
  },
  { name: "for its effect", text: 'import "x";', specifier: "x", typeOnly: false },
  { name: "a list passed on", text: 'export { a } from "x";', specifier: "x", typeOnly: false },
  { name: "all passed on", text: 'export * from "x";', specifier: "x", typeOnly: false },
  { name: "types passed on", text: 'export type * from "x";', specifier: "x", typeOnly: true },
  { name: "dynamic", text: 'await import("x");', specifier: "x", typeOnly: false },
  { name: "computed", text: "await import(name);", specifier: null, typeOnly: false },
  { name: "in a type", text: 'let a: import("x").A;', specifier: "x", typeOnly: true },
];

for (const { name, text, specifier, typeOnly } of IMPORTS) {
  Deno.test(`outlineOf finds an import: ${name}`, () => {
    assert.deepEqual(outline(text).imports, [{ specifier, typeOnly }]);
  });
}

const EXPORTS = [
  { name: "a documented function", text: "/** … */\nexport function a() {}", documented: true },
  { name: "a bare function", text: "/** b */\nfunction b() {}\nexport function a() {}" },
  { name: "a line comment", text: "// a\nexport const a = 1;" },
  { name: "a comment that something parts", text: "/** a */\nvoid 0;\nexport class a {}" },
  {
    name: "overloads",
    text: "/** a */\nexport function a(x: 1): 1;\nexport function a(x: 2): 2;",
    documented: true,
  },
  { name: "a list of what is declared here", text: "/** a */\nconst a = 1;\nexport { a };" },
  { name: "an interface after é", text: 'const é = "é…";\nexport interface a {}' },
];

for (const { name, text, documented = false } of EXPORTS) {
  Deno.test(`outlineOf tells whether an export is documented: ${name}`, () => {
    assert.deepEqual(outline(text).exports, [{ name: "a", documented }]);
  });
}

Deno.test("outlineOf leaves out what is only passed on", () => {
  assert.deepEqual(outline('import { a } from "x";\nexport { a };').exports, []);
});

const OPENINGS = [
  { name: "a paragraph before imports", text: '/** a */\nimport "x";', opens: true },
  {
    name: "a paragraph and a documented export",
    text: "/** a */\n\n/** b */\nexport const b = 1;",
    opens: true,
  },
  { name: "a paragraph and a test", text: '/** a */\nDeno.test("b", () => {});', opens: true },
  { name: "nothing", text: 'import "x";', opens: false },
  { name: "the comment of the first export", text: "/** a */\nexport const b = 1;", opens: false },
  { name: "an ordinary comment", text: '// a\nimport "x";', opens: false },
];

for (const { name, text, opens } of OPENINGS) {
  Deno.test(`outlineOf tells whether a file opens with a paragraph: ${name}`, () => {
    assert.equal(outline(text).opens, opens);
  });
}

Deno.test("sourceFiles finds this file", () => {
  const paths = sourceFiles(["tests"]).map((file) => file.path);
  assert.ok(paths.includes("tests/house/source_file_test.ts"));
});
