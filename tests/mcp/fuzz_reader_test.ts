/**
 * Property P1 on the reader: whatever bytes it accepts mean the same to every parser model we know.
 * Generators (a) to (e) and (g) of PROTOCOL 3.3.
 */
import assert from "node:assert/strict";
import { type ClientMessage, readMessage } from "../../src/mcp/envelope.ts";
import { isRefusal } from "../../src/mcp/refusal.ts";
import { readStrict } from "../../src/mcp/strict_json.ts";
import { fuzz } from "../support/fuzz.ts";
import {
  isTreeObject,
  PARSER_MODELS,
  type ParserModel,
  parseTree,
  type Tree,
} from "../support/json_models.ts";
import { type Document, randomDocument } from "./random_document.ts";
import { LIMITS } from "./read_client.ts";

/** Every place by which the gate or a policy decides. */
const GOVERNED_PATHS = [
  ["params", "name"],
  ["params", "uri"],
  ["params", "taskId"],
  ["params", "cursor"],
  ["params", "requestState"],
  ["params", "requestId"],
  ["params", "progressToken"],
  ["params", "task", "ttl"],
  ["params", "ref", "type"],
  ["params", "ref", "name"],
  ["params", "ref", "uri"],
  ["params", "notifications", "taskIds"],
  ["params", "notifications", "resourceSubscriptions"],
  ["params", "_meta", "progressToken"],
  ["params", "_meta", "io.modelcontextprotocol/protocolVersion"],
  ["params", "_meta", "io.modelcontextprotocol/related-task", "taskId"],
];

function dig(model: ParserModel, tree: Tree, path: readonly string[]): Tree | undefined {
  return path.reduce<Tree | undefined>((at, key) => model.get(at, key), tree);
}

function toolUses(model: ParserModel, result: Tree | undefined): Tree[] {
  const content = model.get(result, "content");
  const uses: Tree[] = [];
  for (const item of Array.isArray(content) ? content : [content]) {
    if (model.get(item, "type") === "tool_use") uses.push(model.get(item, "name") ?? null);
  }
  return uses;
}

/** What a parser understands of a message, in the form the gate decided on. */
function meaning(model: ParserModel, tree: Tree): unknown {
  const method = model.get(tree, "method");
  const id = model.get(tree, "id");
  if (method === undefined) {
    return { id, toolUses: toolUses(model, model.get(tree, "result")) };
  }
  const responses = dig(model, tree, ["params", "inputResponses"]);
  return {
    method,
    id,
    governed: GOVERNED_PATHS.map((path) => dig(model, tree, path)),
    toolUses: isTreeObject(responses)
      ? responses.members.flatMap(([, response]) => toolUses(model, response))
      : [],
  };
}

function decided(message: ClientMessage, exact: unknown): unknown {
  if (message.shape === "reply") return { id: message.id, toolUses: message.toolUses };
  const { governed, toolUses } = exact as { governed: unknown; toolUses: unknown };
  const id = message.shape === "request" ? message.id : undefined;
  return { method: message.method, id, governed, toolUses };
}

/** Whether the reader accepts; throws where a model understands something else than it. */
function holds({ bytes }: Document): boolean {
  const document = readStrict(bytes, LIMITS);
  if (isRefusal(document)) return false;
  const message = readMessage(document.value, LIMITS);
  if (isRefusal(message)) return false;
  // A decoder of its own: what it makes of the bytes must be what the gate has judged.
  const tree = parseTree(String.fromCharCode(...utf16(bytes)));
  const exact = PARSER_MODELS[0];
  assert.ok(exact);
  const judged = decided(message, meaning(exact, tree));
  for (const model of PARSER_MODELS) {
    assert.deepEqual(meaning(model, tree), judged, model.name);
  }
  return true;
}

/** UTF-8 read by hand. */
function utf16(bytes: Uint8Array): number[] {
  return [
    ...decodeURIComponent(
      [...bytes].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join(""),
    ),
  ]
    .flatMap((char) =>
      char.length === 1 ? [char.charCodeAt(0)] : [char.charCodeAt(0), char.charCodeAt(1)]
    );
}

Deno.test("readStrict and readMessage accept nothing that two parser models read differently", () => {
  let accepted = 0;
  let rounds = 0;
  fuzz(20_000, (random) => {
    rounds++;
    if (holds(randomDocument(random))) accepted++;
  });
  // A generator whose documents are all refused proves nothing.
  assert.ok(accepted > rounds / 50, `${accepted} of ${rounds} accepted`);
});
