/**
 * Generates what upstreams send, message by message, and beside each what of it a reader may see
 * (PROTOCOL §3.3, upstream). Every denied definition carries a canary, so that a leak is found
 * without understanding any framing; what may be seen is built, not computed by the gate's code.
 */
import type { Json, JsonObject } from "../../src/mcp/json.ts";
import type { Random } from "../support/random.ts";

/** Stands in whatever a reader must not see. */
export const CANARY = "SECRET-DEF";

/** Stands where a sealed value is expected. */
export const SEALED = "(sealed)";

/** A key, as far as definitions go. */
export interface Reader {
  readonly label: "a" | "b" | "e";
  readonly isEverything: boolean;
  readonly tools: readonly string[];
  readonly prompts: readonly string[];
  readonly resources: readonly string[];
}

/** Those of the property scene. */
export const READERS: readonly Reader[] = [
  { label: "a", isEverything: true, tools: [], prompts: [], resources: [] },
  { label: "b", isEverything: false, tools: ["read_file"], prompts: [], resources: [] },
  {
    label: "e",
    isEverything: false,
    tools: ["read_file", "search_web"],
    prompts: ["greet"],
    resources: ["file:///docs/a", "file:///docs/{x}"],
  },
];

/** A message, and what of it passes; null: nothing. */
export interface Reply {
  readonly sent: JsonObject;
  readonly seen: JsonObject | null;
}

/** What is asked of the generator. */
export interface Occasion {
  readonly random: Random;
  readonly reader: Reader;
  readonly era: "legacy" | "modern";
  /** The id that the message answers by, where it is an answer. */
  readonly id: string | number;
  /** Whether the exchange asked for a list in the modern era: its result is made private. */
  readonly mustBePrivate: boolean;
}

type Half = JsonObject | undefined;

const NAMES = {
  tools: [
    "read_file",
    "search_web",
    "search_secrets",
    "rm",
    "READ_FILE",
    "read_file ",
    "",
    "toolſ",
  ],
  prompts: ["greet", "deploy", "Greet"],
  resources: ["file:///docs/a", "file:///docs/../x", "file:///docs/%2e%2e/x", "file:///etc/passwd"],
  resourceTemplates: ["file:///docs/{x}", "file:///{x}"],
  skills: ["file:///docs/a", "skill://demo"],
} as const;

type ListName = keyof typeof NAMES;

const IDENTITY: Readonly<Record<ListName, string>> = {
  tools: "name",
  prompts: "name",
  resources: "uri",
  resourceTemplates: "uriTemplate",
  skills: "uri",
};

/** An answer to request `id`. */
export function randomAnswer(occasion: Occasion): Reply {
  const { random, id } = occasion;
  if (random.chance(0.05)) {
    const error = { code: -1, message: '"tools":[', data: { tools: ["free"] } };
    return same({ jsonrpc: "2.0", id, error });
  }
  const [sent, seen] = random.chance(0.2) ? nested(occasion) : result(occasion);
  return {
    sent: noisy(random, { jsonrpc: "2.0", id, result: sent as Json }),
    seen: { jsonrpc: "2.0", id, result: privately(occasion, seen) },
  };
}

/** A message that answers nothing. */
export function randomNews(occasion: Occasion): Reply {
  const { random, reader, era, id } = occasion;
  const note = (method: string, params: JsonObject) => ({ jsonrpc: "2.0", method, params });
  const kind = random.below(7);
  if (kind === 0) {
    return same(
      note("notifications/progress", { progressToken: 1, progress: 0.5, message: "é\n" }),
    );
  }
  if (kind === 1) {
    return same(note("notifications/message", { level: "info", data: { tools: "free text" } }));
  }
  if (kind === 2) {
    const uri = random.pick(NAMES.resources);
    const sent = note("notifications/resources/updated", { uri });
    return { sent, seen: reader.isEverything || reader.resources.includes(uri) ? sent : null };
  }
  if (kind === 3) {
    const [sent, seen] = offered(occasion);
    const ask = (params: Half) =>
      ({ jsonrpc: "2.0", id: `s${id}`, method: "sampling/createMessage", params }) as JsonObject;
    return { sent: ask(sent), seen: era === "modern" ? null : ask(seen) };
  }
  if (kind === 4) {
    const sent = { jsonrpc: "2.0", id: `r${id}`, method: "roots/list" };
    return { sent, seen: era === "modern" ? null : sent };
  }
  if (kind === 5) {
    const [sent, seen] = result(occasion);
    const news = (half: Half, taskId: Json = OWN_TASK) =>
      note("notifications/tasks", { taskId, status: "completed", result: half as Json });
    if (random.chance(0.3)) {
      const others = random.pick<Json>([`${OWN_TASK}s`, "", 1, null, [OWN_TASK]]);
      const status = note("notifications/tasks/status", { taskId: others, statusMessage: CANARY });
      return { sent: random.pick([status, news({ content: [CANARY] }, others)]), seen: null };
    }
    return { sent: news(sent), seen: news(privately({ ...occasion, mustBePrivate: false }, seen)) };
  }
  return same(note("notifications/tools/list_changed", {}));
}

/** The task that the reader was given before. */
export const OWN_TASK = "task-of-the-reader";

/** A result within a result, as those of tasks are. */
function nested(occasion: Occasion): [Half, Half] {
  const [sent, seen] = result(occasion);
  const inner = privately({ ...occasion, mustBePrivate: false }, seen);
  return [{ task: 1, result: sent as Json }, { task: 1, result: inner }];
}

function result(occasion: Occasion): [Half, Half] {
  const { random, reader } = occasion;
  switch (random.below(6)) {
    case 0:
      return twice({ content: [{ type: "text", text: '"tools":[' }], structuredContent: FREE });
    case 1:
      return capabilities(reader);
    case 2: {
      const [sent, seen] = offered(occasion);
      const wrap = (params: Half) => ({
        resultType: "input_required",
        inputRequests: { one: { method: "sampling/createMessage", params: params as Json } },
      });
      return [wrap(sent), wrap(seen)];
    }
    case 3: {
      const [tools, prompts] = [list(occasion, "tools"), list(occasion, "prompts")];
      return [
        { tools: tools[0] as Json, prompts: prompts[0] as Json },
        { tools: tools[1] as Json, prompts: prompts[1] as Json },
      ];
    }
    default: {
      const name = random.pick<ListName>([
        "tools",
        "tools",
        "tools",
        "prompts",
        "resources",
        "resourceTemplates",
        "skills",
      ]);
      const [sent, seen] = list(occasion, name);
      const page = random.chance(0.3) ? { nextCursor: btoa(`${CANARY}-last-name`) } : {};
      const leads = "nextCursor" in page ? { nextCursor: SEALED } : {};
      const cache = random.pick<JsonObject>([
        {},
        { cacheScope: "public", ttlMs: 86_400_000 },
        { cacheScope: "private", ttlMs: 5 },
        { cacheScope: "Public" },
        { cacheScope: null, ttlMs: "9" },
      ]);
      return [{ [name]: sent, ...page, ...cache }, { [name]: seen, ...leads, ...cache }];
    }
  }
}

/** Data of a tool's own, which nobody looks into. */
const FREE: JsonObject = { tools: [{ name: "rm" }], Tools: 1, resources: null };

function capabilities(reader: Reader): [Half, Half] {
  const rest = { tools: { listChanged: true }, logging: {} };
  const all = { ...rest, prompts: {}, resources: { subscribe: true }, completions: {} };
  const mine = reader.isEverything || reader.prompts.length > 0 ? all : rest;
  const tasks = { cancel: {}, requests: { tools: { call: {} } } };
  return [
    { serverInfo: { name: "x" }, capabilities: { ...all, tasks: { ...tasks, list: {} } } },
    { serverInfo: { name: "x" }, capabilities: { ...mine, tasks } },
  ];
}

/** A sampling request's params: with no tool left, there is no choice among them either. */
function offered(occasion: Occasion): [Half, Half] {
  const [tools, mine] = list(occasion, "tools");
  const rest = { messages: [{ role: "user", content: { type: "text", text: "hi" } }] };
  const choice = { toolChoice: { mode: "auto" } };
  const isEmpty = tools !== mine && Array.isArray(mine) && mine.length === 0;
  return [
    { ...rest, tools, ...choice },
    isEmpty ? rest : { ...rest, tools: mine, ...choice },
  ];
}

/** A list of definitions, and those of the reader. */
function list({ random, reader }: Occasion, name: ListName): [Json, Json] {
  if (random.chance(0.06)) {
    const odd = random.pick<Json>([CANARY, { 0: { name: "rm", description: CANARY } }, 7]);
    if (!reader.isEverything) return [odd, []];
  }
  const names = Array.from({ length: random.below(6) }, () => random.pick<string>(NAMES[name]));
  const key = IDENTITY[name];
  const granted = { tools: reader.tools, prompts: reader.prompts }[name as "tools"] ??
    reader.resources;
  const sent: Json[] = [];
  const seen: Json[] = [];
  for (const id of names) {
    const isMine = reader.isEverything || granted.includes(id);
    const entry = { [key]: id, description: isMine ? "fine" : CANARY, x: { n: [1, null, "é"] } };
    sent.push(entry);
    if (isMine) seen.push(entry);
    if (random.chance(0.1) && !reader.isEverything) sent.push(junk(random, key, granted[0] ?? "x"));
  }
  return sent.length === seen.length ? [sent, sent] : [sent, seen];
}

/** Entries that are no definition of the reader's, though some have his name somewhere. */
function junk(random: Random, key: string, granted: string): Json {
  return random.pick<Json>([
    CANARY,
    null,
    { description: CANARY },
    { [key]: [granted], description: CANARY },
    { [key]: { name: granted }, description: CANARY },
    { [key]: granted, [key.toUpperCase()]: "rm", description: CANARY },
    { [key]: granted, [`${key}\0`]: "rm", description: CANARY },
    { [` ${key}`]: granted, description: CANARY },
    [{ [key]: granted, description: CANARY }],
  ]);
}

/** With members that no message has, and variants of those that definitions stand under. */
function noisy(random: Random, message: JsonObject): JsonObject {
  const hidden = [{ name: "rm", description: CANARY }];
  const hiddenTemplates = [{ uriTemplate: "file:///{x}", description: CANARY }];
  const result = message["result"] as JsonObject;
  return random.pick<() => JsonObject>([
    () => message,
    () => message,
    () => message,
    () => ({ ...message, Result: { tools: hidden } }),
    () => ({ ...message, tools: hidden }),
    () => ({ ...message, result: { ...result, Tools: hidden } }),
    () => ({ ...message, result: { "tools\0": hidden, ...result } }),
    () => ({ ...message, result: { "tool\u017f": hidden, ...result, " tools": hidden } }),
    () => ({ ...message, result: { ...result, " tools": hidden } }),
    () => ({ ...message, result: { ...result, "tools\u00a0": hidden } }),
    () => ({ ...message, result: { ...result, resource_templates: hiddenTemplates } }),
  ])();
}

/** As every result with a scope leaves the gate (§1.10). */
function privately(occasion: Occasion, result: Half): JsonObject {
  const { cacheScope, ttlMs } = result ?? {};
  const scope = cacheScope !== undefined || occasion.mustBePrivate ? { cacheScope: "private" } : {};
  const isLong = ttlMs !== undefined && !(typeof ttlMs === "number" && ttlMs <= 60_000);
  return { ...result, ...scope, ...(isLong ? { ttlMs: 60_000 } : {}) };
}

function same(message: JsonObject): Reply {
  return { sent: message, seen: message };
}

function twice(half: JsonObject): [Half, Half] {
  return [half, half];
}
