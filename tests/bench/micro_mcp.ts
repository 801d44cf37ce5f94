/**
 * What reading costs: the strict reader, the event stream reader and the check of a list, each beside
 * `JSON.parse` on the same bytes. Run with `deno bench`; the ratios count, not the times.
 */
import { readMessage } from "../../src/mcp/envelope.ts";
import { isRefusal } from "../../src/mcp/refusal.ts";
import { hasDuplicateMember } from "../../src/mcp/json_scan.ts";
import { filterCheck, readReply, tidyEnvelope } from "../../src/mcp/reply_text.ts";
import { isObject } from "../../src/mcp/json.ts";
import { SseReader } from "../../src/mcp/sse_reader.ts";
import { formatEvent } from "../../src/mcp/sse_writer.ts";
import { readStrict } from "../../src/mcp/strict_json.ts";

const mayNeedFilter = filterCheck([]);

const LIMITS = { depth: 128, members: 250_000, params: 64, method: 128, name: 256, id: 256 };
const DECODER = new TextDecoder();

function callOf(input: unknown): object {
  const params = { name: "read_file", arguments: input };
  return { jsonrpc: "2.0", id: 17, method: "tools/call", params };
}

function nested(members: number): object {
  const row = (at: number) => ({
    id: at,
    label: `row ${at}`,
    tags: ["a", "b"],
    at: { x: at, y: -at },
  });
  return { rows: Array.from({ length: members }, (_, at) => row(at)) };
}

const BODIES = [
  { name: "call of 134 B", value: callOf({ path: "/srv/data/reports/2026/q1.txt", line: 12 }) },
  { name: "call of 4 KB, nested", value: callOf(nested(62)) },
  { name: "call of 1 MB, nested", value: callOf(nested(15_000)) },
  { name: "call of 1 MB, one string", value: callOf({ text: "x".repeat(1 << 20) }) },
];

for (const { name, value } of BODIES) {
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  Deno.bench(`JSON.parse, ${name}`, { group: name, baseline: true }, () => {
    JSON.parse(DECODER.decode(bytes));
  });
  Deno.bench(`readStrict and readMessage, ${name}`, { group: name }, () => {
    const document = readStrict(bytes, LIMITS);
    if (isRefusal(document) || isRefusal(readMessage(document.value, LIMITS))) {
      throw new TypeError();
    }
  });
}

const PROGRESS = JSON.stringify({
  jsonrpc: "2.0",
  method: "notifications/progress",
  params: { progressToken: 1, progress: 50, total: 100, message: "Half of it" },
});
const STREAMS = [
  { name: "one small event", text: `event: message\nid: 1\ndata: ${PROGRESS}\n\n` },
  { name: "100 small events", text: `event: message\nid: 1\ndata: ${PROGRESS}\n\n`.repeat(100) },
  { name: "an event of 1 MB", text: `data: "${"x".repeat(1 << 20)}"\n\n` },
];

for (const { name, text } of STREAMS) {
  const bytes = new TextEncoder().encode(text);
  const payload = text.match(/(?<=data: ).*/g) ?? [];
  Deno.bench(`JSON.parse, ${name}`, { group: name, baseline: true }, () => {
    DECODER.decode(bytes);
    for (const data of payload) JSON.parse(data);
  });
  Deno.bench(`SseReader and formatEvent, ${name}`, { group: name }, () => {
    for (const item of new SseReader(1 << 24).push(bytes)) if (!item.comment) formatEvent(item);
  });
  Deno.bench(`SseReader, mayNeedFilter and formatEvent, ${name}`, { group: name }, () => {
    for (const item of new SseReader(1 << 24).push(bytes)) {
      if (!item.comment && !mayNeedFilter(item.data ?? "")) formatEvent(item);
    }
  });
}

const LIST = JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  result: {
    tools: Array.from({ length: 1000 }, (_, at) => ({
      name: `tool_${at}`,
      description: "Does what its name says, and says what it does in a sentence or two.",
      inputSchema: { type: "object", properties: { path: { type: "string" } }, required: ["path"] },
    })),
  },
});

Deno.bench(
  "JSON.parse and stringify, list of 1000 tools",
  { group: "list", baseline: true },
  () => {
    JSON.stringify(JSON.parse(LIST));
  },
);
Deno.bench("mayNeedFilter, list of 1000 tools", { group: "list" }, () => {
  mayNeedFilter(LIST);
});
Deno.bench("readReply and tidyEnvelope, list of 1000 tools", { group: "list" }, () => {
  const value = readReply(LIST);
  if (isObject(value)) tidyEnvelope(value);
});
Deno.bench("hasDuplicateMember, list of 1000 tools", { group: "list" }, () => {
  hasDuplicateMember(LIST);
});
