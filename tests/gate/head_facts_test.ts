/**
 * What the gate notes beside a head that comes again: nobody can tell from what a client is told, from
 * what goes up, or from the record whether it was noted or worked out anew.
 */
import assert from "node:assert/strict";
import type { HeadNotes } from "../../src/gate/incoming.ts";
import type { Config } from "../../src/config/config.ts";
import { allow } from "../../src/policy/contract.ts";
import type { Head } from "../../src/policy/contract.ts";
import { A, B, bodyOf, call, D, keyEntry, KEYS, rpc, Scene } from "./support/gate_scene.ts";
import type { Request } from "./support/memory_exchange.ts";
import { jsonReply } from "./support/memory_upstream.ts";

const META = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientInfo": { name: "t", version: "1" },
  "io.modelcontextprotocol/clientCapabilities": {},
};

/** A call by the rules of 2026-07-28. */
function modern(name: string) {
  return rpc("tools/call", { name, arguments: {}, _meta: META });
}

const MODERN_FIELDS = [
  ["mcp-protocol-version", "2026-07-28"],
  ["mcp-method", "tools/call"],
  ["mcp-name", "read_file"],
] as const;

/** One thing that happens: a request on the head of that name, or another configuration, or time. */
type Step =
  | { readonly head: string; readonly body?: unknown }
  | { readonly reload: (config: Config) => Partial<Config> }
  | { readonly passMs: number };

/** The heads; `SESSION` stands for a session that was opened for A. */
const HEADS: Readonly<Record<string, readonly [key: string | null, request: Request]>> = {
  plain: [A, {}],
  other: [B, {}],
  nobody: [null, {}],
  wrong: ["KEY-X-0123456789abcdef", {}],
  session: [A, { fields: [["mcp-session-id", "SESSION"]] }],
  foreign: [B, { fields: [["mcp-session-id", "SESSION"]] }],
  modern: [A, { fields: [...MODERN_FIELDS, ["mcp-param-x", "1"]] }],
  param: [A, { fields: [["mcp-param-x", "1"], ["traceparent", "t"], ["x-a", "1"]] }],
  proxied: [A, { fields: [["x-forwarded-for", "203.0.113.9, 198.51.100.4"]] }],
  page: [A, { fields: [["origin", "https://page.example"]] }],
  elsewhere: [A, { target: "/elsewhere" }],
  bad: [A, { fields: [["mcp-session-id", "a,b"]] }],
  get: [A, { method: "GET", fields: [["mcp-session-id", "SESSION"]] }],
};

const RUNS: readonly { readonly name: string; readonly steps: readonly Step[] }[] = [
  {
    name: "one head after the other, again and again",
    steps: [...Object.keys(HEADS), ...Object.keys(HEADS).toReversed(), ...Object.keys(HEADS)]
      .map((head) => ({ head })),
  },
  {
    name: "bodies that change what the head means",
    steps: [
      { head: "session", body: call() },
      { head: "session", body: rpc("initialize") },
      { head: "session", body: call("write_file") },
      { head: "session", body: "{" },
      { head: "session", body: rpc("ping", {}, 3) },
      { head: "modern", body: modern("read_file") },
      { head: "modern", body: modern("write_file") },
      { head: "modern", body: call() },
      { head: "modern", body: modern("read_file") },
      { head: "plain", body: modern("read_file") },
      { head: "plain", body: call() },
    ],
  },
  {
    name: "a key that is taken away and comes back",
    steps: [
      { head: "plain" },
      { head: "other" },
      { reload: () => ({ keys: KEYS.slice(0, 1) }) },
      { head: "other" },
      { head: "plain" },
      { reload: () => ({ keys: KEYS }) },
      { head: "other" },
      { head: "wrong" },
    ],
  },
  {
    name: "a key that goes over to another label",
    steps: [
      { head: "session" },
      { head: "foreign" },
      { reload: () => ({ keys: [keyEntry(A, { label: "b", allow: ["*"] }), keyEntry(D)] }) },
      { head: "session" },
      { head: "get" },
      { reload: () => ({ keys: KEYS }) },
      { head: "session" },
    ],
  },
  {
    name: "a key that runs out",
    steps: [
      { reload: () => ({ keys: [keyEntry(A, { allow: ["*"], expiresMs: 1_800_000_001_000 })] }) },
      { head: "plain" },
      { passMs: 999 },
      { head: "plain" },
      { passMs: 1 },
      { head: "plain" },
    ],
  },
  {
    name: "rules of the door that change",
    steps: ([
      {},
      { hosts: ["other.example"] },
      { path: "/elsewhere" },
      {
        origins: ["https://page.example"],
      },
      { trustedProxies: ["192.0.2.0/24"] },
      { limits: "small" },
      {},
    ] as const).flatMap((changes) => [
      {
        reload: ({ limits }: Config) =>
          "limits" in changes ? { limits: { ...limits, mcpParams: 0 } } : changes,
      },
      ...["plain", "page", "elsewhere", "proxied", "param"].map((head) => ({ head })),
    ]),
  },
  {
    name: "fields that go up by other rules",
    steps: [["x-a"], [], ["traceparent", "x-a"]].flatMap((forwardHeaders) => [
      { reload: ({ upstream }: Config) => ({ upstream: { ...upstream, forwardHeaders } }) },
      { head: "param" },
      { head: "param" },
    ]),
  },
];

/** All that can be seen of `steps`, where notes are shared by requests of the same head, or not. */
async function seen(steps: readonly Step[], isShared: boolean): Promise<unknown[]> {
  await using scene = await Scene.open();
  const answer = () => jsonReply({ jsonrpc: "2.0", id: 1, result: {} });
  scene.upstream.next(
    jsonReply({ jsonrpc: "2.0", id: 1, result: {} }, 200, [["mcp-session-id", "s1"]]),
  );
  const opened = await scene.post(rpc("initialize"));
  const session = opened.field("mcp-session-id") ?? assert.fail("no session");
  const shared = new Map<string, HeadNotes>();
  const told: unknown[] = [];
  for (const step of steps) {
    if ("passMs" in step) {
      scene.clock.ms += step.passMs;
      continue;
    }
    if ("reload" in step) {
      const config = scene.config();
      await scene.reload({ ...config, ...step.reload(config) });
      continue;
    }
    const [key, request] = HEADS[step.head] ?? assert.fail(step.head);
    const before = scene.upstream.requests.length;
    scene.upstream.next(answer());
    const notes: HeadNotes = isShared ? shared.get(step.head) ?? { facts: null } : { facts: null };
    shared.set(step.head, notes);
    const body = step.body === undefined && request.method !== undefined ? "" : step.body ?? call();
    const exchange = await scene.ask({
      ...request,
      notes,
      fields: request.fields?.map(([name, value]) =>
        [name, value === "SESSION" ? session : value] as const
      ) ?? [],
      body: bodyOf(body),
    }, key);
    const { exchange: _, startedMs: __, ...outcome } = scene.last;
    const up = scene.upstream.requests.slice(before);
    told.push({
      head: step.head,
      status: exchange.status,
      fields: exchange.answerFields.filter(([name]) => name !== "mcpgate-exchange"),
      text: exchange.text,
      outcome,
      up: up.map(({ fields, method }) => ({ fields, method })),
    });
  }
  return told;
}

for (const { name, steps } of RUNS) {
  Deno.test(`what is noted beside a head cannot be told: ${name}`, async () => {
    const shared = await seen(steps, true);
    assert.deepEqual(shared, await seen(steps, false));
    // Where all fared alike, nothing would have been shown.
    assert.ok(new Set(shared.map((one) => JSON.stringify(one))).size > 1);
  });
}

Deno.test("stages know a head again that has come before, and no other", async () => {
  const heads: object[] = [];
  await using scene = await Scene.open({
    stages: ["looker"],
    modules: {
      looker: {
        name: "looker",
        at: "head",
        options: (z) => z.object({}),
        create: () => ({ http }: Head) => {
          heads.push(http.sameHead);
          return allow();
        },
      },
    },
  });
  const notes: HeadNotes = { facts: null };
  for (const own of [notes, notes, { facts: null }]) {
    scene.upstream.next(jsonReply({ jsonrpc: "2.0", id: 1, result: {} }));
    await scene.post(call(), A, { notes: own });
  }
  const [one, again, other] = heads;
  assert.equal(one, again);
  assert.notEqual(one, other);
  assert.throws(() => Object.assign(one as object, { key: "x" }), TypeError);
});
