/** One stage that goes wrong: whatever it throws, returns or fails to return, it denies. */
import assert from "node:assert/strict";
import type { Context } from "../../src/policy/contract.ts";
import { finish } from "../../src/policy/pipeline.ts";
import { outcome } from "../policies/lent_host.ts";
import { eventually } from "../support/eventually.ts";
import { keptLog, pipelineOf, rule } from "./failing_stages.ts";

const ALLOW = { verdict: "allow" } as const;

const FAILURES: { name: string; decide: (asked: Context) => unknown; detail: RegExp }[] = [
  {
    name: "throws",
    decide: () => {
      throw new RangeError("too\nfar");
    },
    detail: /^mine threw RangeError: too far$/,
  },
  {
    name: "throws what cannot be printed",
    decide: () => {
      throw { toString: null };
    },
    detail: /^mine threw something that cannot be printed$/,
  },
  { name: "returns nothing", decide: () => {}, detail: /^mine returned undefined$/ },
  { name: "returns true", decide: () => true, detail: /^mine returned boolean$/ },
  {
    name: "returns a decision with a getter that throws",
    decide: () => ({
      get verdict() {
        throw new Error("boo");
      },
    }),
    detail: /^mine returned a decision that throws Error: boo$/,
  },
  {
    name: "rejects",
    decide: () => Promise.reject(new Error("later")),
    detail: /^mine rejected with Error: later$/,
  },
  {
    name: "resolves to rubbish",
    decide: () => Promise.resolve("allow"),
    detail: /^mine returned string$/,
  },
  {
    name: "returns a thenable that throws",
    decide: () => ({
      then: () => {
        throw new Error("no promise");
      },
    }),
    detail: /^mine rejected with Error: no promise$/,
  },
  {
    name: "returns a decision with an unknown member",
    decide: (context) => ({ ...ALLOW, ok: context.call.kind }),
    detail: /unknown member "ok"/,
  },
];

for (const isModule of [false, true]) {
  for (const { name, decide, detail } of FAILURES) {
    Deno.test(`a ${isModule ? "user module" : "built-in"} that ${name} denies`, async () => {
      const ruling = await rule(await pipelineOf([{ name: "mine", isModule, decide }]));
      assert.equal(ruling.denial?.stage, "mine");
      assert.equal(ruling.denial?.deny.kind, "unavailable");
      assert.equal(ruling.denial?.deny.reason, "Policy failed");
      assert.match(ruling.denial?.deny.detail ?? "", detail);
    });
  }
}

Deno.test("a user module that gives no decision in time denies, and its signal aborts", async () => {
  let signal: AbortSignal | undefined;
  const ruling = await rule(
    await pipelineOf([{
      name: "mine",
      isModule: true,
      timeoutMs: 5,
      decide: (context) => {
        signal = context.signal;
        return new Promise(() => {});
      },
    }]),
  );
  assert.equal(ruling.denial?.deny.kind, "unavailable");
  assert.equal(ruling.denial?.deny.detail, "mine gave no decision within 5 ms");
  assert.equal(signal?.reason.name, "TimeoutError");
});

Deno.test("a decision in time stops the clock of a user module", async () => {
  let signal: AbortSignal | undefined;
  const ruling = await rule(
    await pipelineOf([{
      name: "mine",
      isModule: true,
      decide: async (context) => {
        signal = context.signal;
        await Promise.resolve();
        return ALLOW;
      },
    }]),
  );
  assert.equal(ruling.denial, null);
  assert.equal(signal?.aborted, false);
});

Deno.test("the signal of a user module aborts when the client is gone", async () => {
  const client = new AbortController();
  let signal: AbortSignal | undefined;
  const pipeline = await pipelineOf([{
    name: "mine",
    isModule: true,
    decide: (context) => {
      signal = context.signal;
      return ALLOW;
    },
  }]);
  await rule(pipeline, { signal: client.signal });
  client.abort();
  assert.equal(signal?.aborted, true);
});

Deno.test("a user module that still ponders when its exchange is cut is not waited for", async () => {
  const exchange = new AbortController();
  const pipeline = await pipelineOf([{
    name: "mine",
    isModule: true,
    timeoutMs: 600_000,
    decide: () => {
      queueMicrotask(() => exchange.abort());
      return new Promise(() => {});
    },
  }]);
  const ruling = await rule(pipeline, { signal: exchange.signal });
  assert.equal(ruling.denial?.deny.detail, "mine had not decided when the exchange was cut");
  assert.equal(ruling.denial?.isGivenUp, true);
});

Deno.test("a late allow changes nothing but that its hook is told", async () => {
  const late = Promise.withResolvers<unknown>();
  const told: string[] = [];
  const pipeline = await pipelineOf([{
    name: "mine",
    isModule: true,
    timeoutMs: 5,
    decide: () => late.promise,
  }]);
  const ruling = await rule(pipeline);
  late.resolve({
    verdict: "allow",
    principal: { label: "late", hash: null },
    onReply: () => null,
    onFinish: () => told.push("late"),
  });
  await eventually("the late hook is in", () => ruling.hooks.length === 1);
  assert.equal(ruling.denial?.stage, "mine");
  assert.equal(ruling.principal.label, "");
  assert.deepEqual(ruling.filters, []);
  finish(ruling, outcome(), keptLog());
  assert.deepEqual(told, ["late"]);
});

Deno.test("the hook of a decision that comes after the end is told at once", async () => {
  const late = Promise.withResolvers<unknown>();
  const told: unknown[] = [];
  const pipeline = await pipelineOf([{
    name: "mine",
    isModule: true,
    timeoutMs: 5,
    decide: () => late.promise,
  }]);
  const ruling = await rule(pipeline);
  const ended = outcome();
  finish(ruling, ended, keptLog());
  late.resolve({ verdict: "allow", onFinish: (end: unknown) => told.push(end) });
  await eventually("the hook is told", () => told.length > 0);
  assert.deepEqual(told, [ended]);
});

Deno.test("a late rejection is nobody's", async () => {
  const late = Promise.withResolvers<unknown>();
  const pipeline = await pipelineOf([{
    name: "mine",
    isModule: true,
    timeoutMs: 5,
    decide: () => late.promise,
  }]);
  const ruling = await rule(pipeline);
  late.reject(new Error("late"));
  await Promise.allSettled([late.promise]);
  assert.equal(ruling.denial?.deny.detail, "mine gave no decision within 5 ms");
});
