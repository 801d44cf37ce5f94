/** Where a gate listens, told by files that are right, wrong elsewhere, or no files at all. */
import assert from "node:assert/strict";
import { listeningOf } from "../../src/config/listening.ts";
import { parseText } from "../../src/config/document.ts";

const CASES = [
  { name: "nothing", text: "", told: ["127.0.0.1", 8080, "127.0.0.1"] },
  { name: "all interfaces", text: 'listen: ":9000"', told: ["127.0.0.1", 9000, "127.0.0.1"] },
  { name: "all of IPv6", text: 'listen: "[::]:9000"', told: ["::1", 9000, "[::1]"] },
  { name: "one interface", text: 'listen: "10.0.0.1:80"', told: ["10.0.0.1", 80, "10.0.0.1"] },
  {
    name: "host names",
    text: "hosts: [MCP.example.com, other.example.com]",
    told: ["127.0.0.1", 8080, "mcp.example.com"],
  },
  {
    name: "a file that is wrong elsewhere",
    text: 'upstream: { ulr: 1 }\nlisten: "127.0.0.1:81"\nhosts: [1]\nlimits: { boody: 3 }',
    told: ["127.0.0.1", 81, "127.0.0.1"],
  },
  { name: "a wrong address", text: "listen: 9000", told: ["127.0.0.1", 8080, "127.0.0.1"] },
  { name: "a list", text: "- listen: 9000", told: ["127.0.0.1", 8080, "127.0.0.1"] },
];

for (const { name, text, told } of CASES) {
  Deno.test(`listeningOf reads where to ask from ${name}`, () => {
    const { hostname, port, host, secure } = listeningOf(text);
    assert.deepEqual([hostname, port, host], told);
    assert.equal(secure, false);
  });
}

Deno.test("listeningOf tells of TLS where the file does", () => {
  assert.equal(listeningOf("tls: { cert: a.pem, key: b.pem }").secure, true);
  assert.equal(listeningOf("tls:").secure, false);
});

Deno.test("listeningOf answers for what is not YAML as for nothing", () => {
  const text = 'listen: ":9000"\nkeys: [';
  assert.ok(parseText(text).broken);
  assert.deepEqual(listeningOf(text), listeningOf(""));
});
