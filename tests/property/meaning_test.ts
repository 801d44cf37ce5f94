/**
 * P1 and P5 on the whole gate: whatever a client sends, what the upstream receives means under every
 * parser model what the gate decided on and put on record, and is byte for byte what was sent.
 */
import assert from "node:assert/strict";
import type { AnyPolicyModule, Call, Context, Outcome } from "../../src/policy/contract.ts";
import { allow } from "../../src/policy/contract.ts";
import type { UpstreamRequest } from "../../src/upstream/upstream.ts";
import { A, B, config, type Scene } from "../gate/support/gate_scene.ts";
import { eventReply, fieldMap } from "../gate/support/memory_upstream.ts";
import { randomDocument } from "../mcp/random_document.ts";
import { fuzzAsync } from "../support/fuzz.ts";
import {
  isTreeObject,
  PARSER_MODELS,
  type ParserModel,
  parseTree,
  type Tree,
} from "../support/json_models.ts";
import type { Random } from "../support/random.ts";
import { E, openProperty } from "./property_scene.ts";
import { randomRequest, type Sent } from "./random_request.ts";

const VERSION_META = "io.modelcontextprotocol/protocolVersion";

/** Methods whose subject goes on record, and where it stands. */
const SUBJECTS: Readonly<Record<string, string>> = {
  "tools/call": "name",
  "prompts/get": "name",
  "resources/read": "uri",
  "resources/subscribe": "uri",
  "resources/unsubscribe": "uri",
  "resources/directory/read": "uri",
  "skills/get": "uri",
};

/** Methods whose subject 2026-07-28 repeats in `Mcp-Name`. */
const MIRRORED: Readonly<Record<string, string>> = {
  "tools/call": "name",
  "prompts/get": "name",
  "resources/read": "uri",
  "tasks/get": "taskId",
  "tasks/update": "taskId",
  "tasks/cancel": "taskId",
};

/** A stage behind all others that keeps the calls that were permitted. */
function witness() {
  const calls: Call[] = [];
  const module = {
    name: "witness",
    options: (z) => z.object({}),
    create: () => ({ call }: Context) => {
      calls.push(call);
      return allow();
    },
  } as AnyPolicyModule;
  return { calls, module };
}

/** The messages in what the upstream received: of a batch, its elements. */
function messagesIn(request: UpstreamRequest): readonly Tree[] {
  const tree = parseTree(
    new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
      request.body ?? new Uint8Array(0),
    ),
  );
  return Array.isArray(tree) ? tree : [tree];
}

function dig(model: ParserModel, tree: Tree | undefined, ...path: string[]): Tree | undefined {
  return path.reduce((at, key) => model.get(at, key), tree);
}

function toolUses(model: ParserModel, result: Tree | undefined): Tree[] {
  const content = model.get(result, "content");
  return (Array.isArray(content) ? content : [content])
    .filter((item) => model.get(item, "type") === "tool_use")
    .map((item) => model.get(item, "name") ?? null);
}

/** The message under `model`, in the words of a call. */
function readBy(model: ParserModel, tree: Tree): unknown {
  const method = model.get(tree, "method");
  const id = model.get(tree, "id") ?? null;
  if (method === undefined) return { id, toolUses: toolUses(model, model.get(tree, "result")) };
  const responses = dig(model, tree, "params", "inputResponses");
  return {
    id,
    method,
    name: dig(model, tree, "params", "name") ?? null,
    uri: dig(model, tree, "params", "uri") ?? null,
    taskId: dig(model, tree, "params", "taskId") ?? null,
    toolUses: isTreeObject(responses)
      ? responses.members.flatMap(([, response]) => toolUses(model, response))
      : [],
  };
}

/** The same of what the stages were shown. */
function decidedOn(call: Call): unknown {
  if (call.kind === "reply") return { id: call.id, toolUses: call.toolUses };
  if (call.kind === "listen" || call.kind === "end") throw new Error(`No message: ${call.kind}`);
  const { name = null, uri = null, taskId = null, inputResponses } = call.params;
  return {
    id: call.kind === "request" ? call.id : null,
    method: call.method,
    name,
    uri,
    taskId,
    toolUses: Object.values(inputResponses ?? {}).flatMap((response) =>
      toolUses(EXACT, parseTree(JSON.stringify(response)))
    ),
  };
}

const EXACT = PARSER_MODELS[0] as ParserModel;

/** Holds what went up against what was decided and recorded. */
function check(up: UpstreamRequest, calls: readonly Call[], record: Outcome): void {
  const messages = messagesIn(up);
  const fields = fieldMap(up);
  for (const model of PARSER_MODELS) {
    const read = messages.map((message) => readBy(model, message));
    assert.deepEqual(read, calls.map(decidedOn), model.name);
    const first = messages.find((message) => model.get(message, "method") !== undefined);
    const method = first === undefined ? null : model.get(first, "method") as string;
    assert.equal(record.method, method, model.name);
    const subject = SUBJECTS[method ?? ""];
    if (subject !== undefined) {
      assert.equal(record.subject, dig(model, first, "params", subject) ?? null, model.name);
    }
    checkHead(model, messages, fields);
  }
}

/** The headers say what the body says, whichever of them the upstream goes by. */
function checkHead(
  model: ParserModel,
  messages: readonly Tree[],
  fields: Readonly<Record<string, string>>,
): void {
  for (const message of messages) {
    const version = dig(model, message, "params", "_meta", VERSION_META);
    if (version !== undefined) assert.equal(fields["mcp-protocol-version"], version);
    const isModern = version !== undefined;
    const method = model.get(message, "method") as string;
    assert.equal(fields["mcp-method"], isModern ? method : undefined, model.name);
    const mirrored = isModern ? MIRRORED[method] : undefined;
    const name = mirrored === undefined ? undefined : dig(model, message, "params", mirrored);
    assert.equal(decoded(fields["mcp-name"]), name, model.name);
  }
}

function decoded(value: string | undefined): string | undefined {
  const base64 = /^=\?base64\?(.*)\?=$/.exec(value ?? "")?.[1];
  if (base64 === undefined) return value;
  return new TextDecoder().decode(Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)));
}

/** Two clients that owe answers to the ids that generated replies have. */
async function ask(scene: Scene, ids: readonly (string | number)[]): Promise<void> {
  for (const key of [A, B]) {
    const requests = ids.map((id) => ({ jsonrpc: "2.0", id, method: "sampling/createMessage" }));
    scene.upstream.next(eventReply(requests).end());
    await scene.ask({ method: "GET" }, key);
  }
  scene.upstream.requests.length = 0;
}

/** Lets a client send what `make` gives, over and over, and holds what goes up against it. */
async function run(
  rounds: number,
  make: (random: Random) => Sent,
): Promise<{ passed: number; rounds: number; byB: number }> {
  const { calls, module } = witness();
  await using scene = await openProperty({
    modules: { witness: module },
    config: {
      mcp: { ...config().mcp, batch: "allow" },
      pipeline: ["audit", "auth", "ratelimit", "allowlist", "witness"].map((name) => ({
        name,
        use: name === "witness" ? name : null,
        options: {},
        timeoutMs: 1000,
      })),
    },
  });
  const counts = { passed: 0, rounds: 0, byB: 0 };
  await fuzzAsync(rounds, async (random) => {
    counts.rounds++;
    const { key, request } = make(random);
    if (!/"method"/.test(String(request.body))) await ask(scene, [1, "a", 0, "1"]);
    calls.length = 0;
    await scene.ask(request, key);
    const posted = scene.upstream.requests.filter(({ method }) => method === "POST");
    scene.upstream.requests.length = 0;
    assert.ok(posted.length <= 1, "sent twice");
    const [up] = posted;
    if (up === undefined || isSubstitute(up, calls)) return;
    counts.passed++;
    if (key === B) counts.byB++;
    assert.deepEqual(up.body, bytesOf(request.body), "P5: other bytes than were sent");
    assert.equal(scene.last.decision, "allow");
    check(up, calls, scene.last);
    if (key === B) checkGrant(up);
  });
  return counts;
}

/** A reply that was refused goes up as an error of the gate's. */
function isSubstitute(up: UpstreamRequest, calls: readonly Call[]): boolean {
  const text = new TextDecoder().decode(up.body ?? new Uint8Array(0));
  return calls.length === 0 && text.includes("not available to this API key");
}

/** Whoever reads it, a client that may call one tool calls no other. */
function checkGrant(up: UpstreamRequest): void {
  for (const model of PARSER_MODELS) {
    for (const message of messagesIn(up)) {
      const { method, name, toolUses } = readBy(model, message) as Record<string, unknown>;
      if (method === "tools/call") assert.equal(name, "read_file", model.name);
      for (const tool of toolUses as Tree[]) assert.equal(tool, "read_file", model.name);
    }
  }
}

function bytesOf(body: unknown): Uint8Array {
  return typeof body === "string" ? new TextEncoder().encode(body) : body as Uint8Array;
}

Deno.test("no document reaches the upstream that some parser reads otherwise than the gate", async () => {
  const { passed, rounds, byB } = await run(3000, (random) => ({
    key: random.pick([A, B]),
    request: {
      body: randomDocument(random).bytes,
      fields: random.chance(0.1) ? [["mcp-protocol-version", "2025-03-26"]] : [],
    },
  }));
  assert.ok(passed > rounds / 100 && byB > rounds / 1000, `${passed} of ${rounds}, ${byB} by B`);
});

Deno.test("no ordinary message reaches the upstream changed, or under headers that say otherwise", async () => {
  const { passed, rounds } = await run(2000, randomRequest);
  assert.ok(passed > rounds / 10, `${passed} of ${rounds}`);
});

Deno.test("what a key may use of several families goes up, and nothing else of them", async () => {
  await using scene = await openProperty();
  const ups = new Set<string>();
  await fuzzAsync(800, async (random) => {
    await scene.ask(randomRequest(random).request, E);
    for (const up of scene.upstream.requests.splice(0)) {
      for (const subject of subjectsOf(up)) ups.add(subject);
    }
  });
  assert.deepEqual([...ups].sort(), [
    "name greet",
    "name read_file",
    "name search_web",
    "uri file:///docs/a",
  ]);
});

/** Every name and URI that a request is about, wherever it stands. */
function subjectsOf(up: UpstreamRequest): string[] {
  if (up.method !== "POST") return [];
  const { params = {} } = JSON.parse(new TextDecoder().decode(up.body ?? undefined));
  const { name, uri, ref = {}, notifications = {} } = params;
  const uris = [uri, ref.uri, ...(notifications.resourceSubscriptions ?? [])];
  return [
    ...[name, ref.name].filter((one) => one !== undefined).map((one) => `name ${one}`),
    ...uris.filter((one) => one !== undefined).map((one) => `uri ${one}`),
  ];
}
