/** Lists in bytes: where their definitions stand, by what they are known, and what stays without them. */
import assert from "node:assert/strict";
import { type ListEntry, listsIn, withEntries } from "../../src/mcp/list_entries.ts";
import { fuzz } from "../support/fuzz.ts";
import type { Random } from "../support/random.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function identities(text: string): (string | null)[][] | null {
  const lists = listsIn(encoder.encode(text));
  return lists?.map(({ entries }) => entries.map(({ identity }) => identity)) ?? null;
}

const ENTRIES = [
  { name: "a name", entry: '{"name":"a"}', identity: '"a' },
  { name: "a name among others", entry: '{ "x" : {"name":"b"} , "name" : "a" }', identity: '"a' },
  { name: "a name of digits", entry: '{"name":"42"}', identity: '"42' },
  { name: "two names", entry: '{"name":"a","name":"b"}', identity: null },
  { name: "a name twice", entry: '{"name":"a","name":"a"}', identity: null },
  { name: "a name in escapes", entry: '{"name":"\\u0061"}', identity: null },
  { name: "a member in escapes", entry: '{"name":"a","n\\u0061me":"b"}', identity: null },
  { name: "a member in escapes first", entry: '{"n\\u0061me":"b","name":"a"}', identity: null },
  { name: "a name beyond ASCII", entry: '{"name":"é"}', identity: null },
  { name: "a name that is none", entry: '{"name":7}', identity: null },
  { name: "no name", entry: '{"title":"a"}', identity: null },
  { name: "another case", entry: '{"Name":"a"}', identity: null },
  { name: "no object", entry: '"name"', identity: null },
  { name: "an array", entry: '["name","a"]', identity: null },
  { name: "nothing", entry: "{}", identity: null },
  {
    name: "a name of 256 letters",
    entry: `{"name":"${"a".repeat(256)}"}`,
    identity: `"${"a".repeat(256)}`,
  },
  { name: "a name of 257 letters", entry: `{"name":"${"a".repeat(257)}"}`, identity: null },
];

for (const { name, entry, identity } of ENTRIES) {
  Deno.test(`listsIn knows a definition with ${name}`, () => {
    assert.deepEqual(identities(`{"result":{"tools":[${entry}]}}`), [[identity]]);
    assert.deepEqual(identities(`{"result":{"tools":[{},${entry} , {}]}}`), [[
      null,
      identity,
      null,
    ]]);
  });
}

const ANSWERS = [
  { name: "no list", text: '{"result":{"content":[]}}', lists: null },
  { name: "a list elsewhere", text: '{"result":{"_meta":{"tools":[{"name":"a"}]}}}', lists: null },
  { name: "a list outside a result", text: '{"params":{"tools":[{"name":"a"}]}}', lists: null },
  { name: "a list that is none", text: '{"result":{"tools":{"name":"a"}}}', lists: null },
  { name: "an empty list", text: '{"result":{"tools":[ ]}}', lists: [[]] },
  {
    name: "two lists",
    text: '{"result":{"tools":[{"name":"a"}],"prompts":[{"name":"b"}]}}',
    lists: [['"a'], ['"b']],
  },
  {
    name: "resources",
    text: '{"result":{"resources":[{"name":"a","uri":"b:c"}]}}',
    lists: [['"b:c']],
  },
  { name: "a list in escapes", text: '{"result":{"t\\u006fols":[{"name":"a"}]}}', lists: null },
  { name: "an array of answers", text: '[{"result":{"tools":[{"name":"a"}]}}]', lists: null },
  { name: "something behind it", text: '{"result":{"tools":[{"name":"a"}]}} 1', lists: null },
  { name: "a comma too many", text: '{"result":{"tools":[{"name":"a"},]}}', lists: null },
  { name: "a comma too many inside", text: '{"result":{"tools":[{"name":"a",}]}}', lists: null },
  { name: "no comma", text: '{"result":{"tools":[{"name":"a"} {"name":"b"}]}}', lists: null },
  { name: "a broken definition", text: '{"result":{"tools":[{"name":"a","b":01}]}}', lists: null },
  { name: "no end", text: '{"result":{"tools":[{"name":"a"}', lists: null },
  { name: "a byte order mark", text: '\ufeff{"result":{"tools":[{"name":"a"}]}}', lists: null },
];

for (const { name, text, lists } of ANSWERS) {
  Deno.test(`listsIn finds in an answer with ${name} what is there`, () => {
    assert.deepEqual(identities(text), lists);
  });
}

Deno.test("listsIn takes no prefix of an answer for one", () => {
  const text = '{"id":1,"result":{"tools":[{"name":"a","x":[1.5e3,"\\u00e9"]}]},"jsonrpc":"2.0"}';
  for (let end = 0; end < text.length; end++) assert.equal(identities(text.slice(0, end)), null);
  assert.deepEqual(identities(text), [['"a']]);
});

function randomAnswer(random: Random): string {
  const blank = () => random.pick(["", "", "", " ", "\n\t"]);
  const entry = () =>
    random.pick([...ENTRIES.map((known) => known.entry), "null", "1.0", '"é\\n"']);
  const list = () => {
    const entries = Array.from({ length: random.below(6) }, () => blank() + entry() + blank());
    return `[${entries.join(",") || blank()}]`;
  };
  const names = ["tools", "prompts", "tools", "_meta", "resources"];
  const members = Array.from(
    { length: random.below(4) },
    () => `"${random.pick(names)}"${blank()}:${blank()}${list()}`,
  );
  return `{"jsonrpc":"2.0","id":1,"result":{${members.join(`,${blank()}`)}}}`;
}

Deno.test("withEntries leaves out what is not named, and is what it was otherwise", () => {
  let shorter = 0;
  fuzz(2000, (random) => {
    const text = randomAnswer(random);
    const bytes = encoder.encode(text);
    const lists = listsIn(bytes);
    if (lists === null) return;
    const left = lists.map(({ entries }) => entries.filter(() => random.chance(0.5)));
    const result = decoder.decode(withEntries(bytes, lists, left));
    if (result.length < text.length) shorter++;
    // Once more by cutting the text of each list out and writing it anew.
    let expected = "";
    let from = 0;
    lists.forEach(({ open, close }, index) => {
      const spell = ({ start, end }: ListEntry) => decoder.decode(bytes.subarray(start, end));
      expected += decoder.decode(bytes.subarray(from, open)) +
        (left[index] ?? []).map(spell).join(",");
      from = close;
    });
    expected += decoder.decode(bytes.subarray(from));
    assert.equal(result, expected);
    JSON.parse(result);
  });
  assert.ok(shorter > 100);
});
