/** The operator's listener: what it answers to whom, and that it changes and gives away nothing. */
import assert from "node:assert/strict";
import { listenForAdmin } from "../../src/server/admin.ts";
import { RawClient } from "../support/raw_http.ts";
import { PaintedSight } from "./painted_sight.ts";

interface Scene {
  readonly sight: PaintedSight;
  /** Asks as a client that says it goes to `host`. */
  ask(target: string, more?: { host?: string; method?: string }): Promise<Told>;
}

interface Told {
  readonly status: number;
  readonly text: string;
  field(name: string): string | null;
}

async function withAdmin(
  test: (scene: Scene) => Promise<void>,
  options: { hostname?: string; hosts?: readonly string[] } = {},
): Promise<void> {
  const sight = new PaintedSight();
  const warnings: string[] = [];
  const listener = listenForAdmin({
    listen: { hostname: options.hostname ?? "127.0.0.1", port: 0 },
    hosts: options.hosts ?? [],
    sight,
    log: { warn: (text) => void warnings.push(text) },
  });
  try {
    await test({
      sight,
      async ask(target, { host = "127.0.0.1", method = "GET" } = {}) {
        using client = await RawClient.connect(listener.port);
        const reply = await client.ask({ method, target, fields: [["Host", host]] });
        return {
          status: reply.status,
          text: await reply.text(),
          field: (name) => reply.field(name),
        };
      },
    });
  } finally {
    await listener.stop();
  }
  assert.deepEqual(warnings, []);
}

Deno.test("/healthz says that the process lives, whatever else is wrong", async () => {
  await withAdmin(async ({ ask, sight }) => {
    sight.reasons = ["the upstream does not answer"];
    const { status, text } = await ask("/healthz");
    assert.deepEqual([status, text], [200, "ok"]);
  });
});

Deno.test("/readyz says 200 where exchanges are served, else 503 and why", async () => {
  await withAdmin(async ({ ask, sight }) => {
    const ready = await ask("/readyz");
    assert.deepEqual([ready.status, JSON.parse(ready.text).generation], [200, 3]);
    sight.reasons = ["the gate is stopping"];
    const stopping = await ask("/readyz");
    assert.equal(stopping.status, 503);
    assert.deepEqual(JSON.parse(stopping.text).reasons, ["the gate is stopping"]);
  });
});

Deno.test("a query is nobody's business", async () => {
  await withAdmin(async ({ ask }) => {
    assert.equal((await ask("/healthz?verbose")).status, 200);
  });
});

const HOSTS: readonly {
  readonly name: string;
  readonly host: string;
  readonly status: number;
  readonly options?: { hostname?: string; hosts?: readonly string[] };
}[] = [
  { name: "localhost", host: "localhost:9091", status: 200 },
  { name: "127.0.0.1", host: "127.0.0.1:9091", status: 200 },
  { name: "[::1]", host: "[::1]:9091", status: 200 },
  { name: "a name that somebody has pointed here", host: "evil.example", status: 403 },
  { name: "a name that begins as loopback does", host: "localhost.evil.example", status: 403 },
  { name: "an address that is not this machine's loopback", host: "10.0.0.5", status: 403 },
  { name: "what is no host", host: "a b", status: 403 },
  {
    name: "a configured name",
    host: "MCPGATE.internal:9091",
    status: 200,
    options: { hosts: ["mcpgate.internal"] },
  },
  {
    name: "an address, on a public listener",
    host: "10.0.0.5:9091",
    status: 200,
    options: { hostname: "0.0.0.0" },
  },
  {
    name: "a name, on a public listener",
    host: "evil.example",
    status: 403,
    options: { hostname: "0.0.0.0" },
  },
];
for (const { name, host, status, options } of HOSTS) {
  for (const target of ["/", "/metrics", "/live.json", "/readyz", "/healthz"]) {
    Deno.test(`${target} is ${status === 200 ? "told" : "not told"} to ${name}`, async () => {
      await withAdmin(async ({ ask }) => {
        assert.equal((await ask(target, { host })).status, status);
      }, options);
    });
  }
}

Deno.test("two Host fields are none", async () => {
  await withAdmin(async ({ ask }) => {
    assert.notEqual((await ask("/metrics", { host: "localhost\r\nHost: localhost" })).status, 200);
  });
});

for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"]) {
  Deno.test(`${method} changes nothing: 405`, async () => {
    await withAdmin(async ({ ask }) => {
      const { status, field } = await ask("/", { method });
      assert.deepEqual([status, field("allow")], [405, "GET, HEAD"]);
    });
  });
}

Deno.test("HEAD is answered without a body", async () => {
  await withAdmin(async ({ ask }) => {
    const { status, text, field } = await ask("/healthz", { method: "HEAD" });
    assert.deepEqual([status, text, field("content-length")], [200, "", "2"]);
  });
});

for (
  const target of ["/nope", "//metrics", "/./metrics", "/%6detrics", "/metrics/", "/a/../metrics"]
) {
  Deno.test(`${target} is no path`, async () => {
    await withAdmin(async ({ ask }) => {
      assert.equal((await ask(target)).status, 404);
    });
  });
}

Deno.test("every answer forbids browsers whatever is not ours", async () => {
  await withAdmin(async ({ ask }) => {
    const targets = ["/", "/healthz", "/readyz", "/metrics", "/live.json", "/page.js", "/nope"];
    for (const target of [...targets, "/page.css", "/icon.svg", "/snapshot.json"]) {
      const { field } = await ask(target);
      const policy = field("content-security-policy") ?? "";
      assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self';/, target);
      assert.match(policy, /frame-ancestors 'none'/);
      assert.match(policy, /base-uri 'none'/);
      assert.doesNotMatch(policy, /unsafe|http|\*/);
      assert.equal(field("x-content-type-options"), "nosniff");
      assert.equal(field("cross-origin-resource-policy"), "same-origin");
      assert.equal(field("cache-control"), "no-store, no-transform");
      assert.equal(field("access-control-allow-origin"), null);
    }
  });
});

Deno.test("a sight that fails is told with 500 and the listener goes on", async () => {
  await withAdmin(async ({ ask, sight }) => {
    sight.snapshot = () => {
      throw new Error("no picture");
    };
    assert.equal((await ask("/metrics")).status, 500);
    assert.equal((await ask("/healthz")).status, 200);
  });
});

Deno.test("figures are there for programs, as they are", async () => {
  await withAdmin(async ({ ask, sight }) => {
    assert.deepEqual(JSON.parse((await ask("/snapshot.json")).text), sight.picture);
  });
});
