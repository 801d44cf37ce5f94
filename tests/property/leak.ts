/**
 * What a client was sent, held against what it may see: no denied definition in any spelling, and
 * nothing that ought to be sealed left open. Knows no channel.
 */
import assert from "node:assert/strict";
import type { Json } from "../../src/mcp/json.ts";
import { CANARY, SEALED } from "./random_reply.ts";

/** `value` with what is sealed made equal; it must be sealed indeed. */
export function unsealed(value: Json): Json {
  if (Array.isArray(value)) return value.map(unsealed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      if (name !== "nextCursor" || inner === SEALED) return [name, unsealed(inner as Json)];
      assert.match(String(inner), /^[\x21-\x7e]{1,1024}$/);
      return [name, SEALED];
    }),
  );
}

/** Fails where a denied definition is in `text`: a cursor of some servers names a tool in base64. */
export function assertNoCanary(text: string): void {
  assert.ok(!text.includes(CANARY), `leaked: ${text}`);
  for (const [word] of text.matchAll(/[A-Za-z0-9+/_-]{12,}={0,2}/g)) {
    const base64 = word.replaceAll("-", "+").replaceAll("_", "/").replace(/=+$/, "");
    if (base64.length % 4 === 1) continue;
    assert.ok(!atob(base64).includes(CANARY), `leaked in base64: ${text}`);
  }
}
