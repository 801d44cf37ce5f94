/** How requests are spelled out, and what is no request. */
import assert from "node:assert/strict";
import { MalformedRequest, RequestSpeller } from "../../src/upstream/http1_request.ts";
import type { UpstreamRequest } from "../../src/upstream/upstream.ts";
import { joined } from "../support/http_reader.ts";
import { latin1 } from "./memory_socket.ts";
import { asked } from "./upstream_fixture.ts";

const SPELLER = new RequestSpeller(new URL("http://example.test:9000/mcp?fixed=1"));

/** All bytes of `request`, one character each. */
function spelled(request: Partial<UpstreamRequest>): string {
  const { first, rest } = SPELLER.spell(asked(request));
  return latin1(joined(rest === null ? [first] : [first, rest]));
}

const SPELLED: readonly { name: string; request: Partial<UpstreamRequest>; bytes: string }[] = [
  {
    name: "POST with fields and a body",
    request: { fields: [["a", "1"], ["b-c", "é\t~"]], body: new Uint8Array([123, 125]) },
    bytes: "POST /mcp?fixed=1 HTTP/1.1\r\nhost: example.test:9000\r\na: 1\r\nb-c: \xe9\t~\r\n" +
      "content-length: 2\r\n\r\n{}",
  },
  {
    name: "POST without a body, which says so",
    request: {},
    bytes: "POST /mcp?fixed=1 HTTP/1.1\r\nhost: example.test:9000\r\ncontent-length: 0\r\n\r\n",
  },
  {
    name: "GET",
    request: { method: "GET" },
    bytes: "GET /mcp?fixed=1 HTTP/1.1\r\nhost: example.test:9000\r\n\r\n",
  },
  {
    name: "DELETE",
    request: { method: "DELETE" },
    bytes: "DELETE /mcp?fixed=1 HTTP/1.1\r\nhost: example.test:9000\r\n\r\n",
  },
  {
    name: "a path of the request's own",
    request: { method: "GET", path: "/messages/?id=1" },
    bytes: "GET /messages/?id=1 HTTP/1.1\r\nhost: example.test:9000\r\n\r\n",
  },
];
for (const { name, request, bytes } of SPELLED) {
  Deno.test(`RequestSpeller spells ${name}`, () => {
    assert.equal(spelled(request), bytes);
  });
}

Deno.test("RequestSpeller leaves the port out of the host where the URL does", () => {
  const speller = new RequestSpeller(new URL("https://user:pass@example.test:443"));
  const bytes = latin1(speller.spell(asked({ method: "GET" })).first);
  assert.equal(bytes, "GET / HTTP/1.1\r\nhost: example.test\r\n\r\n");
});

const REFUSED: readonly { name: string; field: readonly [string, string] }[] = [
  { name: "a line break in a value", field: ["a", "b\r\nc: d"] },
  { name: "a line feed in a value", field: ["a", "b\nc: d"] },
  { name: "a null character in a value", field: ["a", "b\0"] },
  { name: "a value beyond one byte a character", field: ["a", "\u010a"] },
  { name: "a surrogate in a value", field: ["a", "😀"] },
  { name: "an empty name", field: ["", "b"] },
  { name: "a colon in a name", field: ["a:", "b"] },
  { name: "a space in a name", field: ["a ", "b"] },
  { name: "a line break in a name", field: ["a\r\nb", "c"] },
  { name: "a name beyond ASCII", field: ["\u0161", "b"] },
  ...["host", "connection", "content-length", "transfer-encoding", "upgrade", "te", "expect"]
    .map((name) => ({ name: `${name}, which is the transport's`, field: [name, "1"] as const })),
];
for (const { name, field } of REFUSED) {
  Deno.test(`RequestSpeller refuses ${name}, and tells no value`, () => {
    assert.throws(() => spelled({ fields: [["x", "secret"], field] }), (error) => {
      assert.ok(error instanceof MalformedRequest);
      assert.doesNotMatch(error.message, /secret|c: d/);
      return true;
    });
  });
}

for (const path of ["", "x", "http://other/", "/a b", "/a\r\nb", "/é", "/\x7f", "*"]) {
  Deno.test(`RequestSpeller refuses the path ${JSON.stringify(path)}`, () => {
    assert.throws(() => spelled({ path }), MalformedRequest);
  });
}

Deno.test("RequestSpeller spells the same at every size, head and body", () => {
  for (const fill of [0, 3800, 4000, 4096, 8000, 32_000, 33_000, 70_000]) {
    for (const bodyBytes of [0, 1, 90, 3000, 4000, 32_500, 32_768, 100_000]) {
      const body = new Uint8Array(bodyBytes).map((_, i) => 97 + i % 26);
      const value = "x".repeat(fill);
      assert.equal(
        spelled({ fields: [["x", value]], body }),
        `POST /mcp?fixed=1 HTTP/1.1\r\nhost: example.test:9000\r\nx: ${value}\r\n` +
          `content-length: ${bodyBytes}\r\n\r\n${latin1(body)}`,
      );
    }
  }
});

Deno.test("RequestSpeller puts a small body into the same write as the head, a large one behind it", () => {
  assert.equal(SPELLER.spell(asked({ body: new Uint8Array(20_000) })).rest, null);
  const large = new Uint8Array(40_000);
  assert.equal(SPELLER.spell(asked({ body: large })).rest, large);
});

Deno.test("RequestSpeller uses a buffer again only when it was given back", () => {
  const speller = new RequestSpeller(new URL("http://example.test/"));
  const one = speller.spell(asked());
  const other = speller.spell(asked());
  assert.notEqual(one.first.buffer, other.first.buffer);
  speller.reuse(one);
  assert.equal(speller.spell(asked()).first.buffer, one.first.buffer);
  assert.notEqual(speller.spell(asked()).first.buffer, one.first.buffer);
});

Deno.test("RequestSpeller spells fields that recur as it spelled them first, with each body its own", () => {
  const speller = new RequestSpeller(new URL("http://example.test/mcp"));
  const fields = [["a", "1"], ["b", "2"]] as const;
  const bodies = [1, 0, 12, 40_000, 3].map((size) => new Uint8Array(size).fill(0x61));
  const all = (request: Partial<UpstreamRequest>) => {
    const { first, rest } = speller.spell(asked(request));
    return latin1(joined(rest === null ? [first] : [first, rest]));
  };
  for (const changes of [{}, { path: "/other" }, { method: "GET", body: null } as const]) {
    for (const body of [...bodies, null]) {
      const once = all({ fields: [...fields], body, ...changes });
      for (let time = 0; time < 2; time++) {
        assert.equal(all({ fields, recurs: true, body, ...changes }), once);
      }
    }
  }
});

Deno.test("RequestSpeller refuses fields that recur each time", () => {
  const request = asked({ fields: [["a", "1\r\nb: 2"]], recurs: true });
  for (let time = 0; time < 3; time++) {
    assert.throws(() => SPELLER.spell(request), MalformedRequest);
  }
});
