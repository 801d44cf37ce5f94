/** Adding a key to a text that somebody has written by hand. */
import assert from "node:assert/strict";
import { addKey, type KeyEntry, keyEntryLines } from "../../src/config/edit.ts";
import { loadConfig, type Problem } from "../../src/config/load.ts";
import { memorySources } from "./sources.ts";

const ENTRY: KeyEntry = { label: "phone", hash: "b".repeat(64), allow: ["read_file", "search_*"] };

const BLOCK = `- label: "phone"
  hash: "${"b".repeat(64)}"
  allow: ["read_file", "search_*"]
`;

const FLOW = `{ label: "phone", hash: "${"b".repeat(64)}", allow: ["read_file", "search_*"] }`;

const OLD = `label: laptop, hash: ${"a".repeat(64)}, allow: []`;

const indented = (spaces: number) => BLOCK.replace(/^(?=.)/gm, " ".repeat(spaces));

/** `+` marks where the entry has to appear; the rest must stay as it is. */
const PLACES = [
  { name: "a text without keys", text: "upstream: {}\n+", added: `keys:\n${indented(2)}` },
  { name: "no text at all", text: "+", added: `keys:\n${indented(2)}` },
  { name: "comments alone", text: "# later\n+", added: `keys:\n${indented(2)}` },
  { name: "a text without a last line break", text: "a: 1+", added: `\nkeys:\n${indented(2)}` },
  { name: "keys without a value", text: "keys: # none yet\n+a: 1\n", added: indented(2) },
  { name: "keys without a value at the end", text: "keys:+", added: `\n${indented(2)}` },
  {
    name: "a list written with dashes",
    text: `keys:\n  - { ${OLD} } # mine\n+\n# end\nlisten: x\n`,
    added: indented(2),
  },
  {
    name: "a list that is not indented",
    text: `keys:\n- label: laptop\n  hash: x\n+listen: x\n`,
    added: BLOCK,
  },
  {
    name: "a list indented by four, with a comment inside its last key",
    text: `keys:\n    - label: laptop\n      # rate_limit: none\n    # - label: old\n+listen: x\n`,
    added: indented(4),
  },
  {
    name: "a list without a last line break",
    text: `keys:\n  - label: a+`,
    added: `\n${indented(2)}`,
  },
  {
    name: "a last value of several lines",
    text: `keys:\n  - label: |\n      a\n      b\n+listen: x\n`,
    added: indented(2),
  },
  { name: "an empty list in brackets", text: "keys: [+] # none\n", added: FLOW },
  { name: "a list in brackets", text: `keys: [{ ${OLD} }+]\n`, added: `, ${FLOW}` },
  {
    name: "a list in brackets over several lines",
    text: `keys: [\n  { ${OLD} }+, # mine\n]\n`,
    added: `, ${FLOW}`,
  },
  { name: "a mapping in braces", text: "{ upstream: {}+ }\n", added: `, keys: [${FLOW}]` },
];

for (const { name, text, added } of PLACES) {
  Deno.test(`addKey inserts into ${name} and changes nothing else`, () => {
    assert.equal(addKey(text.replace("+", ""), ENTRY), text.replace("+", () => added));
  });
  Deno.test(`addKey keeps the line ends of ${name} where they are CRLF`, () => {
    const crlf = text.replaceAll("\n", "\r\n");
    if (!crlf.includes("\r\n")) return;
    const expected = crlf.replace("+", () => added.replaceAll("\n", "\r\n"));
    assert.equal(addKey(crlf.replace("+", ""), ENTRY), expected);
  });
}

Deno.test("addKey replaces a written null", () => {
  assert.equal(addKey("keys: ~ # none\n", ENTRY), `keys: [${FLOW}] # none\n`);
});

Deno.test("addKey writes texts that need care so that they are read as they were given", () => {
  const entry = { ...ENTRY, label: 'a "b" \\ #: c', allow: ["*", "!x", "- y: {}"] };
  const [key] = loadedKeys(addKey("upstream: { url: http://localhost:9000/mcp }\n", entry));
  assert.deepEqual([key?.label, key?.allow], [entry.label, entry.allow]);
});

Deno.test("addKey writes the day on which the key ends", () => {
  const text = addKey("{ upstream: { url: http://localhost:9000/mcp } }", {
    ...ENTRY,
    expires: "2027-01-31",
  });
  assert.equal(loadedKeys(text)[0]?.expiresMs, Date.parse("2027-02-01T00:00:00Z"));
});

Deno.test("keyEntryLines is what addKey inserts", () => {
  assert.equal(keyEntryLines(ENTRY).join("\n") + "\n", BLOCK);
});

function loadedKeys(text: string | Problem[]) {
  assert.equal(typeof text, "string");
  const loaded = loadConfig("config.yaml", memorySources({ "config.yaml": String(text) }));
  assert.ok(loaded.ok);
  return loaded.config.keys;
}

/** Texts that are left alone. */
const REFUSED = [
  { name: "a label that is there", text: "keys: [{ label: phone }]", path: "keys[0].label" },
  {
    name: "a hash that is there",
    text: `keys: [{ hash: ${"b".repeat(64)} }]`,
    path: "keys[0].hash",
  },
  { name: "a text that is not YAML", text: "keys: [", path: "" },
  { name: "a list of keys that is a text", text: "keys: mine", path: "keys" },
  { name: "a text that is a list", text: "- keys", path: "" },
  { name: "an alias in the way", text: "a: &a []\nkeys: *a", path: "keys" },
  { name: "a document that has ended", text: "a: 1\n...\n", path: "keys" },
];

for (const { name, text, path } of REFUSED) {
  Deno.test(`addKey refuses ${name}, and says where`, () => {
    const problems = addKey(text, ENTRY, "my.yaml");
    assert.ok(typeof problems !== "string" && problems.length > 0);
    assert.deepEqual([problems[0]?.file, problems[0]?.path], ["my.yaml", path]);
  });
}
