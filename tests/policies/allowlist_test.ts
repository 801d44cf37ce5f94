/** The stage `allowlist`, what is asked: which calls a key's grant lets pass, and how others are denied. */
import assert from "node:assert/strict";
import { allowlist } from "../../policies/allowlist.ts";
import type { Call, Decision, DenialKind, Era } from "../../src/policy/contract.ts";
import { asked, build, keyNamed, LentHost, request } from "./lent_host.ts";

const KEYS = [
  keyNamed("a", {
    allow: ["read_file", "search_*"],
    deny: ["search_secrets"],
    prompts: ["summarise"],
    resources: ["file:///docs/*"],
  }),
  keyNamed("tools", { allow: ["read_file"] }),
  keyNamed("all", { allow: ["*"], prompts: ["*"], resources: ["*"] }),
  keyNamed("nothing"),
];

interface Case {
  readonly name: string;
  readonly call: Call;
  readonly label?: string;
  readonly era?: Era;
}

const tool = (name: string) => request("tools/call", { name, arguments: {} });
const prompt = (name: string) => request("prompts/get", { name });
const read = (uri: string) => request("resources/read", { uri });
const complete = (ref: Record<string, string>) =>
  request("completion/complete", { ref, argument: { name: "x", value: "" } });
const note = (method: string): Call => ({ kind: "notification", method, params: {} });
const listenFor = (resourceSubscriptions: string[]) =>
  request("subscriptions/listen", { notifications: { resourceSubscriptions } });
const retried = (name: string) =>
  request("tools/call", {
    name: "read_file",
    inputResponses: { q: { content: [{ type: "tool_use", name, id: "1", input: {} }] } },
  });

/** A request about tasks of the caller's own, in which `taskTools` run. */
const task = (...taskTools: string[]): Call => ({
  kind: "request",
  id: 1,
  method: "tasks/get",
  params: { taskId: "t" },
  taskTools,
});

const ALLOWED: readonly Case[] = [
  { name: "a granted tool", call: tool("read_file") },
  { name: "a tool that a glob grants", call: tool("search_docs") },
  { name: "any tool under a lone *", call: tool("käse/../x"), label: "all" },
  { name: "a granted prompt", call: prompt("summarise") },
  { name: "a granted resource", call: read("file:///docs/a.md") },
  { name: "a subscription to it", call: request("resources/subscribe", { uri: "file:///docs/a" }) },
  {
    name: "the end of one",
    call: request("resources/unsubscribe", { uri: "file:///docs/a" }),
  },
  { name: "the completion of a prompt", call: complete({ type: "ref/prompt", name: "summarise" }) },
  {
    name: "the completion of a template",
    call: complete({ type: "ref/resource", uri: "file:///docs/{path}" }),
  },
  { name: "tools/list", call: request("tools/list") },
  { name: "tools/list for a key with nothing", call: request("tools/list"), label: "nothing" },
  { name: "prompts/list", call: request("prompts/list") },
  { name: "resources/list", call: request("resources/list") },
  { name: "resources/templates/list", call: request("resources/templates/list") },
  { name: "initialize for a key with nothing", call: request("initialize"), label: "nothing" },
  { name: "ping for a caller without a key", call: request("ping"), label: "guest" },
  { name: "logging/setLevel", call: request("logging/setLevel", { level: "info" }) },
  { name: "tasks/get", call: request("tasks/get", { taskId: "t" }) },
  { name: "a task in which a granted tool runs", call: task("read_file") },
  { name: "server/discover", call: request("server/discover"), era: "modern" },
  { name: "a listen without resources", call: request("subscriptions/listen"), era: "modern" },
  { name: "a listen to granted ones", call: listenFor(["file:///docs/a"]), era: "modern" },
  { name: "notifications/initialized", call: note("notifications/initialized") },
  { name: "a modern cancellation", call: note("notifications/cancelled"), era: "modern" },
  { name: "a GET", call: { kind: "listen" }, label: "nothing" },
  { name: "a DELETE", call: { kind: "end" }, label: "nothing" },
  { name: "a reply that uses no tool", call: { kind: "reply", id: 1, toolUses: [] } },
  {
    name: "a reply that uses granted ones",
    call: { kind: "reply", id: 1, toolUses: ["read_file"] },
  },
  { name: "a retry whose answer uses a granted tool", call: retried("search_x"), era: "modern" },
];

for (const { name, call, label = "a", era = "legacy" } of ALLOWED) {
  Deno.test(`allowlist allows ${name}`, async () => {
    assert.equal((await decide(call, label, era)).verdict, "allow");
  });
}

const NO_TOOL = (name: string) => `Unknown tool: ${name} (not available to this API key)`;
const NO_USE = "The answer uses a tool that is not available to this API key";
const NO_RESOURCE = "Resource not found";

const DENIED: readonly (Case & { kind: DenialKind; reason: string })[] = [
  ...[
    ["a tool that nobody grants", "delete_file"],
    ["a tool taken out of the grant", "search_secrets"],
    ["another case of a granted tool", "Read_file"],
    ["a name that only begins like a granted one", "read_file2"],
    ["a glob as a name", "search_*/x"],
    ["the empty name", ""],
    ["a member of every object", "constructor"],
  ].map(([name = "", subject = ""]) => ({
    name,
    call: tool(subject),
    kind: "unknown_tool" as const,
    reason: NO_TOOL(subject),
  })),
  {
    name: "a tool for a caller without a key",
    call: tool("read_file"),
    label: "guest",
    kind: "unknown_tool",
    reason: NO_TOOL("read_file"),
  },
  {
    name: "a call that names no tool",
    call: request("tools/call", {}),
    kind: "invalid_params",
    reason: "Missing the name or URI of the tool",
  },
  ...[["leak"], ["read_file", "leak"]].map((tools) => ({
    name: `tasks in which run ${tools.join(" and ")}`,
    call: task(...tools),
    kind: "invalid_params" as const,
    reason: "Failed to retrieve task: Task not found",
  })),
  {
    name: "a prompt that is not granted",
    call: prompt("leak"),
    kind: "unknown_prompt",
    reason: "Unknown prompt: leak",
  },
  {
    name: "a prompt for a key with tools only",
    call: prompt("summarise"),
    label: "tools",
    kind: "unknown_prompt",
    reason: "Unknown prompt: summarise",
  },
  ...[
    "file:///etc/passwd",
    "file:///docs/../etc/passwd",
    "file:///docs/./a",
    "file:///docs/..",
    "file:///docs/%2e%2e/etc",
    "file:///docs/%2E./etc",
    "file:///docs/..%2fetc",
    "file:///docs/x%5c..",
    "file:///docs/%252e%252e/etc",
    "file:///docs/x\\y",
    "file:///docs/.\t./etc",
    "file:///docs/a?x=/../",
    "FILE:///docs/a",
  ].map((uri) => ({
    name: `the resource ${JSON.stringify(uri)}`,
    call: read(uri),
    kind: "unknown_resource" as const,
    reason: NO_RESOURCE,
  })),
  {
    name: "an evasive URI even under a lone *",
    call: read("file:///docs/../x"),
    label: "all",
    kind: "unknown_resource",
    reason: NO_RESOURCE,
  },
  {
    name: "a subscription to a denied resource",
    call: request("resources/subscribe", { uri: "file:///etc" }),
    kind: "unknown_resource",
    reason: NO_RESOURCE,
  },
  {
    name: "a listen of which one resource is denied",
    call: listenFor(["file:///docs/a", "file:///etc"]),
    era: "modern",
    kind: "unknown_resource",
    reason: NO_RESOURCE,
  },
  {
    name: "the completion of a denied prompt",
    call: complete({ type: "ref/prompt", name: "leak" }),
    kind: "unknown_prompt",
    reason: "Unknown prompt: leak",
  },
  {
    name: "the completion of a denied resource",
    call: complete({ type: "ref/resource", uri: "file:///etc/{x}" }),
    kind: "unknown_resource",
    reason: NO_RESOURCE,
  },
  {
    name: "a completion of something else",
    call: complete({ type: "ref/tool", name: "read_file" }),
    kind: "invalid_params",
    reason: "Unknown ref",
  },
  ...["prompts/list", "resources/list", "resources/templates/list"].map((method) => ({
    name: `${method} for a key that may use none`,
    call: request(method),
    label: "tools",
    kind: "unknown_method" as const,
    reason: `Method not found: ${method}`,
  })),
  ...([
    ["tools/delete", "legacy"],
    ["server/discover", "legacy"],
    ["initialize", "modern"],
    ["resources/subscribe", "modern"],
    ["__proto__", "legacy"],
  ] as const).map(([method, era]) => ({
    name: `the ${era} request ${method}`,
    call: request(method, { uri: "file:///docs/a" }),
    label: "all",
    era,
    kind: "unknown_method" as const,
    reason: `Method not found: ${method}`,
  })),
  ...["notifications/x", "tools/call"].map((method) => ({
    name: `the notification ${method}`,
    call: note(method),
    label: "all",
    kind: "unknown_method" as const,
    reason: `Method not found: ${method}`,
  })),
  {
    name: "a reply that uses a denied tool",
    call: { kind: "reply", id: 1, toolUses: ["read_file", "delete_file"] },
    kind: "invalid_params",
    reason: NO_USE,
  },
  {
    name: "a retry whose answer uses a denied tool",
    call: retried("delete_file"),
    era: "modern",
    kind: "invalid_params",
    reason: NO_USE,
  },
];

for (const { name, call, label = "a", era = "legacy", kind, reason } of DENIED) {
  Deno.test(`allowlist denies ${name}`, async () => {
    assert.deepEqual(await decide(call, label, era), { verdict: "deny", kind, reason });
  });
}

const SAMPLING = [
  { knob: "deny", toolUses: ["read_file"], verdict: "deny" },
  { knob: "deny", toolUses: [], verdict: "allow" },
  { knob: "pass", toolUses: ["delete_file"], verdict: "allow" },
] as const;

for (const { knob, toolUses, verdict } of SAMPLING) {
  Deno.test(`with sampling_tools ${knob} a reply that uses ${toolUses.length} tools: ${verdict}`, async () => {
    const call: Call = { kind: "reply", id: 1, toolUses };
    assert.equal((await decide(call, "a", "legacy", knob)).verdict, verdict);
  });
}

Deno.test("removing an entry from a grant never allows more (P11)", async () => {
  const names = ["read_file", "search_a", "search_secrets", "delete_file"];
  const wide = ["read_file", "search_*"];
  for (const removed of wide) {
    const narrow = wide.filter((pattern) => pattern !== removed);
    for (const name of names) {
      const after = await verdictOf(narrow, name);
      assert.ok(after === "deny" || await verdictOf(wide, name) === "allow");
    }
  }
});

async function verdictOf(allow: readonly string[], name: string): Promise<string> {
  await using host = new LentHost({ keys: [keyNamed("a", { allow })] });
  return (await (await build(allowlist, host))(asked(tool(name)))).verdict;
}

async function decide(
  call: Call,
  label: string,
  era: Era,
  samplingTools: "filter" | "deny" | "pass" = "filter",
): Promise<Decision> {
  await using host = new LentHost({
    keys: KEYS,
    mcp: { batch: "reject", resume: "on", instructions: "pass", samplingTools },
  });
  return await (await build(allowlist, host))(asked(call, { era }, label));
}
