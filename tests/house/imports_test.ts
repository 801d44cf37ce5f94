/** The import table of the house, held against every file of the program. */
import assert from "node:assert/strict";
import { importViolation, packageName } from "./import_rules.ts";
import { PACKAGES } from "./rooms.ts";
import { outlineOf, sourceFiles } from "./source_file.ts";

const PROGRAM = sourceFiles(["src", "policies"]);

Deno.test("every import of the program is in the import table", () => {
  const violations = PROGRAM.flatMap((file) =>
    outlineOf(file).imports.map((one) => importViolation(file.path, one))
  ).filter((violation) => violation !== null);
  assert.deepEqual(violations, []);
});

Deno.test("every package has one importing file, or one room whose language it is", () => {
  for (const { name, language } of PACKAGES) {
    const files = PROGRAM.filter((file) =>
      outlineOf(file).imports.some(({ specifier, typeOnly }) =>
        specifier !== null && !typeOnly && packageName(specifier) === name
      )
    ).map((file) => file.path);
    assert.ok(language || files.length <= 1, `${name} is imported by ${files.join(", ")}`);
  }
});

const CASES = [
  {
    name: "the protocol that imports a policy",
    path: "src/mcp/json.ts",
    one: { specifier: "../policy/contract.ts", typeOnly: true },
    rule: "src/mcp/json.ts imports ../policy/contract.ts: src/mcp/ may import its own files",
  },
  {
    name: "the protocol that imports its own",
    path: "src/mcp/message.ts",
    one: { specifier: "./json.ts", typeOnly: false },
    rule: null,
  },
  {
    name: "a policy that imports another",
    path: "policies/auth.ts",
    one: { specifier: "./ratelimit.ts", typeOnly: true },
    rule:
      "policies/auth.ts imports ./ratelimit.ts: policies/ may import its own files, src/policy/contract.ts, src/mcp/, never policies/audit.ts, policies/auth.ts, policies/ratelimit.ts, policies/allowlist.ts",
  },
  {
    name: "a policy that imports what is no stage",
    path: "policies/auth.ts",
    one: { specifier: "./token_buckets.ts", typeOnly: false },
    rule: null,
  },
  {
    name: "the list of the stages that ship",
    path: "policies/mod.ts",
    one: { specifier: "./auth.ts", typeOnly: false },
    rule: null,
  },
  {
    name: "a policy that imports the contract",
    path: "policies/auth.ts",
    one: { specifier: "../src/policy/contract.ts", typeOnly: false },
    rule: null,
  },
  {
    name: "a policy that imports another room",
    path: "policies/auth.ts",
    one: { specifier: "../src/gate/gate.ts", typeOnly: true },
    rule:
      "policies/auth.ts imports ../src/gate/gate.ts: policies/ may import its own files, src/policy/contract.ts, src/mcp/, never policies/audit.ts, policies/auth.ts, policies/ratelimit.ts, policies/allowlist.ts",
  },
  {
    name: "the gate that takes a type of the configuration",
    path: "src/gate/gate.ts",
    one: { specifier: "../config/config.ts", typeOnly: true },
    rule: null,
  },
  {
    name: "the gate that takes more than a type of the configuration",
    path: "src/gate/gate.ts",
    one: { specifier: "../config/load.ts", typeOnly: false },
    rule:
      "src/gate/gate.ts imports ../config/load.ts: src/gate/ may import its own files, src/mcp/, src/policy/, src/upstream/upstream.ts, types of src/config/",
  },
  {
    name: "a room that imports a test",
    path: "src/gate/gate.ts",
    one: { specifier: "../../tests/support/absent.ts", typeOnly: false },
    rule:
      "src/gate/gate.ts imports ../../tests/support/absent.ts: src/gate/ may import its own files, src/mcp/, src/policy/, src/upstream/upstream.ts, types of src/config/",
  },
  {
    name: "a package in its room",
    path: "src/server/routes.ts",
    one: { specifier: "hono/cors", typeOnly: false },
    rule: null,
  },
  {
    name: "a package outside its room",
    path: "src/gate/gate.ts",
    one: { specifier: "hono", typeOnly: true },
    rule: "src/gate/gate.ts imports hono: hono is used in src/server/ only",
  },
  {
    name: "a package nobody has agreed to",
    path: "src/server/routes.ts",
    one: { specifier: "@scope/left-pad/x", typeOnly: false },
    rule:
      "src/server/routes.ts imports @scope/left-pad/x: the package is not in the table of packages",
  },
  {
    name: "a room that computes what it imports",
    path: "src/cli/serve.ts",
    one: { specifier: null, typeOnly: false },
    rule: "src/cli/serve.ts imports what is computed: src/cli/ names what it imports",
  },
  {
    name: "a file that is in no room",
    path: "src/helpers/text.ts",
    one: { specifier: "./x.ts", typeOnly: false },
    rule: "src/helpers/text.ts imports ./x.ts: the file is in no room of tests/house/rooms.ts",
  },
];

for (const { name, path, one, rule } of CASES) {
  Deno.test(`import table, ${name}: ${rule === null ? "let be" : "refused"}`, () => {
    assert.equal(importViolation(path, one), rule);
  });
}
