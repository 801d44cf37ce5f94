/**
 * What the gate owes every client, as scenes that are played with each: what it may have it gets,
 * what it may not have it is told at once, in words that help, and it goes looking nowhere else.
 */
import assert from "node:assert/strict";
import { EverythingServer } from "../support/everything_server.ts";
import type { Client } from "./client.ts";
import type { ClientProcess, Outcome } from "./client_process.ts";
import { Scene, WRONG_KEY } from "./scene.ts";

/** One scenario. */
export interface Scenario {
  readonly name: string;
  /** Whether `client` can play it. */
  isFor?(client: Client): boolean;
  /** Fails where the client does not get what it is owed; returns the step that counts. */
  play(client: Client): Promise<Outcome>;
}

/** Beyond this somebody who waits thinks that it hangs. */
const AT_ONCE_MS = 2000;

/** What a client is to be told. */
interface Refusal {
  readonly says: RegExp;
  /** The JSON-RPC code; null where the client tells of another one or none. */
  readonly code: number | null;
  /** More time than {@link AT_ONCE_MS}. */
  readonly graceMs?: number;
}

const DENIED = { says: /Unknown tool: wipe \(not available to this API key\)/, code: -32602 };
const LIMITED = { says: /Rate limit exceeded; retry in \d+ s/, code: -31429 };
const DOWN = { says: /Upstream MCP server unavailable/, code: -32603 };
const CUT = { says: /What this API key may use has changed/, code: -31401 };
const UNKNOWN = {
  says: /Missing or unknown API key\. Send it as: Authorization: Bearer <key>/,
  code: -31401,
};
/** Some look for a login at first contact; the answer to their registration tells them. */
const NO_LOGIN = {
  says: /This server uses API keys, not OAuth\. Set the header Authorization: Bearer <key>\./,
  code: null,
};

const ECHO = 'call echo {"text":"hi"}';
const BURST = 10;

/** All of them. */
export const SCENARIOS: readonly Scenario[] = [
  {
    name: "list",
    async play(client) {
      await using scene = await Scene.start();
      const played = await scene.play(client, ["list"]);
      const list = await granted(played, 1);
      assert.equal(list.ok, "echo hold");
      const lines = await scene.straightLines(client);
      const asked = lines.find((line) => line.method === "tools/list");
      assert.equal(asked?.protocol, client.revision);
      return list;
    },
  },
  {
    name: "progress",
    async play(client) {
      await using scene = await Scene.start();
      const played = await scene.play(client, ["call hold {}"]);
      await granted(played, 0);
      await played.progressed();
      assert.equal(scene.server.calls.get("hold"), undefined, "the result must not exist yet");
      scene.server.release();
      const held = await granted(played, 1);
      assert.equal(held.ok, "held");
      assert.equal(await played.progress(), 1);
      return held;
    },
    isFor: (client) => client.silent !== true,
  },
  {
    name: "denied tool",
    async play(client) {
      await using scene = await Scene.start();
      const played = await scene.play(client, ["call wipe {}", ECHO]);
      await granted(played, 0);
      const denied = await refused(played, 1, told(client, "denied tool", DENIED));
      assert.equal((await granted(played, 2)).ok, "hi");
      assert.equal(scene.server.calls.get("wipe"), undefined);
      await scene.straightLines(client);
      return denied;
    },
  },
  rateLimit("http"),
  rateLimit("jsonrpc"),
  {
    name: "server down",
    async play(client) {
      await using scene = await Scene.start();
      const played = await scene.play(client, [ECHO, "pause", ECHO]);
      assert.equal((await granted(played, 1)).ok, "hi");
      await played.outcome(2);
      await scene.server.stop();
      await played.proceed();
      const down = await refused(played, 3, told(client, "server down", DOWN));
      await scene.straightLines(client);
      return down;
    },
  },
  {
    name: "server down, session",
    isFor: (client) => client.revision < "2026-07-28",
    async play(client) {
      await using server = await EverythingServer.start();
      await using scene = await Scene.start({ upstream: server.url });
      const echo = 'call echo {"message":"hi"}';
      const played = await scene.play(client, [echo, "pause", echo]);
      assert.equal((await granted(played, 1)).ok, "Echo: hi");
      await played.outcome(2);
      await server.kill();
      await played.proceed();
      const down = await refused(played, 3, told(client, "server down, session", DOWN));
      await scene.straightLines(client);
      return down;
    },
  },
  {
    name: "server never up",
    async play(client) {
      await using scene = await Scene.start();
      await scene.server.stop();
      const played = await scene.play(client, ["list"]);
      const down = await refused(played, 0, told(client, "server never up", DOWN));
      await scene.straightLines(client);
      return down;
    },
  },
  {
    name: "revoked",
    async play(client) {
      await using scene = await Scene.start();
      const played = await scene.play(client, [ECHO, "pause", ECHO]);
      assert.equal((await granted(played, 1)).ok, "hi");
      await played.outcome(2);
      await scene.revoke();
      await played.proceed();
      const revoked = await refused(played, 3, told(client, "revoked", UNKNOWN));
      await scene.straightLines(client);
      return revoked;
    },
  },
  {
    name: "revoked in a call",
    async play(client) {
      await using scene = await Scene.start();
      const played = await scene.play(client, ["call hold {}"]);
      await played.progressed();
      const revoked = performance.now();
      await scene.revoke();
      const outcome = await played.outcome(1);
      // Not what the client has measured: the call was open for as long as it took to revoke it.
      const cut = { ...outcome, ms: Math.round(performance.now() - revoked) };
      assertRefused(cut, told(client, "revoked in a call", CUT));
      await scene.straightLines(client);
      return cut;
    },
    isFor: (client) => client.silent !== true,
  },
  {
    name: "wrong key",
    async play(client) {
      await using scene = await Scene.start();
      const played = await scene.play(client, ["list"], { key: WRONG_KEY });
      const refusal = await refused(played, 0, told(client, "wrong key", UNKNOWN));
      const lines = await scene.straightLines(client);
      assert.ok(lines.length <= 3, `asked ${lines.length} times`);
      return refusal;
    },
  },
  {
    name: "wrong key, login",
    isFor: (client) => client.logsIn === true,
    async play(client) {
      await using scene = await Scene.start();
      const env = { MCP_AUTO_OPEN_ENABLED: "true" };
      const played = await scene.play(client, ["list"], { key: WRONG_KEY, env });
      const refusal = await refused(played, 0, told(client, "wrong key, login", NO_LOGIN));
      const statuses = new Set((await scene.lines()).map(({ status }) => status));
      assert.deepEqual(statuses, new Set([401, 404, 400]), "the endpoint, discovery, registration");
      return refusal;
    },
  },
];

/** A burst used up, told in one of the two ways. */
function rateLimit(reply: "http" | "jsonrpc"): Scenario {
  const name = `rate limit, ${reply}`;
  return {
    name,
    async play(client) {
      const settings = { defaults: { rate_limit: { rps: 0.02, burst: BURST, reply } } };
      await using scene = await Scene.start({ settings });
      const played = await scene.play(client, Array<string>(BURST).fill(ECHO));
      assert.equal((await granted(played, 1)).ok, "hi");
      const limited = await refused(played, BURST, told(client, name, LIMITED));
      const lines = await scene.straightLines(client);
      assert.ok(lines.some((line) => line.stage === "ratelimit"));
      return limited;
    },
  };
}

async function granted(played: ClientProcess, index: number): Promise<Outcome> {
  const outcome = await played.outcome(index);
  assert.equal(outcome.error, undefined, JSON.stringify(outcome));
  return outcome;
}

async function refused(
  played: ClientProcess,
  index: number,
  refusal: Refusal,
): Promise<Outcome> {
  const outcome = await played.outcome(index);
  assertRefused(outcome, refusal);
  return outcome;
}

function assertRefused(outcome: Outcome, { says, code, graceMs = 0 }: Refusal): void {
  assert.match(outcome.error ?? "", says, JSON.stringify(outcome));
  // Codes above are HTTP statuses.
  if (code !== null && (outcome.code ?? 0) < 0) assert.equal(outcome.code, code);
  assert.ok(outcome.ms <= AT_ONCE_MS + graceMs, `it took ${outcome.ms} ms`);
}

/** What `client` makes of `refusal` in the scenario. */
function told(client: Client, scenario: string, refusal: Refusal): Refusal {
  const own = client.own?.[scenario];
  const graceMs = client.startMs ?? 0;
  return own === undefined ? { ...refusal, graceMs } : { says: own, code: null, graceMs };
}
