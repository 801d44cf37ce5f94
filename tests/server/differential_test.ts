/**
 * Our listener beside `Deno.serve` and `node:http`: what it takes for a request they take for the
 * same one, up to the next request behind it, which a body that ends elsewhere would swallow. That
 * they accept more is as it should be. MCPGATE_FUZZ_ROUNDS asks for more rounds.
 */
import assert from "node:assert/strict";
import { METHODS } from "node:http";
import { parseHost } from "../../src/mcp/http_grammar.ts";
import { fuzzAsync } from "../support/fuzz.ts";
import { randomRequest } from "./random_request.ts";
import { nodes, ours, runtimes, understood } from "./rival_servers.ts";
import type { Understood } from "./rival_servers.ts";

const PROBE = "GET /probe HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n";

Deno.test("our listener takes nothing for a request that others would read differently", async () => {
  await using us = ours();
  await using runtime = runtimes();
  await using node = await nodes();
  let rounds = 0;
  let agreed = 0;
  await fuzzAsync(1500, async (random) => {
    rounds++;
    const text = randomRequest(random) + PROBE;
    const bytes = Uint8Array.from(text, (char) => char.charCodeAt(0));
    const [mine, theirs, nodesOwn] = await Promise.all(
      [us, runtime, node].map((server) => understood(server, bytes)),
    );
    const what = JSON.stringify(text);
    for (const [i, request] of (mine ?? []).entries()) {
      // Others may close where the gate says no and goes on.
      if (!isTaken(request)) break;
      agreed++;
      assert.deepEqual(asSaid(theirs?.[i]), asSaid(request), `Deno.serve: ${what}`);
      if (i < (nodesOwn?.length ?? 0) || isForNode(mine ?? [], i)) {
        assert.deepEqual(withPath(nodesOwn?.[i]), asSaid(request), `node:http: ${what}`);
      }
    }
  });
  // A single round is run again to look at its failure.
  assert.ok(rounds < 100 || agreed > rounds / 3, `only ${agreed} requests were taken`);
});

/** The gate refuses a malformed Host, a target that does not fit it, and a body that is malformed. */
function isTaken({ target, fields, body }: Understood): boolean {
  return target !== null && body !== null && parseHost(fields.get("host") ?? "") !== null;
}

/** Whether `node:http` should have seen request `i`: it knows a list of methods, and other reasons to close. */
function isForNode(mine: readonly Understood[], i: number): boolean {
  const knows = (request: Understood | undefined) => METHODS.includes(request?.method ?? "");
  const isClosing = ({ fields }: Understood) =>
    fields.has("connection") || fields.has("keep-alive") || fields.has("upgrade");
  return mine.slice(0, i).every((before) => knows(before) && !isClosing(before)) && knows(mine[i]);
}

/** What is compared, with the differences that have no consequence taken out. */
function asSaid(request: Understood | undefined) {
  if (request === undefined) return "refused";
  const { method, target, fields, body } = request;
  return {
    method,
    // The runtime puts a slash before the server itself as a target.
    target: method === "OPTIONS" && target === "/*" ? "*" : target,
    // Where a field is repeated the runtime forgets empty values.
    fields: [...fields].map(([name, value]) => [name, ...value.split(", ").filter(Boolean).sort()])
      .sort(([a = ""], [b = ""]) => a < b ? -1 : 1),
    body,
  };
}

/** `node:http` reports absolute targets as they were sent. */
function withPath(request: Understood | undefined) {
  if (request === undefined) return "refused";
  const origin = `http://${request.fields.get("host") ?? ""}`;
  const target = request.target?.startsWith(`${origin}/`)
    ? request.target.slice(origin.length)
    : request.target;
  return asSaid({ ...request, target: target ?? null });
}
