/** What the head of an upstream's reply means: every status there is, for every kind of call. */
import assert from "node:assert/strict";
import type { Fields } from "../../src/gate/incoming.ts";
import { replyForm } from "../../src/gate/reply_head.ts";
import type { Call } from "../../src/policy/contract.ts";
import { request } from "../policies/lent_host.ts";
import { MemoryReply } from "./support/memory_upstream.ts";

const CALLS: Readonly<Record<Call["kind"], Call>> = {
  request: request("tools/list"),
  notification: { kind: "notification", method: "n", params: {} },
  reply: { kind: "reply", id: 1, toolUses: [] },
  listen: { kind: "listen" },
  end: { kind: "end" },
};
const KINDS = Object.keys(CALLS) as Call["kind"][];
const JSON_TYPE = ["content-type", "application/json"] as const;
const SSE_TYPE = ["content-type", "text/event-stream"] as const;

function form(status: number, kind: Call["kind"], fields: Fields = []) {
  const judged = replyForm(new MemoryReply(status, fields), CALLS[kind]);
  return "status" in judged ? `${judged.form} ${judged.status}` : judged.form;
}

/** What is not `failure`, by status; in the order of the kinds above. */
const STATUSES: Readonly<Record<number, readonly string[]>> = {
  200: ["json", "json", "json", "failure", "empty 200"],
  202: ["failure", "empty 202", "empty 202", "failure", "empty 202"],
  204: ["failure", "empty 202", "empty 202", "failure", "empty 204"],
};
const RELAYED = [400, 404, 405, 406, 409, 415, 429, 503];

Deno.test("replyForm has an answer to every status from 100 to 599, for every call", () => {
  for (let status = 100; status < 600; status++) {
    for (const [index, kind] of KINDS.entries()) {
      const expected = RELAYED.includes(status)
        ? `refusal ${status}`
        : STATUSES[status]?.[index] ?? "failure";
      assert.equal(form(status, kind, [JSON_TYPE]), expected, `${status} to ${kind}`);
    }
  }
});

const TYPES: readonly { name: string; fields: Fields; forms: readonly string[] }[] = [
  { name: "events", fields: [SSE_TYPE], forms: ["sse", "sse", "sse", "sse", "empty 200"] },
  {
    name: "JSON in UTF-8",
    fields: [["content-type", 'Application/JSON; charset="UTF-8"']],
    forms: ["json", "json", "json", "failure", "empty 200"],
  },
  ...["text/html", "application/json; charset=latin1", "text/event-stream; charset=utf-16", ""].map(
    (type) => ({
      name: type || "an empty type",
      fields: [["content-type", type]] as const,
      forms: ["failure", "empty 202", "empty 202", "failure", "empty 200"],
    }),
  ),
  {
    name: "nothing",
    fields: [],
    forms: ["failure", "empty 202", "empty 202", "failure", "empty 200"],
  },
  {
    name: "two types",
    fields: [JSON_TYPE, SSE_TYPE],
    forms: ["failure", "empty 202", "empty 202", "failure", "empty 200"],
  },
];

for (const { name, fields, forms } of TYPES) {
  Deno.test(`replyForm takes a 200 that says ${name} for what it is`, () => {
    assert.deepEqual(KINDS.map((kind) => form(200, kind, fields)), forms);
  });
}

for (const encoding of ["gzip", "br", "deflate", "identity, gzip", ""]) {
  Deno.test(`replyForm refuses a reply encoded as ${encoding || "nothing"}`, () => {
    for (const status of [200, 202, 404]) {
      for (const kind of KINDS) {
        const fields = [JSON_TYPE, ["content-encoding", encoding]] as const;
        assert.equal(form(status, kind, fields), "failure");
      }
    }
  });
}

Deno.test("replyForm accepts the identity encoding", () => {
  assert.equal(form(200, "request", [JSON_TYPE, ["content-encoding", "identity"]]), "json");
});

const FIELDS: readonly { name: string; status: number; sent: Fields; passed: Fields }[] = [
  {
    name: "Allow of a 405",
    status: 405,
    sent: [["allow", "POST, PATCH"]],
    passed: [["allow", "POST, PATCH"]],
  },
  { name: "an Allow where there is none", status: 405, sent: [], passed: [["allow", "POST"]] },
  {
    name: "an Allow in place of an odd one",
    status: 405,
    sent: [["allow", "<script>"]],
    passed: [["allow", "POST"]],
  },
  { name: "no Allow of a 404", status: 404, sent: [["allow", "POST"]], passed: [] },
  {
    name: "Retry-After in digits",
    status: 429,
    sent: [["retry-after", "7"]],
    passed: [["retry-after", "7"]],
  },
  {
    name: "no Retry-After as a date",
    status: 503,
    sent: [["retry-after", "Fri, 31 Dec 1999 23:59:59 GMT"]],
    passed: [],
  },
  {
    name: "nothing else",
    status: 400,
    sent: [
      ["www-authenticate", "Bearer"],
      ["set-cookie", "COOKIE-X"],
      ["location", "/"],
      ["link", "<x>"],
      ["etag", "x"],
      ["server", "x"],
    ],
    passed: [],
  },
];

for (const { name, status, sent, passed } of FIELDS) {
  Deno.test(`replyForm passes ${name}`, () => {
    const judged = replyForm(new MemoryReply(status, sent), CALLS.request);
    assert.deepEqual("fields" in judged && judged.fields, passed);
  });
}
