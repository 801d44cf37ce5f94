/** What `mcpgate types` prints: it is the contract of today, and modules can be written against it. */
import assert from "node:assert/strict";
import { CONTRACT_TEXT } from "../../src/policy/contract_text.ts";
import { contractTypes } from "../support/contract_declarations.ts";
import { moduleFaults } from "../support/module_check.ts";

Deno.test("CONTRACT_TEXT is the contract of today; if not: deno task contract", async () => {
  assert.equal(CONTRACT_TEXT, await contractTypes());
});

const MODULE = `import type { PolicyModule } from "./mcpgate.d.ts";

export default {
  name: "office_hours",
  options: (z) => z.object({ from: z.number().int(), to: z.number().int() }),
  create({ from, to }, host) {
    return (ctx) => {
      const hour = new Date(host.clock.now()).getHours();
      if (ctx.call.kind === "request" && (hour < from || hour >= to)) {
        return { verdict: "deny", kind: "forbidden", reason: \`Come back at \${from}\` };
      }
      return {
        verdict: "allow",
        onReply: (message) => Object.hasOwn(message, "method") ? null : message,
        onFinish: ({ status, end }) => host.log.info(\`\${status} \${end}\`),
      };
    };
  },
} satisfies PolicyModule<{ from: number; to: number }>;
`;

const HEAD_MODULE = `import type { PolicyModule } from "./mcpgate.d.ts";

export default {
  name: "intranet",
  at: "head",
  options: (z) => z.object({ header: z.string() }),
  create: ({ header }) => async ({ http, signal }) => {
    await Promise.resolve(signal.aborted);
    const label = http.header(header);
    return label === null
      ? { verdict: "deny", kind: "unauthenticated", reason: "Who are you?" }
      : { verdict: "allow", principal: { label, hash: null } };
  },
} satisfies PolicyModule<{ header: string }, "head">;
`;

/** The command's own example, its comment marks taken off. */
const EXAMPLE = CONTRACT_TEXT.slice(0, CONTRACT_TEXT.indexOf("\n\n")).split("\n").slice(2)
  .map((line) => line.replace(/^\/\/ {0,3}/, "")).join("\n");

const CASES = [
  { name: "a module that sees calls", text: MODULE, fault: null },
  { name: "a module at the head", text: HEAD_MODULE, fault: null },
  { name: "the example in the text itself", text: EXAMPLE, fault: null },
  {
    name: "a misspelt verdict",
    text: MODULE.replace('"allow"', '"allows"'),
    fault: /"allows"/,
  },
  {
    name: "a kind that there is not",
    text: MODULE.replace('"forbidden"', '"not_found"'),
    fault: /"not_found"/,
  },
  {
    name: "a module at the head that looks at the call",
    text: HEAD_MODULE.replace("({ http, signal })", "({ http, signal, call })"),
    fault: /Property 'call' does not exist on type 'Head'/,
  },
  {
    name: "options of another type than the schema's",
    text: MODULE.replace("to: number }>", "to: string }>"),
    fault: /'number' is not assignable to type 'string'/,
  },
];

Deno.test("modules are checked against the printed contract", async (t) => {
  const found = await moduleFaults(CASES.map(({ text }) => text));
  for (const [index, { name, fault }] of CASES.entries()) {
    await t.step(`it ${fault === null ? "accepts" : "refuses"} ${name}`, () => {
      const output = found[index] ?? "";
      if (fault === null) assert.equal(output, "");
      else assert.match(output, fault);
    });
  }
});
