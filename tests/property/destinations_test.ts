/**
 * P16 with real sockets: whatever a client asks for and wherever an upstream points, every request
 * of the gate's goes to the configured upstream, at the configured path.
 */
import assert from "node:assert/strict";
import { listen } from "../../src/server/listener.ts";
import { http1Upstream } from "../../src/upstream/http1_upstream.ts";
import { A, config, rpc } from "../gate/support/gate_scene.ts";
import { fuzzAsync } from "../support/fuzz.ts";
import { mcpPost, mcpVerb } from "../support/mcp_request.ts";
import { RawClient, type RawRequest, requestBytes } from "../support/raw_http.ts";
import { answer, RecordingUpstream, type Script } from "../support/recording_upstream.ts";
import type { Random } from "../support/random.ts";
import { openProperty } from "./property_scene.ts";

/** Targets and fields by which some proxies choose where to go. */
const TARGETS = [
  "/mcp",
  "/mcp?x=http://other/",
  "/mcp#x",
  "/mcp/../admin",
  "/mcp;x",
  "//other/mcp",
];
const FIELDS = (host: string) =>
  [
    ["X-Forwarded-Host", host],
    ["Forwarded", `host=${host}`],
    ["X-Original-URL", "/admin"],
    ["X-Rewrite-URL", "/admin"],
    ["X-Upstream", `http://${host}/`],
    ["Referer", `http://${host}/`],
  ] as const;

const PING = rpc("ping");

function randomAsk(random: Random, host: string): RawRequest {
  const request = random.chance(0.7)
    ? mcpPost(A, PING)
    : mcpVerb(random.pick(["GET", "DELETE"]), A);
  return {
    ...request,
    target: random.pick(TARGETS).replace("other", host),
    fields: [...request.fields ?? [], random.pick(FIELDS(host))],
  };
}

function randomScript(random: Random, other: string): Script {
  const location = ["Location", other] as const;
  return random.pick([
    answer({ status: random.pick([301, 302, 303, 307, 308]), fields: [location] }),
    answer({ status: 201, fields: [location] }),
    answer({ status: 401, fields: [["WWW-Authenticate", `Bearer resource_metadata="${other}"`]] }),
    answer({ fields: [["Refresh", `0; url=${other}`], ["Alt-Svc", `h2="${other.slice(7, -4)}"`]] }),
    answer({
      fields: [["Content-Type", "text/event-stream"], ["Link", `<${other}>; rel=next`]],
      body: `event: endpoint\ndata: ${other}\n\n`,
    }),
  ]);
}

Deno.test("every request of the gate's goes where the configuration says", async () => {
  await using own = await RecordingUpstream.start();
  await using other = await RecordingUpstream.start();
  const url = own.url("/up/mcp?fixed=1");
  await using scene = await openProperty({
    config: { upstream: { ...config().upstream, url } },
    connect: () => http1Upstream({ url }),
  });
  const listener = listen({
    hostname: "127.0.0.1",
    port: 0,
    onExchange: (exchange) => scene.gate.handle(exchange),
    log: { warn: (text) => void scene.log.push(text) },
  });
  try {
    await fuzzAsync(150, async (random) => {
      own.otherwise = randomScript(random, other.url());
      using client = await RawClient.connect(listener.port);
      await client.send(requestBytes(randomAsk(random, `127.0.0.1:${other.port}`)));
      const reply = await client.reply();
      assert.ok(reply.status < 300 || reply.status >= 400, "a redirect came down");
      const text = JSON.stringify(reply.fields) + await reply.text();
      assert.ok(!text.includes(String(other.port)), text);
    });
    assert.ok(own.requests.length > 0);
    assert.deepEqual([...new Set(own.requests.map(({ target }) => target))], ["/up/mcp?fixed=1"]);
    const hosts = own.requests.flatMap(({ fields }) =>
      fields.filter(([name]) => name.toLowerCase() === "host").map(([, value]) => value)
    );
    assert.deepEqual([...new Set(hosts)], [`127.0.0.1:${own.port}`]);
    assert.equal(other.connections, 0);
  } finally {
    await listener.abort();
  }
});
