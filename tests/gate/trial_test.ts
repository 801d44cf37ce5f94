/** A trial is judged by the stages that serve, user modules among them, and asks nobody outside. */
import assert from "node:assert/strict";
import { compileGrant, ruleFor } from "../../policies/allowlist_grant.ts";
import { BUILT_INS } from "../../policies/mod.ts";
import { hashKey, mintKey } from "../../src/config/api_key.ts";
import type { GateParts } from "../../src/gate/generation.ts";
import { judgeTrial } from "../../src/gate/trial.ts";
import { deny } from "../../src/policy/contract.ts";
import type { AnyPolicyModule, Context, Outcome } from "../../src/policy/contract.ts";
import { loaded } from "../config/sources.ts";
import { Random } from "../support/random.ts";

const KEY = mintKey((bytes) => new Uint8Array(bytes).fill(3));

function parts(modules: ReadonlyMap<string, AnyPolicyModule> = new Map()): GateParts {
  return {
    builtIns: BUILT_INS,
    loadPlugin: (path) => {
      const module = modules.get(path.split("/").at(-1) ?? "");
      return module === undefined
        ? Promise.reject(new Error(`No such module: ${path}`))
        : Promise.resolve(module);
    },
    connect: () => {
      throw new Error("A trial asks no server");
    },
    clock: { now: () => Date.UTC(2026, 10, 22), monotonic: () => 0 },
    random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
    log: () => ({ info: () => {}, warn: () => {} }),
    userAgent: "test",
  };
}

function configText(grant: object, more: object = {}): string {
  return JSON.stringify({
    upstream: { url: "http://127.0.0.1:1/mcp" },
    keys: [{ label: "a", hash: "a".repeat(64), allow: [], ...grant }],
    ...more,
  });
}

/** What becomes of a call of `method` with `params`. */
function tried(
  text: string,
  method: string,
  params: Parameters<typeof judgeTrial>[1]["params"],
  lent = parts(),
  isModern = false,
): Promise<Outcome> {
  const call = { label: "a", method, params, isModern };
  const config = loaded(text, {
    "/etc/mcpgate/office.ts": "office",
    "/etc/mcpgate/gone.ts": "gone",
  });
  return judgeTrial(config, call, { key: KEY, hash: hashKey(KEY) }, lent);
}

Deno.test("a trial decides as the grant is read, and its rule says the same", async () => {
  const random = new Random(2026);
  const names = ["read", "write", "read_file", "search_a", "search_", "admin"];
  const patterns = [...names, "search_*", "*", "read*", "*_file"];
  for (let round = 0; round < 60; round++) {
    const grant = {
      allow: random.shuffle(patterns).slice(0, random.below(4)),
      deny: random.shuffle(patterns).slice(0, random.below(2)),
      prompts: random.shuffle(patterns).slice(0, random.below(3)),
      resources: random.shuffle(patterns).slice(0, random.below(3)),
    };
    const name = random.pick(names);
    const rights = compileGrant(grant);
    const kinds = [
      ["tool", "tools/call", { name, arguments: {} }, rights.mayCall(name)],
      ["prompt", "prompts/get", { name }, rights.mayPrompt(name)],
      ["resource", "resources/read", { uri: name }, rights.mayRead(name)],
    ] as const;
    for (const [kind, method, params, isAllowed] of kinds) {
      const { decision, subject } = await tried(configText(grant), method, params);
      const told = `${kind} ${name} of ${JSON.stringify(grant)}`;
      assert.deepEqual([decision === "allow", subject], [isAllowed, name], told);
      const rule = ruleFor(grant, kind, name);
      assert.equal(rule.allowed, isAllowed, told);
      assert.ok(rule.index === null ? !isAllowed : rule.index < grant[rule.list].length, told);
    }
  }
});

Deno.test("a trial asks user modules, with the arguments and the caller", async () => {
  const seen: unknown[] = [];
  const module: AnyPolicyModule = {
    name: "office",
    options: (z) => z.object({ word: z.string() }),
    create: (options) => (asked: unknown) => {
      const { call, principal } = asked as Context;
      seen.push(call.kind === "request" ? call.params["arguments"] : null, principal.label);
      return deny("forbidden", (options as { word: string }).word, { detail: "asked" });
    },
  };
  const pipeline = ["audit", "auth", "allowlist", {
    use: "./office.ts",
    options: { word: "Closed" },
  }];
  const text = configText({ allow: ["read"] }, { pipeline });
  const lent = parts(new Map([["office.ts", module]]));
  const outcome = await tried(text, "tools/call", { name: "read", arguments: { a: 1 } }, lent);
  const { decision, stage, reason, detail, label } = outcome;
  assert.deepEqual({ decision, stage, reason, detail, label }, {
    decision: "deny",
    stage: "office",
    reason: "Closed",
    detail: "asked",
    label: "a",
  });
  assert.deepEqual(seen, [{ a: 1 }, "a"]);
});

Deno.test("a trial of a configuration whose module cannot be built says so", async () => {
  const text = configText({}, { pipeline: ["audit", "auth", "allowlist", { use: "./gone.ts" }] });
  await assert.rejects(() => tried(text, "tools/list", {}), /No such module/);
});

Deno.test("a trial writes no audit line and opens no file", async () => {
  const folder = Deno.makeTempDirSync({ prefix: "mcpgate_trial_" });
  try {
    const output = `${folder}/audit.jsonl`;
    const text = configText({ allow: ["read"] }, { audit: { output, chain: true } });
    const { decision } = await tried(text, "tools/call", { name: "read", arguments: {} });
    assert.equal(decision, "allow");
    assert.deepEqual([...Deno.readDirSync(folder)], []);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

for (
  const { name, more } of [
    { name: "named hosts", more: { hosts: ["mcp.example.com"] } },
    { name: "a loopback listener", more: { listen: "127.0.0.1:8080" } },
    { name: "another path", more: { path: "/other" } },
    { name: "the older transport", more: { upstream: { url: "http://a/sse", transport: "sse" } } },
    {
      name: "an identity header",
      more: { upstream: { url: "http://a/", identity_header: "X-Id" } },
    },
  ]
) {
  Deno.test(`a trial gets in with ${name}`, async () => {
    const text = configText({ allow: ["read"] }, more);
    assert.equal((await tried(text, "tools/call", { name: "read" })).decision, "allow");
    assert.equal((await tried(text, "tools/call", { name: "write" })).stage, "allowlist");
  });
}

Deno.test("a trial speaks the newest revision where only that knows the method", async () => {
  const { decision, protocol } = await tried(configText({}), "server/discover", {}, parts(), true);
  assert.deepEqual([decision, protocol], ["allow", "2026-07-28"]);
});

Deno.test("a trial of an expired key is refused, unless one of its hashes lasts", async () => {
  const hashes = [{ hash: "b".repeat(64), expires: "2026-01-01" }, { hash: "c".repeat(64) }];
  const keys = [{ label: "a", allow: ["read"], hashes }];
  const over = [{ label: "a", allow: ["read"], hashes: hashes.slice(0, 1) }];
  const call = ["tools/call", { name: "read" }] as const;
  assert.equal((await tried(configText({}, { keys }), ...call)).decision, "allow");
  assert.equal((await tried(configText({}, { keys: over }), ...call)).stage, "auth");
});
