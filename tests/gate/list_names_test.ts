/** Names that are known not to pass: by what the filter says of each, and never beyond that. */
import assert from "node:assert/strict";
import { ListNames } from "../../src/gate/list_names.ts";
import { isObject, member } from "../../src/mcp/json.ts";
import { listsIn, type ListSpan } from "../../src/mcp/list_entries.ts";
import type { Message } from "../../src/mcp/message.ts";
import type { ReplyFilter } from "../../src/policy/contract.ts";

function span(...names: readonly string[]): ListSpan {
  const tools = names.map((name) => ({ name, title: "T" }));
  const [list] = listsIn(new TextEncoder().encode(JSON.stringify({ result: { tools } }))) ?? [];
  return list ?? assert.fail("no list");
}

/** Lets tools pass whose names begin with an a, and tells how many it was shown. */
function letterA(shown: number[]): ReplyFilter {
  return (message) => {
    const tools = member(member(message, "result"), "tools");
    if (!Array.isArray(tools)) return message;
    shown.push(tools.length);
    return { ...message, result: { tools: tools.filter((tool) => /^a/.test(tool.name)) } };
  };
}

function left(names: ListNames, filter: ReplyFilter, list: ListSpan): (string | null)[] {
  return names.left(filter, list).map(({ identity }) => identity);
}

Deno.test("ListNames leaves what passes, and asks once about each name", () => {
  const names = new ListNames();
  const shown: number[] = [];
  const filter = letterA(shown);
  assert.deepEqual(left(names, filter, span("a", "b", "b", "ab")), ['"a', '"ab']);
  assert.deepEqual(left(names, filter, span("b", "a", "c")), ['"a']);
  assert.deepEqual(left(names, filter, span("a", "b", "c")), ['"a']);
  assert.deepEqual(shown, [3, 1]);
});

Deno.test("ListNames keeps what each filter says apart", () => {
  const names = new ListNames();
  assert.deepEqual(left(names, letterA([]), span("a", "b")), ['"a']);
  assert.deepEqual(left(names, (message) => message, span("a", "b")), ['"a', '"b']);
});

const DOUBTFUL: readonly { readonly name: string; readonly filter: ReplyFilter }[] = [
  { name: "lets nothing pass at all", filter: () => null },
  { name: "takes the list out", filter: (message) => ({ ...message, result: {} }) },
  { name: "takes the result out", filter: () => ({ jsonrpc: "2.0", id: 0 }) },
  {
    name: "throws",
    filter: () => {
      throw new Error("no");
    },
  },
];

for (const { name, filter } of DOUBTFUL) {
  Deno.test(`ListNames leaves everything to a filter that ${name}`, () => {
    assert.deepEqual(left(new ListNames(), filter, span("a", "b")), ['"a', '"b']);
  });
}

Deno.test("ListNames takes a definition that was changed for one that passes", () => {
  const filter = (message: Message) => {
    const tools = member(member(message, "result"), "tools");
    const changed = Array.isArray(tools) ? tools.map((tool) => ({ ...tool, x: 1 })) : tools;
    return { ...message, result: { tools: changed } } as Message;
  };
  assert.deepEqual(left(new ListNames(), filter, span("a")), ['"a']);
});

Deno.test("ListNames shows definitions that have nothing but a name", () => {
  const seen: Message[] = [];
  const filter = (message: Message) => {
    seen.push(message);
    return message;
  };
  left(new ListNames(), filter, span("a", "1"));
  const [message] = seen;
  assert.ok(isObject(message));
  assert.deepEqual(message["result"], { tools: [{ name: "a" }, { name: "1" }] });
});

Deno.test("ListNames forgets rather than remember more names than its bound", () => {
  const names = new ListNames();
  const shown: number[] = [];
  const filter = letterA(shown);
  const many = (start: string) =>
    span(...Array.from({ length: 10_000 }, (_, index) => `${start}${index}`));
  for (const start of ["b", "c", "b"]) assert.deepEqual(left(names, filter, many(start)), []);
  assert.deepEqual(shown, [10_000, 10_000, 10_000]);
  assert.deepEqual(left(names, filter, many("b")), []);
  assert.equal(shown.length, 3);
});
