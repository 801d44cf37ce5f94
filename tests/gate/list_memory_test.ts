/** The memory of lists is bounded, and knows a list by every byte of it. */
import assert from "node:assert/strict";
import { ListMemory, type ListView } from "../../src/gate/list_memory.ts";
import { ListScreen } from "../../src/gate/list_screen.ts";
import { ReplyScreen, wireRules } from "../../src/gate/reply_screen.ts";
import type { Message } from "../../src/mcp/message.ts";

const VIEW: ListView = { era: "legacy", method: "tools/list", filter: null };
const KIB = 1024;

function list(bytes: number, fill: number): Uint8Array {
  return new Uint8Array(bytes).fill(fill);
}

Deno.test("ListMemory knows a list by every byte, the era and the method", () => {
  const memory = new ListMemory();
  memory.keep(VIEW, list(4, 1), list(2, 1));
  assert.deepEqual(memory.find(VIEW, list(4, 1))?.filtered.get(null), list(2, 1));
  assert.equal(memory.find(VIEW, Uint8Array.of(1, 1, 1, 2)), null);
  assert.equal(memory.find(VIEW, list(5, 1)), null);
  assert.equal(memory.find({ ...VIEW, era: "modern" }, list(4, 1)), null);
  assert.equal(memory.find({ ...VIEW, method: "prompts/list" }, list(4, 1)), null);
});

Deno.test("ListMemory keeps what passes by each filter", () => {
  const memory = new ListMemory();
  const filter = (message: Message) => message;
  memory.keep(VIEW, list(4, 1), list(4, 1));
  memory.keep({ ...VIEW, filter }, list(4, 1), list(2, 1));
  const known = memory.find(VIEW, list(4, 1));
  assert.deepEqual(known?.filtered.get(null), list(4, 1));
  assert.deepEqual(known?.filtered.get(filter), list(2, 1));
});

Deno.test("ListMemory keeps copies, and one only where nothing was taken out", () => {
  const memory = new ListMemory();
  const bytes = list(4, 1);
  memory.keep(VIEW, bytes, bytes);
  bytes.fill(2);
  const known = memory.find(VIEW, list(4, 1));
  assert.ok(known !== null && known.filtered.get(null) === known.bytes);
});

Deno.test("ListMemory holds no more than 8 MiB, and drops what was used longest ago", () => {
  const memory = new ListMemory();
  for (let fill = 0; fill < 20; fill++) {
    memory.keep(VIEW, list(1000 * KIB, fill), list(0, 0));
    assert.ok(memory.find(VIEW, list(1000 * KIB, 0)) !== null, "the one in use was dropped");
    assert.ok(memory.bytes <= 8 * KIB * KIB);
  }
  assert.equal(memory.find(VIEW, list(1000 * KIB, 1)), null);
  assert.ok(memory.find(VIEW, list(1000 * KIB, 19)) !== null);
});

Deno.test("ListMemory holds no more than 64 lists, however small", () => {
  const memory = new ListMemory();
  for (let bytes = 1; bytes <= 200; bytes++) memory.keep(VIEW, list(bytes, 1), list(0, 0));
  const known = Array.from({ length: 200 }, (_, index) => memory.find(VIEW, list(index + 1, 1)));
  assert.equal(known.filter((found) => found !== null).length, 64);
});

Deno.test("ListMemory compares with eight lists of one length, those used last", () => {
  const memory = new ListMemory();
  for (let fill = 0; fill < 20; fill++) memory.keep(VIEW, list(4, fill), list(0, 0));
  assert.equal(memory.find(VIEW, list(4, 11)), null);
  assert.ok(memory.find(VIEW, list(4, 12)) !== null);
  assert.ok(memory.find(VIEW, list(4, 19)) !== null);
});

Deno.test("ListMemory keeps few of the lists of a server that makes each anew", () => {
  const memory = new ListMemory();
  const come = (bytes: number) => {
    const isKnown = memory.find(VIEW, list(bytes, 1)) !== null;
    memory.keep(VIEW, list(bytes, 1), list(0, 0));
    return isKnown;
  };
  for (let bytes = 1; bytes <= 1000; bytes++) assert.ok(!come(bytes));
  const kept = Array.from({ length: 1000 }, (_, index) => index + 1)
    .filter((bytes) => memory.find(VIEW, list(bytes, 1)) !== null);
  assert.ok(kept.length <= 64 && (kept[0] ?? 0) <= 16, String(kept));
  // One that stays the same is known soon, and then at once.
  const turns = Array.from({ length: 40 }, () => come(2000));
  assert.ok(turns.indexOf(true) <= 16 && turns.lastIndexOf(false) < turns.indexOf(true));
});

Deno.test("ListMemory counts what lists of one server were filtered to for many callers", () => {
  const memory = new ListMemory();
  for (let caller = 0; caller < 40; caller++) {
    const filter = (message: Message) => message;
    memory.keep({ ...VIEW, filter }, list(1000 * KIB, 1), list(500 * KIB, 1));
    assert.ok(memory.bytes <= 8 * KIB * KIB);
  }
});

Deno.test("ListMemory keeps no list above 1 MiB", () => {
  const memory = new ListMemory();
  memory.keep(VIEW, list(KIB * KIB + 1, 1), list(0, 0));
  assert.equal(memory.bytes, 0);
});

Deno.test("ListScreen shows a list to the screen once, whatever the id and the framing", () => {
  const memory = new ListMemory();
  let shown = 0;
  const filter = (message: Message) => {
    shown++;
    return message;
  };
  const answer = (id: string | number) => {
    const wire = wireRules({ era: "legacy", method: "tools/list", instructions: "pass" });
    const screen = new ReplyScreen(wire, [filter], null, [id], () => assert.fail());
    const lists = new ListScreen(memory, { ...VIEW, filter }, id, screen);
    const text = `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":{"tools":[{"name":"a"}]}}`;
    const bytes = new TextEncoder().encode(text);
    const passed = typeof id === "string"
      ? lists.screen(text)
      : new TextDecoder().decode(lists.body(bytes) ?? undefined);
    assert.equal(passed, text);
    assert.equal(screen.unanswered.size, 0);
  };
  for (const id of [1, "1", 2, "é", 3]) answer(id);
  // And once its names.
  assert.equal(shown, 2);
});
