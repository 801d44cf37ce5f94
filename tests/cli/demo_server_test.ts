/** The sample server alone, asked by plain HTTP as any client would. */
import assert from "node:assert/strict";
import { type Arrival, type DemoServer, startDemoServer } from "../../src/cli/demo_server.ts";

const STEP_MS = 5;

async function withServer(
  test: (server: DemoServer, arrivals: Arrival[]) => Promise<void>,
): Promise<void> {
  const arrivals: Arrival[] = [];
  const server = startDemoServer((arrival) => arrivals.push(arrival), STEP_MS);
  try {
    await test(server, arrivals);
  } finally {
    await server.stop();
  }
}

function post(
  server: DemoServer,
  message: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  const body = typeof message === "string" ? message : JSON.stringify(message);
  return fetch(server.url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  });
}

function request(method: string, params: unknown = {}, id: number | string = 1) {
  return { jsonrpc: "2.0", id, method, params };
}

async function session(server: DemoServer): Promise<Record<string, string>> {
  const response = await post(server, request("initialize", { protocolVersion: "2025-06-18" }));
  await response.body?.cancel();
  return { "mcp-session-id": response.headers.get("mcp-session-id") ?? "" };
}

const MODERN = {
  _meta: {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
  },
};

Deno.test("initialize opens a session and answers in the revision asked for", async () => {
  await withServer(async (server) => {
    const response = await post(server, request("initialize", { protocolVersion: "2025-06-18" }));
    const { result } = await response.json();
    assert.equal(result.protocolVersion, "2025-06-18");
    assert.match(response.headers.get("mcp-session-id") ?? "", /^[0-9a-f-]{36}$/);
  });
});

Deno.test("initialize offers the newest legacy revision where it does not know the one asked for", async () => {
  await withServer(async (server) => {
    const response = await post(server, request("initialize", { protocolVersion: "1999-01-01" }));
    assert.equal((await response.json()).result.protocolVersion, "2025-11-25");
  });
});

Deno.test("a legacy request without a known session is answered with 404", async () => {
  await withServer(async (server) => {
    const response = await post(server, request("tools/list"), { "mcp-session-id": "nobody's" });
    assert.equal(response.status, 404);
    assert.equal((await response.json()).error.message, "Session not found");
  });
});

Deno.test("DELETE ends a session", async () => {
  await withServer(async (server) => {
    const headers = await session(server);
    const ended = await fetch(server.url, { method: "DELETE", headers });
    await ended.body?.cancel();
    assert.equal(ended.status, 200);
    const response = await post(server, request("ping"), headers);
    assert.equal(response.status, 404);
    await response.body?.cancel();
  });
});

Deno.test("a request of 2026-07-28 needs no session", async () => {
  await withServer(async (server) => {
    const { result } = await (await post(server, request("tools/list", MODERN))).json();
    assert.equal(result.resultType, "complete");
    assert.equal(result.cacheScope, "public");
    assert.equal(result.tools.length, 6);
  });
});

Deno.test("server/discover names the revision, the capabilities and the server", async () => {
  await withServer(async (server) => {
    const { result } = await (await post(server, request("server/discover", MODERN))).json();
    assert.deepEqual(result.supportedVersions, ["2026-07-28"]);
    assert.deepEqual(Object.keys(result.capabilities), ["tools", "prompts", "resources"]);
    assert.equal(
      result._meta["io.modelcontextprotocol/serverInfo"].name,
      "mcpgate-demo-notes",
    );
  });
});

Deno.test("a stateless revision that it does not know is answered with -32022", async () => {
  await withServer(async (server) => {
    const params = { _meta: { "io.modelcontextprotocol/protocolVersion": "2099-01-01" } };
    const response = await post(server, request("tools/list", params));
    assert.equal(response.status, 400);
    const { error } = await response.json();
    assert.equal(error.code, -32022);
    assert.deepEqual(error.data, { supported: ["2026-07-28"], requested: "2099-01-01" });
  });
});

const CALLS: { name: string; method: string; params: unknown; finds: RegExp }[] = [
  {
    name: "list_notes names the notes",
    method: "tools/call",
    params: { name: "list_notes" },
    finds: /"text":"welcome\\nshopping/,
  },
  {
    name: "read_note reads one",
    method: "tools/call",
    params: { name: "read_note", arguments: { name: "gate" } },
    finds: /A gate is a lock/,
  },
  {
    name: "read_note says what there is instead",
    method: "tools/call",
    params: { name: "read_note", arguments: { name: "nothing" } },
    finds: /There is no note nothing\. There are: welcome.*"isError":true/,
  },
  {
    name: "read_note needs its argument to be a string",
    method: "tools/call",
    params: { name: "read_note", arguments: { name: 7 } },
    finds: /The argument name must be a string.*"isError":true/,
  },
  {
    name: "search_notes finds a word in any case",
    method: "tools/call",
    params: { name: "search_notes", arguments: { word: "BREAD" } },
    finds: /shopping: .*ideas: /,
  },
  {
    name: "write_note writes",
    method: "tools/call",
    params: { name: "write_note", arguments: { name: "new", text: "x" } },
    finds: /Written: new/,
  },
  {
    name: "an unknown tool is an error of the protocol",
    method: "tools/call",
    params: { name: "fly" },
    finds: /"error":\{"code":-32602,"message":"Unknown tool: fly"/,
  },
  {
    name: "prompts/get fills the prompt",
    method: "prompts/get",
    params: { name: "summarise", arguments: { note: "gate" } },
    finds: /Summarise this note in one sentence.*A gate is a lock/,
  },
  {
    name: "resources/read reads a note by its URI",
    method: "resources/read",
    params: { uri: "note:///gate" },
    finds: /"mimeType":"text\/plain","text":"A gate is a lock/,
  },
  {
    name: "resources/read does not know other URIs",
    method: "resources/read",
    params: { uri: "file:///etc/passwd" },
    finds: /"code":-32002/,
  },
  { name: "ping is answered", method: "ping", params: {}, finds: /"result":\{\}/ },
  { name: "an unknown method is refused", method: "fly", params: {}, finds: /"code":-32601/ },
];

for (const { name, method, params, finds } of CALLS) {
  Deno.test(name, async () => {
    await withServer(async (server) => {
      const response = await post(server, request(method, params), await session(server));
      assert.equal(response.status, 200);
      assert.match(await response.text(), finds);
    });
  });
}

Deno.test("slow_report streams its progress before its result", async () => {
  await withServer(async (server) => {
    const params = { name: "slow_report", _meta: { progressToken: "t" } };
    const response = await post(server, request("tools/call", params), await session(server));
    assert.equal(response.headers.get("content-type"), "text/event-stream");
    const events = (await response.text()).trimEnd().split("\n\n");
    const messages = events.map((event) => JSON.parse(event.split("data: ")[1] ?? ""));
    assert.deepEqual(
      messages.map(({ method, id }) => method ?? id),
      [...Array(5).fill("notifications/progress"), 1],
    );
    assert.deepEqual(messages[0].params, {
      progressToken: "t",
      progress: 1,
      total: 5,
      message: "read welcome",
    });
    assert.match(messages[5].result.content[0].text, /^\d+ words in 5 notes\.$/);
  });
});

Deno.test("slow_report reports no progress to a client that asked for none", async () => {
  await withServer(async (server) => {
    const params = { name: "slow_report" };
    const response = await post(server, request("tools/call", params), await session(server));
    assert.equal((await response.text()).match(/^event:/gm)?.length, 1);
  });
});

Deno.test("the server stops while a report is being written", async () => {
  const server = startDemoServer(() => {}, 60_000);
  const params = { name: "slow_report", ...MODERN };
  const response = await post(server, request("tools/call", params));
  const [text] = await Promise.all([response.text(), server.stop()]);
  assert.match(text, /words in 5 notes/);
});

Deno.test("delete_notes really deletes", async () => {
  await withServer(async (server) => {
    const call = request("tools/call", { name: "delete_notes" });
    await (await post(server, call, await session(server))).body?.cancel();
    assert.equal(server.notebook.notes.size, 0);
  });
});

Deno.test("every message that arrives is told of, with the names of its headers", async () => {
  await withServer(async (server, arrivals) => {
    const call = request("tools/call", { name: "list_notes" });
    await (await post(server, call, { authorization: "Bearer x" })).body?.cancel();
    const [arrival] = arrivals;
    assert.equal(arrivals.length, 1);
    assert.equal(arrival?.method, "tools/call");
    assert.equal(arrival?.tool, "list_notes");
    assert.ok(arrival?.headers.includes("authorization"));
  });
});

const REFUSALS: { name: string; ask: (server: DemoServer) => Promise<Response>; status: number }[] =
  [
    { name: "a body that is no JSON", ask: (server) => post(server, "{"), status: 400 },
    { name: "a batch", ask: (server) => post(server, []), status: 400 },
    {
      name: "a notification needs no answer",
      ask: (server) => post(server, { jsonrpc: "2.0", method: "notifications/initialized" }),
      status: 202,
    },
    { name: "GET", ask: (server) => fetch(server.url), status: 405 },
    {
      name: "another path",
      ask: (server) => fetch(new URL("/other", server.url)),
      status: 404,
    },
    {
      name: "a name that points at loopback",
      ask: (server) => fetch(server.url.replace("127.0.0.1", "localhost")),
      status: 403,
    },
  ];

for (const { name, ask, status } of REFUSALS) {
  Deno.test(`the sample server answers ${status}: ${name}`, async () => {
    await withServer(async (server) => {
      const response = await ask(server);
      await response.body?.cancel();
      assert.equal(response.status, status);
    });
  });
}
