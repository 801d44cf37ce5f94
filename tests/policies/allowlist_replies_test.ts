/** The stage `allowlist`, what comes back: nothing denied passes, and nothing else is lost. */
import assert from "node:assert/strict";
import { allowlist } from "../../policies/allowlist.ts";
import { TOUCHES } from "../../policies/allowlist_replies.ts";
import type { Json, JsonObject } from "../../src/mcp/json.ts";
import type { Key, Message, ReplyFilter } from "../../src/policy/contract.ts";
import { fuzz } from "../support/fuzz.ts";
import type { Random } from "../support/random.ts";
import { asked, build, keyNamed, LentHost, request } from "./lent_host.ts";

const GRANT = {
  allow: ["read_*"],
  deny: ["read_secret"],
  prompts: ["summarise"],
  resources: ["file:///docs/*"],
};

const result = (members: JsonObject): Message => ({ jsonrpc: "2.0", id: 1, result: members });
const params = (method: string, members: JsonObject): Message => (
  { jsonrpc: "2.0", method, params: members }
);
const tools = (...names: Json[]) => names.map((name) => ({ name, inputSchema: {} }));

interface Case {
  readonly name: string;
  readonly grant?: Partial<Key>;
  readonly knob?: "filter" | "deny" | "pass";
  readonly before: Message;
  /** Absent: untouched. */
  readonly after?: Message | null;
}

const CASES: readonly Case[] = [
  {
    name: "keeps granted tools only",
    before: result({ tools: tools("read_a", "write", "read_secret", "read_b"), nextCursor: "c" }),
    after: result({ tools: tools("read_a", "read_b"), nextCursor: "c" }),
  },
  {
    name: "leaves a list of granted tools alone",
    before: result({ tools: tools("read_a", "read_b") }),
  },
  {
    name: "drops entries that are no definitions",
    before: result({ tools: [null, "read_a", [], {}, ...tools(1, "read_a")] }),
    after: result({ tools: tools("read_a") }),
  },
  {
    name: "drops a definition with a second name in another case",
    before: result({ tools: [{ name: "read_a", Name: "write" }] }),
    after: result({ tools: [] }),
  },
  {
    name: "empties tools that are no list",
    before: result({ tools: { name: "write" } }),
    after: result({ tools: [] }),
  },
  {
    name: "shows a key with nothing an empty list",
    grant: { allow: [], deny: [], prompts: [], resources: [] },
    before: result({ tools: tools("read_a") }),
    after: result({ tools: [] }),
  },
  {
    name: "filters prompts",
    before: result({ prompts: tools("summarise", "leak") }),
    after: result({ prompts: tools("summarise") }),
  },
  {
    name: "filters resources by URI",
    before: result({
      resources: [{ uri: "file:///docs/a" }, { uri: "file:///etc" }, { uri: "file:///docs/../e" }],
    }),
    after: result({ resources: [{ uri: "file:///docs/a" }] }),
  },
  {
    name: "filters resource templates",
    before: result({
      resourceTemplates: [{ uriTemplate: "file:///docs/{a}" }, { uriTemplate: "file:///{a}" }],
    }),
    after: result({ resourceTemplates: [{ uriTemplate: "file:///docs/{a}" }] }),
  },
  {
    name: "filters the result of a task",
    before: result({ taskId: "t", result: { tools: tools("write", "read_a") } }),
    after: result({ taskId: "t", result: { tools: tools("read_a") } }),
  },
  {
    name: "filters a result in a notification",
    before: params("notifications/tasks", { result: { tools: tools("write") } }),
    after: params("notifications/tasks", { result: { tools: [] } }),
  },
  {
    name: "offers granted tools only in sampling",
    before: params("sampling/createMessage", {
      tools: tools("read_a", "write"),
      toolChoice: { mode: "auto" },
    }),
    after: params("sampling/createMessage", {
      tools: tools("read_a"),
      toolChoice: { mode: "auto" },
    }),
  },
  {
    name: "leaves no choice among no tools in sampling",
    before: params("sampling/createMessage", {
      messages: [],
      tools: tools("write"),
      toolChoice: { mode: "required" },
    }),
    after: params("sampling/createMessage", { messages: [] }),
  },
  {
    name: "offers no tools in sampling where the knob says deny",
    knob: "deny",
    before: params("sampling/createMessage", { messages: [], tools: tools("read_a") }),
    after: params("sampling/createMessage", { messages: [] }),
  },
  {
    name: "offers all tools in sampling where the knob says pass",
    knob: "pass",
    before: params("sampling/createMessage", { tools: tools("write") }),
  },
  {
    name: "offers granted tools only in input requests",
    before: result({
      inputRequests: { q: { method: "sampling/createMessage", params: { tools: tools("write") } } },
    }),
    after: result({ inputRequests: { q: { method: "sampling/createMessage", params: {} } } }),
  },
  {
    name: "offers granted tools only in what a task in the news asks for",
    before: params("notifications/tasks", {
      inputRequests: { q: { method: "sampling/createMessage", params: { tools: tools("write") } } },
    }),
    after: params("notifications/tasks", {
      inputRequests: { q: { method: "sampling/createMessage", params: {} } },
    }),
  },
  {
    name: "strips capabilities of families that are denied",
    grant: { prompts: [], resources: [] },
    before: result({
      capabilities: { tools: {}, prompts: {}, resources: {}, completions: {}, logging: {} },
    }),
    after: result({ capabilities: { tools: {}, logging: {} } }),
  },
  {
    name: "leaves completions where prompts can be completed",
    grant: { resources: [] },
    before: result({ capabilities: { prompts: {}, resources: {}, completions: {} } }),
    after: result({ capabilities: { prompts: {}, completions: {} } }),
  },
  {
    name: "withholds the update of a denied resource",
    before: params("notifications/resources/updated", { uri: "file:///etc" }),
    after: null,
  },
  {
    name: "withholds an update with a second URI in another case",
    before: params("notifications/resources/updated", { uri: "file:///docs/a", URI: "file:///e" }),
    after: null,
  },
  {
    name: "passes the update of a granted resource",
    before: params("notifications/resources/updated", { uri: "file:///docs/a" }),
  },
  {
    name: "leaves what an allowed call returned alone",
    before: result({
      content: [{ type: "text", text: "write" }, { type: "resource_link", uri: "file:///etc" }],
      structuredContent: { tools: tools("write"), capabilities: { prompts: {} } },
    }),
  },
  {
    name: "leaves errors alone",
    before: { jsonrpc: "2.0", id: 1, error: { code: 1, message: "m", data: { tools: ["write"] } } },
  },
  { name: "leaves progress alone", before: params("notifications/progress", { progress: 1 }) },
];

for (const { name, grant = {}, knob = "filter", before, after = before } of CASES) {
  Deno.test(`allowlist ${name}`, async () => {
    const filter = await filterFor({ ...GRANT, ...grant }, knob);
    const passed = filter(deepFrozen(before));
    assert.deepEqual(passed, after);
    if (after === before) assert.equal(passed, before);
  });
}

Deno.test("a key that may use everything has nothing filtered", async () => {
  await using host = new LentHost({
    keys: [keyNamed("a", { allow: ["*"], prompts: ["*"], resources: ["*"] })],
  });
  const ask = await build(allowlist, host);
  assert.deepEqual(await ask(asked(request("tools/list"))), { verdict: "allow" });
});

Deno.test("of generated messages no denied definition passes, and no allowed one is lost (P2, P3)", async () => {
  const filter = await filterFor(GRANT);
  fuzz(2000, (random) => {
    const before = deepFrozen(randomMessage(random));
    const passed = filter(before);
    assert.doesNotMatch(JSON.stringify(passed), /SECRET-DEF/);
    if (!JSON.stringify(before).includes("SECRET-DEF")) assert.equal(passed, before);
    assert.deepEqual(definitionsIn(passed).sort(), definitionsIn(before).filter(isFine).sort());
    assert.equal(filter(passed as Message), passed);
  });
});

Deno.test("a message that has none of the members in touches passes untouched", async () => {
  const filter = await filterFor(GRANT);
  fuzz(500, (random) => {
    const message = randomMessage(random);
    const text = JSON.stringify(message);
    const touched = TOUCHES.some((word) => text.includes(`"${word}":`));
    if (!touched) assert.equal(filter(message), message);
  });
});

const NAMES = ["read_a", "read_b", "summarise", "file:///docs/a", "file:///docs/{x}"];
const LISTS = [
  { list: "tools", key: "name", names: ["read_a", "read_b"] },
  { list: "prompts", key: "name", names: ["summarise"] },
  { list: "resources", key: "uri", names: ["file:///docs/a"] },
  { list: "resourceTemplates", key: "uriTemplate", names: ["file:///docs/{x}"] },
] as const;

function randomMessage(random: Random): Message {
  const inner = randomResult(random);
  const shapes: Message[] = [
    result(inner),
    result({ result: inner }),
    result({ inputRequests: { q: { method: "m", params: { tools: randomList(random, 0) } } } }),
    params("notifications/tasks", { result: inner }),
    params("sampling/createMessage", { messages: [], tools: randomList(random, 0) }),
    params("notifications/progress", { progress: random.below(9) }),
  ];
  return random.pick(shapes);
}

function randomResult(random: Random): JsonObject {
  const members: Record<string, Json> = { free: { tools: random.below(9) } };
  for (const [index, { list }] of LISTS.entries()) {
    if (random.chance(0.4)) members[list] = randomList(random, index);
  }
  return members;
}

/** Definitions in random order; those that are denied carry a canary. */
function randomList(random: Random, index: number): Json[] {
  const { key, names } = LISTS[index] ?? LISTS[0];
  return Array.from({ length: random.below(6) }, () => {
    if (random.chance(0.5)) return { [key]: random.pick(names), note: String(random.below(99)) };
    return random.pick<Json>([
      { [key]: "read_secret", note: "SECRET-DEF" },
      { [key]: "file:///etc", note: "SECRET-DEF" },
      { [key]: 7, note: "SECRET-DEF" },
      { [key.toUpperCase()]: "read_a", note: "SECRET-DEF" },
      { note: "SECRET-DEF" },
      "SECRET-DEF",
    ]);
  });
}

function definitionsIn(value: Json | undefined): string[] {
  if (Array.isArray(value)) return value.map((entry) => JSON.stringify(entry));
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap((inner) => definitionsIn(inner));
}

function isFine(definition: string): boolean {
  return NAMES.some((name) => definition.includes(name)) && !definition.includes("SECRET-DEF");
}

function deepFrozen<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    for (const inner of Object.values(value)) deepFrozen(inner);
    Object.freeze(value);
  }
  return value;
}

async function filterFor(
  grant: Partial<Key>,
  samplingTools: "filter" | "deny" | "pass" = "filter",
): Promise<ReplyFilter> {
  await using host = new LentHost({
    keys: [keyNamed("a", grant)],
    mcp: { batch: "reject", resume: "on", instructions: "pass", samplingTools },
  });
  const decision = await (await build(allowlist, host))(asked(request("tools/list")));
  assert.ok(decision.verdict === "allow" && decision.onReply !== undefined);
  return decision.onReply;
}
