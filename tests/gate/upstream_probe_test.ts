/** Whether the upstream answers: asked seldom, beside the endpoint, and without leaving anything. */
import assert from "node:assert/strict";
import { probePath, UpstreamProbe } from "../../src/gate/upstream_probe.ts";
import { UpstreamError } from "../../src/upstream/upstream.ts";
import { Scene } from "./support/gate_scene.ts";
import { fieldMap, MemoryReply } from "./support/memory_upstream.ts";

const reply = (status: number) => new MemoryReply(status).send("said").end();

for (const status of [200, 204, 301, 400, 401, 404, 405, 500]) {
  Deno.test(`an upstream that says ${status} is there`, async () => {
    await using scene = await Scene.open();
    scene.upstream.next(reply(status));
    const { isReachable, detail } = await new UpstreamProbe(scene.gate).ask();
    assert.deepEqual([isReachable, detail], [true, null]);
  });
}

for (const status of [502, 503, 504]) {
  Deno.test(`a proxy that says ${status} stands before nobody`, async () => {
    await using scene = await Scene.open();
    scene.upstream.next(reply(status));
    const { isReachable, detail } = await new UpstreamProbe(scene.gate).ask();
    assert.deepEqual([isReachable, detail], [false, `broken: it answers ${status}`]);
  });
}

Deno.test("an upstream that cannot be reached is not, and it is told why", async () => {
  await using scene = await Scene.open();
  scene.upstream.next(() => Promise.reject(new UpstreamError("unreachable", "nobody listens")));
  const { isReachable, detail } = await new UpstreamProbe(scene.gate).ask();
  assert.deepEqual([isReachable, detail], [false, "unreachable: nobody listens"]);
});

Deno.test("the probe is a GET beside the endpoint, with no credential of anybody's", async () => {
  await using scene = await Scene.open({
    config: {
      secrets: {
        seal: "s".repeat(32),
        upstreamHeaders: [["authorization", "SECRET"]],
        tls: null,
        upstreamTls: null,
      },
    },
  });
  scene.upstream.next(reply(404));
  await new UpstreamProbe(scene.gate).ask();
  const [request] = scene.upstream.requests;
  assert.deepEqual([request?.method, request?.path, request?.body], ["GET", "/mcp-readyz", null]);
  assert.deepEqual(Object.keys(fieldMap(request!)), ["accept", "accept-encoding", "user-agent"]);
});

Deno.test("an answer holds for two seconds, and those who ask meanwhile share one question", async () => {
  await using scene = await Scene.open();
  const probe = new UpstreamProbe(scene.gate);
  scene.upstream.otherwise = () => reply(404);
  await Promise.all([probe.ask(), probe.ask(), probe.ask()]);
  scene.clock.ms += 1999;
  await probe.ask();
  assert.equal(scene.upstream.requests.length, 1);
  scene.clock.ms += 2;
  await probe.ask();
  assert.equal(scene.upstream.requests.length, 2);
});

Deno.test("a reload is asked about anew, and a probe under way keeps its generation", async () => {
  await using scene = await Scene.open();
  const probe = new UpstreamProbe(scene.gate);
  const late = Promise.withResolvers<MemoryReply>();
  scene.upstream.next(() => late.promise);
  const first = probe.ask();
  await scene.gate.reload(scene.config({ path: "/mcp" }));
  assert.equal(scene.upstream.closed, 0, "its upstream is still asked");
  scene.upstream.next(reply(404));
  assert.equal((await probe.ask()).isReachable, true);
  late.resolve(reply(503));
  assert.equal((await first).isReachable, false);
});

Deno.test("a reply without an end keeps nobody", async () => {
  await using scene = await Scene.open();
  const endless = new MemoryReply(404);
  endless.send("x".repeat(20_000));
  scene.upstream.next(endless);
  assert.equal((await new UpstreamProbe(scene.gate).ask()).isReachable, true);
  assert.ok(endless.cancelled);
});

const PATHS = [
  ["http://localhost:9000/mcp", "/mcp-readyz"],
  ["http://localhost:9000/team/mcp/", "/team/mcp-readyz"],
  ["http://localhost:9000/", "/-readyz"],
  ["https://example.com/sse", "/sse-readyz"],
] as const;
for (const [url, path] of PATHS) {
  Deno.test(`the probe of ${url} goes to ${path}`, () => assert.equal(probePath(url), path));
}
