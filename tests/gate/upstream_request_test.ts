/** The head that goes up (P6): a closed list of fields, each once, whatever the client sends. */
import assert from "node:assert/strict";
import type { Fields } from "../../src/gate/incoming.ts";
import { upstreamFields, type UpstreamHead } from "../../src/gate/upstream_request.ts";
import type { GateConfig } from "../../src/policy/contract.ts";
import { gateConfig } from "../policies/lent_host.ts";

const CREDENTIALS = { upstreamHeaders: [], userAgent: "mcpgate/1" };

const PLAIN: UpstreamHead = {
  method: "POST",
  fields: [],
  agreement: { era: "legacy", protocol: null },
  session: null,
  lastEventId: null,
  label: "a",
  traceparent: null,
};

const MODERN = {
  era: "modern",
  protocol: "2026-07-28",
  mcpMethod: "tools/call",
  mcpName: "x",
} as const;

const FIXED: Fields = [
  ["content-type", "application/json"],
  ["accept-encoding", "identity"],
  ["user-agent", "mcpgate/1"],
];

function upstream(changes: Partial<GateConfig["upstream"]>): GateConfig {
  return gateConfig({ upstream: { ...gateConfig().upstream, ...changes } });
}

/** What a client may try; none of it goes up. */
const DROPPED: readonly string[] = [
  "accept-charset",
  "accept-encoding",
  "accept-language",
  "authorization",
  "baggage",
  "connection",
  "content-encoding",
  "content-length",
  "content-type",
  "cookie",
  "expect",
  "forwarded",
  "host",
  "keep-alive",
  "last-event-id",
  "mcp-method",
  "mcp-name",
  "mcp-param-a",
  "mcp-protocol-version",
  "mcp-session-id",
  "mcp-unheard-of",
  "origin",
  "proxy-authorization",
  "referer",
  "te",
  "traceparent",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "user-agent",
  "via",
  "x-api-key",
  "x-forwarded-for",
  "x-http-method-override",
  "x-original-url",
];

for (const name of DROPPED) {
  Deno.test(`upstreamFields never passes a client's ${name} on`, () => {
    const sent = upstreamFields(
      { ...PLAIN, fields: [[name, "CANARY"]] },
      gateConfig(),
      CREDENTIALS,
    );
    assert.deepEqual(sent, FIXED);
  });
}

const CASES: readonly {
  readonly name: string;
  readonly head?: Partial<UpstreamHead>;
  readonly config?: GateConfig;
  readonly credentials?: Fields;
  /** Beside what every POST has. */
  readonly adds: Fields;
}[] = [
  { name: "nothing more for a plain POST", adds: [] },
  {
    name: "Accept where it is plain",
    head: { fields: [["accept", "application/json"], ["accept", "text/event-stream"]] },
    adds: [["accept", "application/json, text/event-stream"]],
  },
  { name: "no Accept that is odd", head: { fields: [["accept", "a\u00e9"]] }, adds: [] },
  { name: "no Accept that is long", head: { fields: [["accept", "a".repeat(257)]] }, adds: [] },
  {
    name: "the revision, the session and the event id",
    head: {
      agreement: { era: "legacy", protocol: "2025-06-18" },
      session: "s1",
      lastEventId: "e1",
    },
    adds: [
      ["mcp-protocol-version", "2025-06-18"],
      ["mcp-session-id", "s1"],
      ["last-event-id", "e1"],
    ],
  },
  {
    name: "an event id beyond ASCII in UTF-8",
    head: { lastEventId: "é" },
    adds: [["last-event-id", "\u00c3\u00a9"]],
  },
  {
    name: "method, name and parameters of a modern call",
    head: {
      agreement: MODERN,
      fields: [["mcp-method", "x"], ["mcp-name", "y"], ["mcp-param-a", "1"], ["mcp-param-b", ""]],
    },
    adds: [
      ["mcp-protocol-version", "2026-07-28"],
      ["mcp-method", "tools/call"],
      ["mcp-name", "x"],
      ["mcp-param-a", "1"],
      ["mcp-param-b", ""],
    ],
  },
  {
    name: "no parameters of other modern methods",
    head: {
      agreement: { era: "modern", protocol: "2026-07-28", mcpMethod: "tools/list" },
      fields: [["mcp-param-a", "1"]],
    },
    adds: [["mcp-protocol-version", "2026-07-28"], ["mcp-method", "tools/list"]],
  },
  {
    name: "what the operator forwards, joined",
    config: upstream({ forwardHeaders: ["traceparent", "x-absent"] }),
    head: { fields: [["traceparent", "1"], ["traceparent", "2"], ["tracestate", "x"]] },
    adds: [["traceparent", "1, 2"]],
  },
  {
    name: "nothing forwarded that is empty or odd",
    config: upstream({ forwardHeaders: ["a", "b", "c"] }),
    head: { fields: [["a", ""], ["b", "\u00e9"], ["c", "x\r\ny: z"]] },
    adds: [],
  },
  {
    name: "the operator's credential, and no client's copy of it",
    config: upstream({ forwardHeaders: ["x-token"] }),
    credentials: [["x-token", "operator"]],
    head: { fields: [["x-token", "client"]] },
    adds: [["x-token", "operator"]],
  },
  {
    name: "the caller's label, and no client's copy of it",
    config: upstream({ forwardHeaders: ["x-client"], identityHeader: "x-client" }),
    head: { fields: [["x-client", "root"]], label: "claude desktop" },
    adds: [["x-client", "claude desktop"]],
  },
];

for (const { name, head = {}, config = gateConfig(), credentials = [], adds } of CASES) {
  Deno.test(`upstreamFields writes ${name}`, () => {
    const asked = { ...PLAIN, ...head };
    const written = upstreamFields(asked, config, { ...CREDENTIALS, upstreamHeaders: credentials });
    const sorted = (fields: Fields) => fields.map(([key, value]) => `${key}: ${value}`).sort();
    assert.deepEqual(sorted(written), sorted([...FIXED, ...adds]));
  });
}

const LABELS = [
  { label: "a", sent: "a" },
  { label: "claude desktop", sent: "claude desktop" },
  { label: " a", sent: "%20a" },
  { label: "a ", sent: "a%20" },
  { label: "Zoë", sent: "Zo%C3%AB" },
  { label: "100%", sent: "100%25" },
  { label: "a%20b", sent: "a%2520b" },
];

for (const { label, sent } of LABELS) {
  Deno.test(`upstreamFields tells the label ${JSON.stringify(label)} so that none reads alike`, () => {
    const config = upstream({ identityHeader: "x-client" });
    const fields = upstreamFields({ ...PLAIN, label }, config, CREDENTIALS);
    assert.deepEqual(fields.at(-1), ["x-client", sent]);
  });
}

for (const method of ["GET", "DELETE"] as const) {
  Deno.test(`upstreamFields announces no content for ${method}`, () => {
    const fields = upstreamFields({ ...PLAIN, method }, gateConfig(), CREDENTIALS);
    assert.deepEqual(fields, FIXED.slice(1));
  });
}
