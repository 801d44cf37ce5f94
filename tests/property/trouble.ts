/**
 * Generates how exchanges go wrong: what an upstream answers that it should not, and how it breaks
 * off. Every text of its own holds a canary, but for errors of JSON-RPC, which are meant to be read.
 */
import type { Fields, UpstreamRequest } from "../../src/upstream/upstream.ts";
import { UpstreamError } from "../../src/upstream/upstream.ts";
import {
  type Answering,
  eventReply,
  jsonReply,
  MemoryReply,
} from "../gate/support/memory_upstream.ts";
import type { Random } from "../support/random.ts";

/** Names the upstream: in its headers, its pages and the errors of its transport. */
export const UPSTREAM_CANARY = "UPSTREAM-HOST";

const FIELDS: Fields = [
  ["set-cookie", "COOKIE-X=1"],
  ["location", `http://${UPSTREAM_CANARY}/`],
  ["server", UPSTREAM_CANARY],
  ["www-authenticate", `Bearer realm="${UPSTREAM_CANARY}"`],
  ["allow", UPSTREAM_CANARY.replace("-", " ")],
];

const TYPES = [
  "application/json",
  "application/json; charset=utf-7",
  "text/event-stream",
  "text/html",
  "text/plain",
  UPSTREAM_CANARY,
];

/** Statuses that some clients take for more than a failure. */
const TOLD_APART = [101, 201, 204, 302, 307, 401, 403, 404, 405];

const PAGE = `<html>${UPSTREAM_CANARY} at /srv/app.js:1 COOKIE-X</html>`;

/** The message of `request`, as far as there is one. */
export function asked(request: UpstreamRequest): { id?: unknown; method?: string } {
  try {
    return JSON.parse(new TextDecoder().decode(request.body ?? new Uint8Array(0)));
  } catch {
    return {};
  }
}

/** An upstream in a mood of its own. It answers something, or fails; it never waits. */
export function randomTrouble(random: Random): Answering {
  return (request) => {
    const { id } = asked(request);
    const answer = { jsonrpc: "2.0", id, result: { content: [] } };
    switch (random.below(14)) {
      case 0:
        return Promise.reject(
          new UpstreamError(
            random.pick(["unreachable", "timeout", "broken"]),
            `${UPSTREAM_CANARY} refused`,
          ),
        );
      case 1: {
        const reply = new MemoryReply(random.pick([100 + random.below(500), ...TOLD_APART]), [
          ["content-type", random.pick(TYPES)],
          ...FIELDS,
        ]);
        return random.chance(0.5) ? reply.send(PAGE).end() : reply.breakOff();
      }
      case 2:
        return jsonReply(answer, 200, random.chance(0.5) ? FIELDS : []);
      case 3:
        return jsonReply({ ...answer, id: random.pick([id, 999, null, `${id}`, [id]]) });
      case 4:
        return jsonReply(PAGE, random.pick([200, 400, 404, 503]), FIELDS);
      case 5:
        return jsonReply({ jsonrpc: "2.0", id: null, error: { code: -1, message: "no" } }, 400);
      case 6:
        return new MemoryReply(random.pick([200, 202, 204]), FIELDS).end();
      case 7:
        return eventReply([answer, random.pick<unknown>([answer, `: ${UPSTREAM_CANARY}\n\n`])])
          .end();
      case 8:
        return eventReply([{ jsonrpc: "2.0", method: "notifications/message", params: {} }]).end();
      case 9:
        return eventReply([`id: 7\ndata:\n\n`, `data: ${PAGE}\n\n`]).breakOff();
      case 10:
        return eventReply([`data: {"jsonrpc":"2.0","id":1,"result":`]).breakOff();
      case 11:
        return jsonReply({ page: PAGE }, random.pick([400, 404, 409, 503]), FIELDS);
      case 12:
        // As it is called it is none, and whoever unpacks it would read something else.
        return jsonReply({ ...answer, result: { page: PAGE } }, 200, [[
          "content-encoding",
          "gzip",
        ]]);
      default:
        return new MemoryReply(200, [["content-type", "application/json"], ...FIELDS])
          .send('{"jsonrpc":').breakOff();
    }
  };
}
