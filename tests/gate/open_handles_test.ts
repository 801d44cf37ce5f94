/** Handles in a head: what this gate sealed for this caller opens, all else is as if never issued. */
import assert from "node:assert/strict";
import { openHandles, openSession } from "../../src/gate/open_handles.ts";
import { Sealer } from "../../src/gate/seal.ts";
import type { Call, Era } from "../../src/policy/contract.ts";
import { request } from "../policies/lent_host.ts";

const SEALER = new Sealer("s");
const SESSION = SEALER.seal("session", "a", "", "s1") ?? "";
const FOREIGN = SEALER.seal("session", "b", "", "s1") ?? "";
const EVENT = SEALER.seal("event", "a", "s1", "e1") ?? "";
const LOOSE_EVENT = SEALER.seal("event", "a", "", "e1") ?? "";

const LISTEN: Call = { kind: "listen" };
const CALL = request("tools/call", { name: "x" });

const CASES: readonly {
  readonly name: string;
  readonly session?: string;
  readonly event?: string;
  readonly call?: Call;
  readonly era?: Era;
  readonly resume?: "on" | "off";
  readonly expected: readonly [session: string | null, event: string | null] | string;
}[] = [
  { name: "nothing presented", expected: [null, null] },
  { name: "an own session", session: SESSION, expected: ["s1", null] },
  { name: "an own session on GET", session: SESSION, call: LISTEN, expected: ["s1", null] },
  {
    name: "an own session on DELETE",
    session: SESSION,
    call: { kind: "end" },
    expected: ["s1", null],
  },
  { name: "a foreign session", session: FOREIGN, expected: "session" },
  { name: "a session never issued", session: "s1", expected: "session" },
  { name: "an event id as a session", session: LOOSE_EVENT, expected: "session" },
  {
    name: "a foreign session on initialize",
    session: FOREIGN,
    call: request("initialize"),
    expected: [null, null],
  },
  {
    name: "a session on a modern request",
    session: SESSION,
    era: "modern",
    expected: [null, null],
  },
  {
    name: "an own event in its session",
    session: SESSION,
    event: EVENT,
    call: LISTEN,
    expected: ["s1", "e1"],
  },
  { name: "an event without its session", event: EVENT, call: LISTEN, expected: "event_id" },
  { name: "an event of no session", event: LOOSE_EVENT, call: LISTEN, expected: [null, "e1"] },
  {
    name: "an event of no session in one",
    session: SESSION,
    event: LOOSE_EVENT,
    call: LISTEN,
    expected: "event_id",
  },
  { name: "an event never issued", event: "e1", call: LISTEN, expected: "event_id" },
  { name: "a session as an event", event: SESSION, call: LISTEN, expected: "event_id" },
  { name: "an event on a POST", session: SESSION, event: "e1", expected: ["s1", null] },
  {
    name: "an own event where nothing is resumed",
    session: SESSION,
    event: EVENT,
    call: LISTEN,
    resume: "off",
    expected: "event_id",
  },
  {
    name: "a foreign session and event",
    session: FOREIGN,
    event: EVENT,
    call: LISTEN,
    expected: "session",
  },
];

for (const { name, session, event, call = CALL, era = "legacy", resume = "on", ...c } of CASES) {
  Deno.test(`openHandles: ${name}`, () => {
    const fields = [
      ...(session === undefined ? [] : [["mcp-session-id", session] as const]),
      ...(event === undefined ? [] : [["last-event-id", event] as const]),
    ];
    const agreement = { era, protocol: null };
    const owner = { sealer: SEALER, label: "a" };
    const rules = { ...owner, resume, session: openSession(fields, owner) };
    const opened = openHandles(fields, [call], agreement, rules);
    const seen = "kind" in opened ? opened.kind : [opened.session, opened.lastEventId];
    assert.deepEqual(seen, c.expected);
  });
}

Deno.test("openHandles refuses a foreign session exactly like one never issued", () => {
  const refusal = (presented: string) => {
    const fields = [["mcp-session-id", presented]] as const;
    const owner = { sealer: SEALER, label: "a" };
    const session = openSession(fields, owner);
    const agreement = { era: "legacy", protocol: null } as const;
    return openHandles(fields, [CALL], agreement, { ...owner, resume: "on", session });
  };
  assert.deepEqual(refusal(FOREIGN), refusal("never-issued"));
});
