/**
 * What a forwarded message means to whoever reads it: under every parser model the same as the gate
 * has decided on and put on record. Shares nothing with the gate's own reader.
 */
import assert from "node:assert/strict";
import type { Call, Outcome } from "../../src/policy/contract.ts";
import type { UpstreamRequest } from "../../src/upstream/upstream.ts";
import { fieldMap } from "../gate/support/memory_upstream.ts";
import {
  isTreeObject,
  PARSER_MODELS,
  type ParserModel,
  parseTree,
  type Tree,
} from "../support/json_models.ts";

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

/** The messages in what the upstream received: of a batch, its elements. */
export function messagesIn(request: UpstreamRequest): readonly Tree[] {
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

/** Every other place by which the gate or a policy decides. */
const GOVERNED = [
  ["cursor"],
  ["requestState"],
  ["requestId"],
  ["progressToken"],
  ["task", "ttl"],
  ["ref", "type"],
  ["ref", "name"],
  ["ref", "uri"],
  ["notifications", "taskIds"],
  ["notifications", "resourceSubscriptions"],
  ["_meta", "progressToken"],
  ["_meta", VERSION_META],
];

function governed(model: ParserModel, tree: Tree): unknown {
  return GOVERNED.map((path) => dig(model, tree, "params", ...path));
}

/** The message under `model`, in the words of a call. */
export function readBy(model: ParserModel, tree: Tree): unknown {
  const method = model.get(tree, "method");
  const id = model.get(tree, "id") ?? null;
  const result = model.get(tree, "result");
  if (method === undefined) {
    const inner = toolUses(model, model.get(result, "result"));
    return { id, toolUses: [...toolUses(model, result), ...inner] };
  }
  assert.deepEqual([result, model.get(tree, "error")], [undefined, undefined], model.name);
  assert.deepEqual(governed(model, tree), governed(EXACT, tree), model.name);
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
export function check(up: UpstreamRequest, calls: readonly Call[], record: Outcome): void {
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
