/** Who may use what, and what looks wrong, from offers and grants in memory. */
import assert from "node:assert/strict";
import { compileGrant } from "../../policies/allowlist_grant.ts";
import { accessMatrix, type Holder, isMetaTool } from "../../src/cli/access_matrix.ts";
import { matrixText, shown } from "../../src/cli/matrix_text.ts";
import type { Offer } from "../../src/survey/offer.ts";

function offer(parts: Partial<Offer>): Offer {
  return {
    revision: "2025-11-25",
    server: { name: "s", version: "1" },
    tools: [],
    prompts: [],
    resources: [],
    templates: [],
    gaps: [],
    ...parts,
  };
}

function holder(label: string, grant: Partial<Holder>): Holder {
  const whole = { label, allow: [], deny: [], prompts: [], resources: [], ...grant };
  return { ...whole, ...compileGrant(whole) };
}

const tool = (name: string, destructive: "said" | "unsaid" | "no" = "no") => ({
  name,
  destructive,
});

Deno.test("a row names the keys that the gate would let through", () => {
  const { tools } = accessMatrix(offer({ tools: [tool("read"), tool("write")] }), [
    holder("a", { allow: ["read"] }),
    holder("b", { allow: ["*"], deny: ["write"] }),
  ]);
  assert.deepEqual(tools.map(({ name, keys }) => [name, keys]), [["read", ["a", "b"]], [
    "write",
    [],
  ]]);
});

const FINDINGS = [
  {
    name: "a granted name that is not offered",
    offered: offer({ tools: [tool("read")] }),
    holder: holder("a", { allow: ["read", "raed"] }),
    expected: ["not_offered: raed"],
  },
  {
    name: "a denied name that is not offered: a typo there lets more in",
    offered: offer({ tools: [tool("wipe")] }),
    holder: holder("a", { allow: ["*"], deny: ["wpie"] }),
    expected: ["not_offered: wpie"],
  },
  {
    name: "a pattern that matches nothing",
    offered: offer({ tools: [tool("read")] }),
    holder: holder("a", { allow: ["read", "search_*"] }),
    expected: ["matches_nothing: search_*"],
  },
  {
    name: "a tool that nobody may use",
    offered: offer({ tools: [tool("read"), tool("write")] }),
    holder: holder("a", { allow: ["read"] }),
    expected: ["nobody: write"],
  },
  {
    name: "an allowed tool that is said to destroy",
    offered: offer({ tools: [tool("wipe", "said")] }),
    holder: holder("a", { allow: ["wipe"] }),
    expected: ["destructive: wipe"],
  },
  {
    name: "an allowed tool that could call others",
    offered: offer({ tools: [tool("run_shell")] }),
    holder: holder("a", { allow: ["run_shell"] }),
    expected: ["meta_tool: run_shell"],
  },
  {
    name: "a resource in no list, where there are no templates",
    offered: offer({ resources: ["file:///a"] }),
    holder: holder("a", { resources: ["file:///a", "file:///b"] }),
    expected: ["not_offered: file:///b"],
  },
  {
    name: "nothing about a resource that a template may make up",
    offered: offer({ templates: ["file:///{path}"] }),
    holder: holder("a", { resources: ["file:///b"] }),
    expected: [],
  },
];

for (const { name, offered, holder, expected } of FINDINGS) {
  Deno.test(`the matrix finds ${name}`, () => {
    const { findings } = accessMatrix(offered, [holder]);
    assert.deepEqual(findings.map(({ kind, names }) => `${kind}: ${names.join()}`), expected);
  });
}

const NAMES = [
  { name: "bash", meta: true },
  { name: "executeCommand", meta: true },
  { name: "python.run_code", meta: true },
  { name: "call_tool", meta: true },
  { name: "invoke-mcp", meta: true },
  { name: "read_file", meta: false },
  { name: "call_customer", meta: false },
  { name: "list_tools_in_shed", meta: false },
];

for (const { name, meta } of NAMES) {
  Deno.test(`${name} is ${meta ? "" : "not "}taken for a tool that reaches around`, () => {
    assert.equal(isMetaTool(name), meta);
  });
}

const HOSTILE = [
  { name: "an escape sequence", text: "\u001b[2Jwipe" },
  { name: "a line break", text: "a\nb" },
  { name: "a change of direction", text: "\u202eeliw" },
  { name: "a line separator", text: "a\u2028b" },
  { name: "a lone surrogate", text: "a\ud800" },
];

for (const { name, text } of HOSTILE) {
  Deno.test(`a name with ${name} is shown without it`, () => {
    assert.match(shown(text), /^"[\x20-\x7e]+"$/);
    const matrix = accessMatrix(offer({ tools: [tool(text)] }), [holder("a", { allow: ["*"] })]);
    assert.ok(!matrixText(matrix, ["a"]).includes(text));
  });
}

Deno.test("with many keys each row names who is meant", () => {
  const labels = Array.from({ length: 20 }, (_, index) => `key-${index}`);
  const holders = labels.map((label) => holder(label, { allow: ["read"] }));
  const text = matrixText(accessMatrix(offer({ tools: [tool("read")] }), holders), labels);
  assert.match(text, /read +key-0, key-1, .*and 8 more/);
});
