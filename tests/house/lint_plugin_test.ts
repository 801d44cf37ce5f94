/** What our lint rules refuse and what they let be, by table. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import plugin from "./lint_plugin.ts";

interface Case {
  readonly name: string;
  readonly file: string;
  readonly source: string;
  /** The rules that report, in order. */
  readonly refused: readonly string[];
}

const RESPONSE = "mcpgate/no-response";
const IO = "mcpgate/io-in-its-rooms";
const AMBIENT = "mcpgate/nothing-ambient";

const CASES: readonly Case[] = [
  {
    name: "a policy that builds a Response",
    file: "policies/auth.ts",
    source: "export const p = () => new Response(null);",
    refused: [RESPONSE],
  },
  {
    name: "a policy that does I/O and builds a Response",
    file: "policies/audit.ts",
    source: "export const p = () => Response.json({});",
    refused: [RESPONSE],
  },
  {
    name: "the gate that builds a Response by way of globalThis",
    file: "src/gate/relay.ts",
    source: "export const p = () => new globalThis.Response(null);",
    refused: [RESPONSE],
  },
  {
    name: "the server that builds a Response",
    file: "src/server/listener.ts",
    source: "export const p = () => new Response(null);",
    refused: [],
  },
  {
    name: "a type, a key and a member that are called Response",
    file: "src/gate/relay.ts",
    source: "export const p = (a: Response) => ({ Response: a.Response });",
    refused: [],
  },
  {
    name: "the gate that reads a file",
    file: "src/gate/gate.ts",
    source: 'export const p = () => Deno.readTextFile("x");',
    refused: [IO],
  },
  {
    name: "the gate that hides where the file is read",
    file: "src/gate/gate.ts",
    source: "const { readTextFile } = Deno; export const q = globalThis.Deno; readTextFile;",
    refused: [IO, IO],
  },
  {
    name: "a room that asks what kind an error is",
    file: "src/config/load.ts",
    source: "export const p = (e: unknown) => e instanceof Deno.errors.NotFound;",
    refused: [],
  },
  {
    name: "the audit stage that writes its file",
    file: "policies/audit.ts",
    source: 'export const p = () => Deno.openSync("x");',
    refused: [],
  },
  {
    name: "the loader of user modules that reads one",
    file: "src/policy/plugins.ts",
    source: 'export const p = () => Deno.readTextFileSync("x");',
    refused: [],
  },
  {
    name: "a policy that reads files through node:fs",
    file: "policies/ratelimit.ts",
    source: 'import { readFileSync } from "node:fs"; readFileSync;',
    refused: [IO],
  },
  {
    name: "a room that takes a socket from node:net",
    file: "src/config/address.ts",
    source: 'import { connect, isIP } from "node:net"; connect; isIP;',
    refused: [IO],
  },
  {
    name: "a room that takes the grammar of addresses from node:net",
    file: "src/config/address.ts",
    source: 'import { isIP } from "node:net"; isIP;',
    refused: [],
  },
  {
    name: "a policy that reads the clock",
    file: "policies/auth.ts",
    source: 'export const p = () => [Date.now(), new Date(), Date(), performance["now"]()];',
    refused: [AMBIENT, AMBIENT, AMBIENT, AMBIENT],
  },
  {
    name: "a policy that reads a time it was given",
    file: "policies/auth.ts",
    source: "export const p = (host: { now(): number }) => new Date(host.now());",
    refused: [],
  },
  {
    name: "the gate that draws random numbers",
    file: "src/gate/seal.ts",
    source: 'import { createHmac, randomBytes } from "node:crypto";' +
      "export const p = () => [Math.random(), crypto.randomUUID(), createHmac, randomBytes];",
    refused: [AMBIENT, AMBIENT, AMBIENT],
  },
  {
    name: "the audit stage that reads the clock",
    file: "policies/audit.ts",
    source: "export const p = () => Date.now();",
    refused: [AMBIENT],
  },
  {
    name: "a policy that calls the network",
    file: "policies/auth.ts",
    source: 'export const p = () => fetch("http://x");',
    refused: [AMBIENT],
  },
  {
    name: "a policy that calls what it was handed",
    file: "policies/auth.ts",
    source: 'export const p = (net: { fetch(url: string): unknown }) => net.fetch("http://x");',
    refused: [],
  },
  {
    name: "the composition root that hands clock, randomness and network out",
    file: "src/main.ts",
    source: "export const p = { now: () => Date.now(), random: Math.random, fetch, Deno };",
    refused: [],
  },
  {
    name: "a test",
    file: "tests/gate/gate_test.ts",
    source: "export const p = () => [Date.now(), new Response(null), Deno.args];",
    refused: [],
  },
];

for (const { name, file, source, refused } of CASES) {
  Deno.test(`lint rules, ${name}: ${refused.length === 0 ? "let be" : "refused"}`, () => {
    const path = fileURLToPath(new URL(`../../${file}`, import.meta.url));
    const found = Deno.lint.runPlugin(plugin, path, source);
    assert.deepEqual(found.map((diagnostic) => diagnostic.id).toSorted(), refused.toSorted());
  });
}
