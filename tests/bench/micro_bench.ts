/**
 * The pieces a request passes, each alone and beside the least that any program would have to do in
 * its place. Sockets, processes and other people's code are the macro bench's.
 */
import { randomBytes } from "node:crypto";
import { auditLine } from "../../policies/audit_line.ts";
import { compileGrant } from "../../policies/allowlist_grant.ts";
import { replyFilter } from "../../policies/allowlist_replies.ts";
import { hashKey, mintKey } from "../../src/config/api_key.ts";
import { Sealer } from "../../src/gate/seal.ts";
import { filterCheck } from "../../src/mcp/reply_text.ts";
import { SseReader } from "../../src/mcp/sse_reader.ts";
import { formatEvent } from "../../src/mcp/sse_writer.ts";
import { readStrict } from "../../src/mcp/strict_json.ts";
import type { Outcome } from "../../src/policy/contract.ts";
import { ANSWERS, CALL, toolList } from "./fixed_reply.ts";

const mayNeedFilter = filterCheck([]);

const utf8 = new TextEncoder();
const decoder = new TextDecoder();
const LIMITS = { depth: 128, members: 250_000 };

const nested = JSON.stringify({
  jsonrpc: "2.0",
  id: 7,
  method: "tools/call",
  params: {
    name: "tool_0",
    arguments: {
      rows: Array.from({ length: 60 }, (_, id) => ({ id, label: `row ${id}`, ok: true })),
    },
  },
});
const BODIES = [
  { name: `a call of ${CALL.length} bytes`, bytes: utf8.encode(CALL) },
  { name: `a nested call of ${nested.length} bytes`, bytes: utf8.encode(nested) },
];

for (const { name, bytes } of BODIES) {
  Deno.bench(`JSON.parse, ${name}`, { group: name, baseline: true }, () => {
    JSON.parse(decoder.decode(bytes));
  });
  Deno.bench(`readStrict, ${name}`, { group: name }, () => {
    readStrict(bytes, LIMITS);
  });
}

const streamed = utf8.encode(ANSWERS["/events"]?.body ?? "");
Deno.bench("decode and encode, two events", { group: "events", baseline: true }, () => {
  utf8.encode(decoder.decode(streamed));
});
Deno.bench("SseReader and formatEvent, two events", { group: "events" }, () => {
  let text = "";
  for (const item of new SseReader(1 << 24).push(streamed)) {
    if (item.comment === undefined && item.data !== null && !mayNeedFilter(item.data)) {
      text += formatEvent(item);
    }
  }
  utf8.encode(text);
});

for (const count of [60, 1000]) {
  const text = toolList(count);
  const group = `a list of ${count} tools`;
  const filter = replyFilter(
    compileGrant({ allow: ["tool_1*"], deny: ["tool_11"], prompts: [], resources: [] }),
    () => false,
  );
  Deno.bench(`JSON.parse and JSON.stringify, ${group}`, { group, baseline: true }, () => {
    JSON.stringify(JSON.parse(text));
  });
  Deno.bench(`parse, filter and write, ${group}`, { group }, () => {
    JSON.stringify(filter(JSON.parse(text)));
  });
}

for (const count of [1, 10_000]) {
  const allow = Array.from({ length: count }, (_, index) => `tool_${index}`);
  const rights = compileGrant({ allow, deny: [], prompts: [], resources: [] });
  Deno.bench(`mayCall, ${count} granted`, { group: "a grant", baseline: count === 1 }, () => {
    rights.mayCall("tool_0");
  });
}

const key = mintKey((bytes) => randomBytes(bytes));
Deno.bench("hashKey", { group: "one exchange" }, () => {
  hashKey(key);
});

const sealer = new Sealer("a secret of at least thirty-two characters");
Deno.bench("Sealer.seal", { group: "one exchange" }, () => {
  sealer.seal("session", "bench", "", "7f4a8f2c-2b58-4a5e-9a44-4d3f2c5f6d11");
});

const outcome: Outcome = {
  exchange: "fPnU-EH_z7C3",
  generation: 1,
  label: "bench",
  http: "POST",
  method: "tools/call",
  subject: "tool_0",
  decision: "allow",
  stage: null,
  reason: null,
  detail: null,
  status: 200,
  startedMs: 1_790_000_000_000,
  latencyMs: 1.234,
  bytesIn: 134,
  bytesOut: 120,
  remote: "127.0.0.1",
  session: null,
  protocol: "2025-11-25",
  end: "complete",
};
Deno.bench("auditLine", { group: "one exchange", baseline: true }, () => {
  auditLine(outcome, 2048);
});
