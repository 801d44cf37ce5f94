/** The runner: in which order stages are asked, what they see, and which pipelines are refused. */
import assert from "node:assert/strict";
import type { AnyPolicyModule, Context } from "../../src/policy/contract.ts";
import { buildPipeline, newRuling, StageError } from "../../src/policy/pipeline.ts";
import { asked, LentHost, request } from "../policies/lent_host.ts";
import { passing, pipelineOf, pipelineOfAll, rule, type StageSketch } from "./failing_stages.ts";

const ALLOW = { verdict: "allow" } as const;

Deno.test("stages are asked in their order, and nobody after a denial", async () => {
  const names: string[] = [];
  const noting = (name: string, verdict: unknown) => ({
    name,
    decide: () => {
      names.push(name);
      return verdict;
    },
  });
  const no = { verdict: "deny", kind: "forbidden", reason: "no" };
  const pipeline = await pipelineOf([
    noting("one", ALLOW),
    noting("two", Promise.resolve(ALLOW)),
    noting("three", no),
    noting("four", ALLOW),
  ]);
  const ruling = await rule(pipeline);
  assert.deepEqual(names, ["one", "two", "three"]);
  assert.deepEqual(ruling.denial, { stage: "three", deny: no });
});

Deno.test("a pipeline of stages that answer at once gives no promise", async () => {
  const pipeline = await pipelineOf([{ name: "mine", isModule: true, decide: () => ALLOW }]);
  assert.equal(pipeline.ask(0, pipeline.size, asked(request("ping")), newRuling()), undefined);
});

Deno.test("ask asks from its first index up to, not including, its second", async () => {
  const names: string[] = [];
  const stages = ["audit", "auth", "mine", "allowlist"].map((name, index) => ({
    name,
    at: index < 2 ? "head" as const : "call" as const,
    decide: () => {
      names.push(name);
      return ALLOW;
    },
  }));
  const pipeline = await pipelineOfAll(stages);
  await pipeline.ask(1, 3, asked(request("ping")), newRuling());
  assert.deepEqual(names, ["auth", "mine"]);
  assert.deepEqual([pipeline.size, pipeline.firstCall, pipeline.name(2)], [4, 2, "mine"]);
});

Deno.test("a stage says who is calling, from there on", async () => {
  const seen: string[] = [];
  const principal = { label: "guest", hash: null };
  const pipeline = await pipelineOf([
    { name: "one", decide: () => ({ ...ALLOW, principal }) },
    {
      name: "two",
      isModule: true,
      decide: (context) => {
        seen.push(context.principal.label);
        return ALLOW;
      },
    },
  ]);
  const ruling = await rule(pipeline);
  assert.deepEqual(seen, ["guest"]);
  assert.deepEqual(ruling.principal, principal);
});

Deno.test("a user module at the head sees no call, one at the call sees it", async () => {
  const seen: string[][] = [];
  const noting = (name: string, at: "head" | "call") => ({
    name,
    at,
    isModule: true,
    decide: (context: Context) => {
      seen.push(Object.keys(context).sort());
      return ALLOW;
    },
  });
  await rule(await pipelineOf([noting("one", "head"), noting("two", "call")]));
  const head = ["exchange", "http", "principal", "signal"];
  assert.deepEqual(seen, [head, ["bodyBytes", "call", "era", ...head].sort()]);
});

Deno.test("nobody is asked where the ruling denies already", async () => {
  const ruling = newRuling();
  ruling.denial = { stage: "door", deny: { verdict: "deny", kind: "forbidden", reason: "no" } };
  const pipeline = await pipelineOf([passing("mine")]);
  pipeline.ask(0, pipeline.size, asked(request("ping")), ruling);
  assert.equal(ruling.denial.stage, "door");
});

const AUDIT = passing("audit", "head");
const AUTH = passing("auth", "head");
const ALLOWLIST = passing("allowlist");
const USER_HEAD: StageSketch = { name: "mine", at: "head", isModule: true };

const ORDERS: { name: string; stages: readonly StageSketch[]; problems: readonly unknown[] }[] = [
  { name: "audit, auth, allowlist", stages: [AUDIT, AUTH, ALLOWLIST], problems: [] },
  {
    name: "a user module at the head in the place of auth",
    stages: [AUDIT, USER_HEAD, ALLOWLIST],
    problems: [],
  },
  {
    name: "no stage",
    stages: [],
    problems: [[0, "The first stage must be audit"], [null, "The stage allowlist is missing"]],
  },
  {
    name: "auth before audit",
    stages: [AUTH, AUDIT, ALLOWLIST],
    problems: [[0, "The first stage must be audit"]],
  },
  {
    name: "no allowlist",
    stages: [AUDIT, AUTH, passing("ratelimit")],
    problems: [[null, "The stage allowlist is missing"]],
  },
  {
    name: "auth after the first stage that sees calls",
    stages: [AUDIT, ALLOWLIST, AUTH],
    problems: [[
      1,
      'auth, or a module at: "head", must stand before the first stage that sees calls',
    ]],
  },
  {
    name: "a user module that sees calls in the place of auth",
    stages: [AUDIT, { name: "mine", isModule: true }, ALLOWLIST],
    problems: [[
      1,
      'auth, or a module at: "head", must stand before the first stage that sees calls',
    ]],
  },
  {
    name: "user modules under the names of built-ins",
    stages: [{ ...AUDIT, isModule: true }, AUTH, { ...ALLOWLIST, isModule: true }],
    problems: [[0, "The first stage must be audit"], [null, "The stage allowlist is missing"]],
  },
  {
    name: "a stage that occurs twice",
    stages: [AUDIT, AUTH, ALLOWLIST, passing("allowlist")],
    problems: [[3, "The stage allowlist occurs twice"]],
  },
];

for (const { name, stages, problems } of ORDERS) {
  const verdict = problems.length === 0 ? "accepts" : "refuses";
  Deno.test(`buildPipeline ${verdict} a pipeline of ${name}`, async () => {
    const found = await problemsOf(() => pipelineOfAll(stages));
    assert.deepEqual(found.map(({ stageIndex, message }) => [stageIndex, message]), problems);
  });
}

Deno.test("buildPipeline names every wrong option with its path, of all stages at once", async () => {
  const picky: AnyPolicyModule = {
    name: "picky",
    options: (z) => z.object({ from: z.number(), list: z.array(z.object({ a: z.string() })) }),
    create: () => () => ALLOW,
  };
  const options = { from: "nine", to: 17, list: [{ a: "x" }, { a: 1, b: 2 }] };
  const found = await problemsOf(() => buildWith(picky, options));
  assert.deepEqual(found.map(({ stageIndex, optionPath }) => [stageIndex, optionPath]), [
    [1, ["from"]],
    [1, ["list", 1, "a"]],
    [1, ["list", 1, "b"]],
    [1, ["to"]],
  ]);
  assert.equal(found.at(-1)?.message, "Unknown option");
});

const BROKEN: { name: string; module: Partial<AnyPolicyModule>; message: RegExp }[] = [
  {
    name: "whose schema throws",
    module: {
      options: () => {
        throw new Error("boo");
      },
    },
    message: /^Broken schema of options: Error: boo$/,
  },
  {
    name: "that cannot start",
    module: {
      create: () => {
        throw new Error("no database");
      },
    },
    message: /^The stage picky cannot start: no database$/,
  },
  {
    name: "that rejects its start",
    module: { create: () => Promise.reject(new Error("no database")) },
    message: /^The stage picky cannot start: no database$/,
  },
  {
    name: "that makes no policy",
    module: { create: () => Promise.resolve() as never },
    message: /^The stage picky made no policy$/,
  },
];

for (const { name, module, message } of BROKEN) {
  Deno.test(`buildPipeline refuses a module ${name}`, async () => {
    const whole: AnyPolicyModule = {
      name: "picky",
      options: (z) => z.object({}),
      create: () => () => ALLOW,
      ...module,
    };
    const [problem] = await problemsOf(() => buildWith(whole, {}));
    assert.match(problem?.message ?? "", message);
    assert.deepEqual([problem?.stageIndex, problem?.optionPath], [1, null]);
  });
}

Deno.test("buildPipeline refuses a stage that there is not, and names those there are", async () => {
  const config = { name: "audti", use: null, options: undefined, timeoutMs: 1000 };
  const builtIns = new Map<string, AnyPolicyModule>([["audit", {} as AnyPolicyModule]]);
  const [problem] = await problemsOf(() =>
    buildPipeline([config], builtIns, () => Promise.reject(), () => new LentHost())
  );
  assert.equal(problem?.message, 'Unknown stage "audti": built in are audit');
});

/** A pipeline whose second stage is `module` with `options`. */
function buildWith(module: AnyPolicyModule, options: unknown) {
  const stub = (name: string, at: "head" | "call") =>
    [name, { name, at, options: (z) => z.object({}), create: () => () => ALLOW }] satisfies [
      string,
      AnyPolicyModule,
    ];
  const builtIn = (name: string) => ({ name, use: null, options: null, timeoutMs: 1000 });
  const picky = { name: "picky", use: "/picky.ts", options, timeoutMs: 1000 };
  return buildPipeline(
    [builtIn("audit"), picky, builtIn("auth"), builtIn("allowlist")],
    new Map([stub("audit", "head"), stub("auth", "head"), stub("allowlist", "call")]),
    () => Promise.resolve({ at: "head", ...module }),
    () => new LentHost(),
  );
}

/** All that building objects to. */
async function problemsOf(build: () => Promise<unknown>): Promise<readonly StageError[]> {
  try {
    await build();
    return [];
  } catch (error) {
    assert.ok(error instanceof StageError);
    return [error, ...error.others];
  }
}
