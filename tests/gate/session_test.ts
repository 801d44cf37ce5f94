/** Sessions and event ids through a whole gate: sealed for their owner on the way down, opened on the way up. */
import assert from "node:assert/strict";
import { A, B, bodyOf, call, config, rpc, Scene } from "./support/gate_scene.ts";
import { eventReply, fieldMap, jsonReply, MemoryReply } from "./support/memory_upstream.ts";

const ANSWER = { jsonrpc: "2.0", id: 1, result: {} };

/** Opens the session `id` for `key`, and gives its sealed form. */
async function initialized(scene: Scene, key = A, id = "s1"): Promise<string> {
  scene.upstream.next(jsonReply(ANSWER, 200, [["mcp-session-id", id]]));
  const exchange = await scene.post(rpc("initialize"), key);
  return exchange.field("mcp-session-id") ?? assert.fail("no session");
}

/** The last request that went up, as fields by name. */
function sent(scene: Scene): Record<string, string> {
  return fieldMap(scene.upstream.requests.at(-1) ?? assert.fail("nothing went up"));
}

Deno.test("a session is sealed for its owner and goes up as the upstream's own", async () => {
  await using scene = await Scene.open();
  const session = await initialized(scene);
  assert.notEqual(session, "s1");
  for (const request of [{ body: bodyOf(call()) }, { method: "GET" }, { method: "DELETE" }]) {
    scene.upstream.next(request.method === "GET" ? eventReply([]).end() : jsonReply(ANSWER));
    await scene.ask({ ...request, fields: [["mcp-session-id", session]] });
    assert.equal(sent(scene)["mcp-session-id"], "s1");
    assert.equal(scene.last.session, "e8bc163c82ee");
  }
});

Deno.test("a reply that names a session names it to the client sealed, be it his or a new one", async () => {
  await using scene = await Scene.open();
  for (const id of ["s1", "s 1", "~s", "東京"]) {
    const session = await initialized(scene, A, id);
    for (const named of [id, `${id}x`, id]) {
      scene.upstream.next(jsonReply(ANSWER, 200, [["mcp-session-id", named]]));
      const exchange = await scene.ask({
        body: bodyOf(call()),
        fields: [["mcp-session-id", session]],
      });
      const told = exchange.field("mcp-session-id");
      assert.equal(told, await initialized(scene, A, named));
      assert.equal(told === session, named === id);
    }
    scene.upstream.next(jsonReply(ANSWER));
    const silent = await scene.ask({ body: bodyOf(call()), fields: [["mcp-session-id", session]] });
    assert.equal(silent.field("mcp-session-id"), null);
  }
});

Deno.test("a session of another key is one that never was", async () => {
  await using scene = await Scene.open();
  const session = await initialized(scene);
  const before = scene.upstream.requests.length;
  for (const request of [{ body: bodyOf(call()) }, { method: "GET" }, { method: "DELETE" }]) {
    const told = [];
    for (const presented of [session, "never-issued"]) {
      const fields = [["mcp-session-id", presented]] as const;
      const exchange = await scene.ask({ ...request, fields }, B);
      told.push([exchange.status, exchange.text]);
      assert.equal(exchange.status, 404);
    }
    assert.deepEqual(told[0], told[1]);
  }
  assert.equal(scene.upstream.requests.length, before);
});

Deno.test("a session survives a reload, and a gate with the same secret", async () => {
  await using scene = await Scene.open();
  const session = await initialized(scene);
  await scene.gate.reload(scene.config({ fingerprint: "2" }));
  const asked = { fields: [["mcp-session-id", session]] } as const;
  assert.equal((await scene.post(call(), A, asked)).status, 200);
  await using again = await Scene.open();
  assert.equal((await again.post(call(), A, asked)).status, 200);
});

Deno.test("a session ends with a gate whose secret is its own", async () => {
  await using scene = await Scene.open({
    config: { secrets: { seal: null, upstreamHeaders: [], tls: null, upstreamTls: null } },
  });
  const session = await initialized(scene);
  await scene.gate.reload(scene.config({ fingerprint: "2" }));
  const asked = { fields: [["mcp-session-id", session]] } as const;
  assert.equal((await scene.post(call(), A, asked)).status, 200);
  await using other = await Scene.open();
  assert.equal((await other.post(call(), A, asked)).status, 404);
});

Deno.test("initialize takes no session up", async () => {
  await using scene = await Scene.open();
  await scene.post(rpc("initialize"), A, { fields: [["mcp-session-id", "old"]] });
  assert.equal(sent(scene)["mcp-session-id"], undefined);
});

Deno.test("a session that is too long to be sealed is an upstream's failure", async () => {
  await using scene = await Scene.open();
  scene.upstream.next(jsonReply(ANSWER, 200, [["mcp-session-id", "x".repeat(1100)]]));
  const exchange = await scene.post(rpc("initialize"));
  assert.equal(exchange.status, 502);
  assert.equal(scene.last.detail, "broken: session id is too long");
});

Deno.test("a session's end that the upstream does not know passes as a 404", async () => {
  await using scene = await Scene.open();
  const session = await initialized(scene);
  scene.upstream.next(new MemoryReply(404).end());
  const fields = [["mcp-session-id", session]] as const;
  assert.equal((await scene.ask({ method: "DELETE", fields })).status, 404);
});

const PRIMED = 'id: e,1\ndata: \n\nid: é2\ndata: {"jsonrpc":"2.0","method":"a"}\n\n';

/** The sealed ids of the events in `text`. */
function ids(text: string): string[] {
  return [...text.matchAll(/^id: (.*)$/gm)].map(([, id]) => id ?? "");
}

Deno.test("a broken stream is resumed with a sealed id, in its session and by its owner only", async () => {
  await using scene = await Scene.open();
  const session = await initialized(scene);
  const other = await initialized(scene, A, "s2");
  const fields = [["mcp-session-id", session]] as const;
  scene.upstream.next(eventReply([PRIMED]).end());
  const broken = await scene.post(call(), A, { fields });
  const [first = "", second = ""] = ids(broken.text);
  // It may be resumed, so nobody tells the caller that the answer is lost.
  assert.doesNotMatch(broken.text, /error/);
  assert.equal(scene.last.end, "complete");

  for (const [id, plain] of [[first, "e,1"], [second, "\u00c3\u00a92"]] as const) {
    scene.upstream.next(eventReply([ANSWER]).end());
    const resumed = await scene.ask({ method: "GET", fields: [...fields, ["last-event-id", id]] });
    assert.deepEqual(resumed.events, [ANSWER]);
    assert.equal(sent(scene)["last-event-id"], plain);
  }
  const before = scene.upstream.requests.length;
  const wrong = [
    await scene.ask({ method: "GET", fields: [["last-event-id", first]] }),
    await scene.ask({
      method: "GET",
      fields: [["mcp-session-id", other], ["last-event-id", first]],
    }),
    await scene.ask({ method: "GET", fields: [["last-event-id", first]] }, B),
  ];
  assert.deepEqual(wrong.map(({ status }) => status), [400, 400, 400]);
  assert.equal(scene.upstream.requests.length, before);
});

Deno.test("where nothing is resumed, no id is given and a broken stream is told", async () => {
  const mcp = { ...config().mcp, resume: "off" } as const;
  await using scene = await Scene.open({ config: { mcp } });
  scene.upstream.next(eventReply([PRIMED]).end());
  const exchange = await scene.post(call());
  assert.deepEqual(ids(exchange.text), []);
  assert.match(exchange.text, /"code":-32603/);
});

Deno.test("an event id that no header could carry is not given", async () => {
  await using scene = await Scene.open();
  scene.upstream.next(eventReply(["id: a\u0001b\ndata: \n\n"]).end());
  const exchange = await scene.post(call());
  assert.deepEqual(ids(exchange.text), []);
  assert.match(exchange.text, /"code":-32603/);
});

Deno.test("a modern stream carries no event ids, so that a broken one is told", async () => {
  await using scene = await Scene.open();
  const revision = "2026-07-28";
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": revision,
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  scene.upstream.next(eventReply([PRIMED]).end());
  const exchange = await scene.post(rpc("tools/list", { _meta }), A, {
    fields: [["mcp-protocol-version", revision], ["mcp-method", "tools/list"]],
  });
  assert.deepEqual(ids(exchange.text), []);
  assert.match(exchange.text, /"code":-32603/);
});
