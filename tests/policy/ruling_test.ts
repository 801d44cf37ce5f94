/** What stages leave behind in a ruling: hooks that are told once, filters that cannot let slip. */
import assert from "node:assert/strict";
import { finish, newRuling } from "../../src/policy/pipeline.ts";
import { asked, LentHost, outcome, request } from "../policies/lent_host.ts";
import { eventually } from "../support/eventually.ts";
import { keptLog, pipelineOf, rule } from "./failing_stages.ts";

const ALLOW = { verdict: "allow" } as const;

Deno.test("hooks are told last stage first, each once, also where one throws or rejects", async () => {
  const told: string[] = [];
  const hooked = (name: string, onFinish: () => unknown) => ({
    name,
    decide: () => ({
      ...ALLOW,
      onFinish: () => {
        told.push(name);
        return onFinish();
      },
    }),
  });
  const pipeline = await pipelineOf([
    hooked("one", () => {}),
    hooked("two", () => {
      throw new Error("two failed");
    }),
    hooked("three", () => Promise.reject(new Error("three failed"))),
  ]);
  const ruling = await rule(pipeline);
  const log = keptLog();
  finish(ruling, outcome(), log);
  finish(ruling, outcome(), log);
  await eventually("both failures are logged", () => log.lines.length === 2);
  assert.deepEqual(told, ["three", "two", "one"]);
  assert.deepEqual(log.lines, [
    "a finish hook failed: Error: two failed",
    "a finish hook failed: Error: three failed",
  ]);
});

Deno.test("stages before a denial are told how it ended", async () => {
  const told: string[] = [];
  const pipeline = await pipelineOf([
    { name: "one", decide: () => ({ ...ALLOW, onFinish: () => told.push("one") }) },
    {
      name: "two",
      decide: () => {
        throw new Error("boo");
      },
    },
  ]);
  finish(await rule(pipeline), outcome(), keptLog());
  assert.deepEqual(told, ["one"]);
});

const FILTERS = [
  { name: "no filter", touches: [], expected: [] },
  { name: "one filter with words", touches: [["tools"]], expected: ["tools"] },
  { name: "two filters with words", touches: [["tools"], ["uri"]], expected: ["tools", "uri"] },
  { name: "one filter that wants every message", touches: [undefined], expected: null },
  { name: "words after that", touches: [undefined, ["tools"]], expected: null },
];

for (const { name, touches, expected } of FILTERS) {
  Deno.test(`filtersTouch of ${name}`, async () => {
    const stages = touches.map((words, index) => ({
      name: `stage_${index}`,
      decide: () => ({ ...ALLOW, onReply: () => null, touches: words }),
    }));
    const ruling = await rule(await pipelineOf(stages));
    assert.equal(ruling.filters.length, touches.length);
    assert.deepEqual(ruling.filtersTouch && [...ruling.filtersTouch], expected);
  });
}

Deno.test("a filter is taken once, however many messages of a batch it was returned for", async () => {
  const onReply = () => null;
  const touches = ["tools"];
  const pipeline = await pipelineOf([
    { name: "mine", decide: () => ({ ...ALLOW, onReply, touches }) },
  ]);
  const ruling = newRuling();
  pipeline.ask(0, pipeline.size, asked(request("ping")), ruling);
  const touched = ruling.filtersTouch;
  pipeline.ask(0, pipeline.size, asked(request("ping")), ruling);
  assert.deepEqual(ruling.filters, [onReply]);
  assert.equal(ruling.filtersTouch, touched);
});

const message = { jsonrpc: "2.0", id: 1, result: {} };
const other = { jsonrpc: "2.0", id: 1, result: { less: true } };

const PASSING: { name: string; onReply: () => unknown; passed: unknown; isLogged?: boolean }[] = [
  { name: "the message itself", onReply: () => message, passed: message },
  { name: "another message", onReply: () => other, passed: other },
  { name: "null", onReply: () => null, passed: null },
  { name: "nothing", onReply: () => undefined, passed: null, isLogged: true },
  { name: "an array", onReply: () => [message], passed: null, isLogged: true },
  { name: "a promise", onReply: () => Promise.resolve(message), passed: null, isLogged: true },
  {
    name: "a promise that rejects",
    onReply: () => Promise.reject(new Error("boo")),
    passed: null,
    isLogged: true,
  },
  {
    name: "an error",
    onReply: () => {
      throw new Error("boo");
    },
    passed: null,
    isLogged: true,
  },
];

for (const { name, onReply, passed, isLogged = false } of PASSING) {
  const what = passed === null ? "withholds the message" : "passes that";
  Deno.test(`onReply of a user module that gives ${name} ${what}`, async () => {
    const host = new LentHost();
    const decide = () => ({ ...ALLOW, onReply });
    const ruling = await rule(await pipelineOf([{ name: "mine", isModule: true, decide }], host));
    assert.equal(ruling.filters[0]?.(message), passed);
    assert.equal(host.lines.length, isLogged ? 1 : 0);
  });
}
