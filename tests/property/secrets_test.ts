/**
 * P7 on the whole gate: whatever is asked and whatever fails, no key goes up, comes down or is
 * written anywhere, nothing of the upstream's own comes down, and no argument is put on record.
 */
import assert from "node:assert/strict";
import { auditLine } from "../../policies/audit_line.ts";
import type { AnyPolicyModule } from "../../src/policy/contract.ts";
import { allow, deny } from "../../src/policy/contract.ts";
import { config } from "../gate/support/gate_scene.ts";
import { fuzzAsync } from "../support/fuzz.ts";
import type { Random } from "../support/random.ts";
import { HOLDERS, openProperty } from "./property_scene.ts";
import { randomRequest, type Sent } from "./random_request.ts";
import { randomTrouble, UPSTREAM_CANARY } from "./trouble.ts";

const CREDENTIAL = "UPSTREAM-CREDENTIAL";
const ARGUMENT = "ARGUMENT-VALUE";
const QUERY = "QUERY-VALUE";

/** A user's stage that does all that a stage may do wrong, at random. */
function unreliable(random: () => Random) {
  return {
    name: "unreliable",
    options: (z) => z.object({}),
    create: () => () => {
      switch (random().below(12)) {
        case 0:
          throw new Error("STACK-TRACE in stage");
        case 1:
          return Promise.reject(new Error("STACK-TRACE in stage"));
        case 2:
          return deny("forbidden", "Not now", { detail: "STACK-TRACE" });
        case 3:
          return allow({
            onReply: () => {
              throw new Error("STACK-TRACE in filter");
            },
            onFinish: () => {
              throw new Error("STACK-TRACE in hook");
            },
          });
        default:
          return allow();
      }
    },
  } as AnyPolicyModule;
}

/** `sent` with canaries where a client may put values of its own. */
function marked(random: Random, { key, request }: Sent): Sent {
  const body = typeof request.body === "string"
    ? request.body.replace('"arguments":{', `"arguments":{"secret":"${ARGUMENT}",`)
    : request.body;
  const target = random.chance(0.3) ? { target: `/mcp?key=${QUERY}` } : {};
  return { key, request: { ...request, ...target, ...(body === undefined ? {} : { body }) } };
}

function assertNone(text: string, canaries: readonly string[], where: string): void {
  for (const canary of canaries) assert.ok(!text.includes(canary), `${canary} ${where}: ${text}`);
}

Deno.test("no secret of anybody's crosses the gate or is written down", async () => {
  let current: Random | null = null;
  const { upstream } = config();
  await using scene = await openProperty({
    stages: ["unreliable"],
    modules: {
      unreliable: unreliable(() => {
        assert.ok(current);
        return current;
      }),
    },
    config: {
      upstream: { ...upstream, url: `http://${UPSTREAM_CANARY}:9000/mcp` },
      secrets: {
        seal: "SEAL-SECRET",
        upstreamHeaders: [["authorization", CREDENTIAL]],
        tls: null,
        upstreamTls: null,
      },
    },
  });
  const { otherwise: usual } = scene.upstream;
  const keys = Object.values(HOLDERS);
  let failures = 0;
  await fuzzAsync(2500, async (random) => {
    current = random;
    scene.upstream.otherwise = random.chance(0.7) ? randomTrouble(random) : usual;
    const { key, request } = marked(random, randomRequest(random));
    const exchange = await scene.ask(request, key);
    for (const up of scene.upstream.requests.splice(0)) {
      const text = JSON.stringify(up.fields) + new TextDecoder().decode(up.body ?? undefined);
      assertNone(text, [...keys, QUERY, "SEAL-SECRET"], "went up");
    }
    const answer = JSON.stringify(exchange.answerFields) + exchange.text;
    const theirs = [
      UPSTREAM_CANARY,
      "COOKIE-X",
      "STACK-TRACE",
      CREDENTIAL,
      "SEAL-SECRET",
    ];
    assertNone(answer, [...keys, ...theirs], "came down");
    const line = auditLine(scene.last, 2048);
    assertNone(
      line,
      [...keys, ARGUMENT, QUERY, CREDENTIAL, "SEAL-SECRET", "COOKIE-X"],
      "is on record",
    );
    // Clients take either for an invitation to log in somewhere.
    if (scene.last.label !== null) assert.ok(exchange.status !== 401 && exchange.status !== 403);
    if (exchange.status >= 400 || /"error"/.test(exchange.text)) failures++;
  });
  assert.ok(failures > 0, "nothing failed");
  assertNone(
    scene.log.join("\n"),
    [...keys, ARGUMENT, QUERY, CREDENTIAL, "SEAL-SECRET"],
    "was logged",
  );
});
