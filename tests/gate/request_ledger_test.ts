/** Requests under way: known by key, session and typed id, answered once, forgotten in time. */
import assert from "node:assert/strict";
import { ENTRIES } from "../../src/gate/entries.ts";
import { MEMORY_BOUNDS } from "../../src/gate/handle_memory.ts";
import { type Peer, RequestLedger } from "../../src/gate/request_ledger.ts";
import { allocateEntries, SharedEntries } from "../../src/workers/shared_entries.ts";
import type { Id } from "../../src/mcp/message.ts";

const PEER: Peer = { label: "a", session: "s1" };
const flight = (id: Id) => ({ id, method: "tools/call", tool: "x" });

const OTHERS: readonly { readonly name: string; readonly peer?: Peer; readonly id?: Id }[] = [
  { name: "another key", peer: { label: "b", session: "s1" } },
  { name: "another session", peer: { label: "a", session: "s2" } },
  { name: "no session", peer: { label: "a", session: "" } },
  { name: "another id", id: 2 },
  { name: "an id of another type", id: "1" },
  { name: "an id that looks spelled", id: '"1"' },
];

for (const { name, peer = PEER, id = 1 } of OTHERS) {
  Deno.test(`RequestLedger: what is under way for one is not for ${name}`, () => {
    const requests = new RequestLedger(MEMORY_BOUNDS);
    requests.sent(PEER, flight(1));
    requests.delivered(PEER, 1, 1);
    assert.equal(requests.flight(peer, id), null);
    assert.ok(!requests.owes(peer, id));
    assert.ok(!requests.settle(peer, id));
    assert.ok(!requests.reports(peer, id));
    assert.notEqual(requests.flight(PEER, 1), null);
    assert.ok(requests.owes(PEER, 1) && requests.reports(PEER, 1));
  });
}

Deno.test("RequestLedger: what has been answered is not under way", () => {
  const requests = new RequestLedger(MEMORY_BOUNDS);
  const first = requests.sent(PEER, flight(1));
  assert.ok(requests.hasFlights(PEER));
  requests.answered(PEER, first);
  assert.equal(requests.flight(PEER, 1), null);
  assert.ok(!requests.hasFlights(PEER));
});

Deno.test("RequestLedger: an answer that comes late leaves the next request of its id alone", () => {
  const requests = new RequestLedger(MEMORY_BOUNDS);
  const [first, second] = [requests.sent(PEER, flight(1)), requests.sent(PEER, flight(1))];
  requests.answered(PEER, first);
  assert.deepEqual(requests.flight(PEER, 1), second);
});

Deno.test("RequestLedger: a request of the upstream's is answered once, and its progress ends", () => {
  const requests = new RequestLedger(MEMORY_BOUNDS);
  requests.delivered(PEER, 1, "token");
  requests.delivered(PEER, 2, null);
  assert.ok(requests.settle(PEER, 1));
  assert.ok(!requests.settle(PEER, 1));
  assert.ok(!requests.reports(PEER, "token"));
  assert.ok(requests.settle(PEER, 2));
  assert.equal(requests.size, 0);
});

Deno.test("RequestLedger: a token that a later request has taken over stays with it", () => {
  const requests = new RequestLedger(MEMORY_BOUNDS);
  requests.delivered(PEER, 1, "token");
  requests.delivered(PEER, 2, "token");
  requests.settle(PEER, 1);
  assert.ok(requests.reports(PEER, "token"));
  requests.settle(PEER, 2);
  assert.ok(!requests.reports(PEER, "token"));
});

Deno.test("RequestLedger: a request that is delivered again brings its new token only", () => {
  const requests = new RequestLedger(MEMORY_BOUNDS);
  requests.delivered(PEER, 1, "old");
  requests.delivered(PEER, 1, "new");
  assert.deepEqual([requests.reports(PEER, "old"), requests.reports(PEER, "new")], [false, true]);
  assert.equal(requests.size, 2);
});

Deno.test("RequestLedger: a session that has ended leaves nothing, others stay", () => {
  const requests = new RequestLedger(MEMORY_BOUNDS);
  const other = { label: "a", session: "s10" };
  for (const peer of [PEER, other]) {
    requests.sent(peer, flight(1));
    requests.delivered(peer, 1, 1);
  }
  requests.forget(PEER);
  assert.ok(!requests.owes(PEER, 1) && !requests.reports(PEER, 1));
  assert.equal(requests.flight(PEER, 1), null);
  assert.ok(requests.owes(other, 1) && requests.reports(other, 1));
  assert.equal(requests.size, 3);
});

Deno.test("RequestLedger: ids beyond its bound are not remembered, in either direction", () => {
  const requests = new RequestLedger({ ...MEMORY_BOUNDS, longestId: 4 });
  requests.sent(PEER, flight("long!"));
  requests.delivered(PEER, "long!", 1);
  assert.equal(requests.size, 0);
  requests.delivered(PEER, "four", "long!");
  assert.ok(requests.settle(PEER, "four"));
});

Deno.test("RequestLedger: flights that are kept as text are what they were", () => {
  const ids: readonly Id[] = [0, -7, 2 ** 53 - 1, "", "7", "#1,", 'a"b', "\ud83d"];
  const tools = [null, "", "0,", "read_file", "a\nb,#"];
  for (const id of ids) {
    for (const tool of tools) {
      for (const method of ["tools/call", "", "3,x", "m\n#$"]) {
        const [one, other] = sharingLedgers();
        const sent = one.sent(PEER, { id, method, tool });
        assert.deepEqual(other.flight(PEER, id), sent);
        const later = other.sent(PEER, { id, method, tool });
        one.answered(PEER, sent);
        assert.deepEqual(one.flight(PEER, id), later);
        one.answered(PEER, other.flight(PEER, id) ?? sent);
        assert.equal(other.flight(PEER, id), null);
      }
    }
  }
});

/** Two that share their entries, as workers do. */
function sharingLedgers(): [RequestLedger, RequestLedger] {
  const bounds = { ...MEMORY_BOUNDS, inAll: 64 };
  const memory = Object.fromEntries(ENTRIES.map((name) => [name, allocateEntries(bounds, 1)]));
  const ledger = (first: number) =>
    new RequestLedger(
      bounds,
      (name, bounds, form) => new SharedEntries(memory[name] as SharedArrayBuffer, bounds, form),
      { first, step: 2 },
    );
  return [ledger(0), ledger(1)];
}

Deno.test("RequestLedger: no key is integer-like: V8 hashes such strings without a seed", () => {
  const requests = new RequestLedger(MEMORY_BOUNDS);
  const peer = { label: "4096", session: "8192" };
  const keys = keysSet(() => {
    // Where there are few, no table is used.
    for (let more = 0; more < 20; more++) {
      requests.sent(peer, flight(`${12288 + more}`));
      requests.sent({ ...peer, label: `${4096 + more}` }, flight(16384 + more));
      requests.delivered(peer, `${20480 + more}`, `${24576 + more}`);
    }
  });
  assert.ok(keys.length >= 60);
  assert.deepEqual(keys.filter((key) => /^\d+$/.test(key)), []);
});

/** The strings under which anything is put into a map while `work` runs. */
function keysSet(work: () => void): string[] {
  const keys: string[] = [];
  const { set } = Map.prototype;
  Map.prototype.set = function (key, value) {
    if (typeof key === "string") keys.push(key);
    return set.call(this, key, value);
  };
  try {
    work();
  } finally {
    Map.prototype.set = set;
  }
  return keys;
}
