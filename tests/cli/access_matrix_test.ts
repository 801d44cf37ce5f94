/** Who may use what, and what looks wrong, from offers and grants in memory. */
import assert from "node:assert/strict";
import { compileGrant } from "../../policies/allowlist_grant.ts";
import { accessMatrix, type Holder } from "../../src/cli/access_matrix.ts";
import { inkFor } from "../../src/cli/ink.ts";
import { matrixText, shown } from "../../src/cli/matrix_text.ts";
import { metaReason } from "../../src/cli/meta_tool.ts";
import type { Offer } from "../../src/survey/offer.ts";
import { memoryWorld } from "./memory_world.ts";

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
  inputs: [],
});

const PLAIN_INK = inkFor(memoryWorld([]));

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

const META: readonly { name: string; inputs?: readonly string[]; why: string | null }[] = [
  { name: "bash", why: 'its name says "bash"' },
  { name: "run_command", why: 'its name says "command"' },
  { name: "executeCommand", why: 'its name says "execute"' },
  { name: "eval", why: 'its name says "eval"' },
  { name: "python.run_code", why: 'its name says "run" and "python"' },
  { name: "call_tool", why: 'its name says "call" and "tool"' },
  { name: "invoke-mcp", why: 'its name says "invoke" and "mcp"' },
  {
    name: "do",
    inputs: ["tool_name", "arguments"],
    why: 'it has inputs "tool_name" and "arguments"',
  },
  { name: "do", inputs: ["toolName", "args"], why: 'it has inputs "toolName" and "args"' },
  { name: "deploy", inputs: ["host", "shellCommand"], why: 'it has an input "shellCommand"' },
  { name: "read_file", inputs: ["path"], why: null },
  { name: "call_customer", inputs: ["arguments"], why: null },
  { name: "buy", inputs: ["tool", "price"], why: null },
  { name: "list_tools_in_shed", why: null },
];

for (const { name, inputs = [], why } of META) {
  const taking = inputs.length === 0 ? "" : ` taking ${inputs.join(" and ")}`;
  Deno.test(`${name}${taking} is ${why === null ? "not " : ""}taken for a tool that reaches around`, () => {
    assert.equal(metaReason({ name, inputs }), why);
  });
}

Deno.test("what reaches around is told with why, whatever its inputs are called", () => {
  const sly = { name: "do", destructive: "no" as const, inputs: ["command", "\u001b[2J"] };
  const matrix = accessMatrix(offer({ tools: [sly, tool("call_tool")] }), [
    holder("a", { allow: ["*"] }),
  ]);
  const text = matrixText(matrix, ["a"], PLAIN_INK);
  assert.match(
    text,
    /do \(it has an input "command"\), call_tool \(its name says "call" and "tool"\)/,
  );
  assert.ok(!text.includes("\u001b"));
});

Deno.test("the matrix is painted for a terminal, and only there", () => {
  const matrix = accessMatrix(offer({ tools: [tool("read"), tool("write")] }), [
    holder("a", { allow: ["read"] }),
  ]);
  const painted = matrixText(matrix, ["a"], inkFor(memoryWorld([], { terminal: true })));
  assert.ok(painted.includes("\u001b[32myes\u001b[0m"));
  assert.ok(!matrixText(matrix, ["a"], PLAIN_INK).includes("\u001b"));
  const plain = inkFor(memoryWorld([], { terminal: true, env: { NO_COLOR: "1" } }));
  assert.ok(!matrixText(matrix, ["a"], plain).includes("\u001b"));
});

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
    assert.ok(!matrixText(matrix, ["a"], PLAIN_INK).includes(text));
  });
}

Deno.test("with many keys each row names who is meant", () => {
  const labels = Array.from({ length: 20 }, (_, index) => `key-${index}`);
  const holders = labels.map((label) => holder(label, { allow: ["read"] }));
  const text = matrixText(
    accessMatrix(offer({ tools: [tool("read")] }), holders),
    labels,
    PLAIN_INK,
  );
  assert.match(text, /read +key-0, key-1, .*and 8 more/);
});
