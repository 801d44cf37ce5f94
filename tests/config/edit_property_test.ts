/**
 * P: whatever a configuration looks like, a key that is added, exchanged or removed changes what the
 * file says by just that, and no line of anybody else's by a byte.
 */
import assert from "node:assert/strict";
import type { Key } from "../../src/policy/contract.ts";
import { addKey, exchangeKey, removeKey, removeOldHashes } from "../../src/config/edit.ts";
import { parseExpiry } from "../../src/config/expiry.ts";
import { fuzz } from "../support/fuzz.ts";
import { type KeyModel, type KeysDocument, randomDocument, TODAY } from "./random_keys.ts";
import { loaded } from "./sources.ts";

const ROUNDS = 200;
const NEW = "f".repeat(64);
const UNTIL = "2026-12-02T12:00:00Z";

Deno.test("addKey adds one key to any text, and changes no line of another's", () => {
  fuzz(ROUNDS, (random) => {
    const document = randomDocument(random);
    const entry = { label: "new", hash: NEW, created: "2026-11-25", allow: ["x"] };
    const text = changed(document, addKey(document.text, entry));
    const [added, ...rest] = loaded(text).keys.toReversed();
    assert.deepEqual(rest.toReversed(), loaded(document.text).keys);
    assert.deepEqual([added?.label, added?.hashes[0]?.hash], ["new", NEW]);
    if (document.hasDashes) assert.ok(hasAll(text, document, () => true), told(document, text));
  });
});

Deno.test("removeKey removes one key from any text, its lines and no others", () => {
  fuzz(ROUNDS, (random) => {
    const document = randomDocument(random);
    const { label } = random.pick(document.keys);
    const text = changed(document, removeKey(document.text, label));
    const before = loaded(document.text).keys;
    assert.deepEqual(loaded(text).keys, before.filter((key) => key.label !== label));
    if (!document.hasDashes) return;
    const kept = document.lines.filter(({ owner }) => owner !== label).map((line) => line.text);
    assert.equal(text.trimEnd(), kept.join(document.newLine).trimEnd(), told(document, text));
  });
});

for (const until of [UNTIL, null]) {
  const how = until === null ? "at once" : "after a while";
  Deno.test(`exchangeKey lets the old keys of any text end ${how}, and changes no line of another's`, () => {
    fuzz(ROUNDS, (random) => {
      const document = randomDocument(random);
      const model = random.pick(document.keys);
      const expires = random.chance(0.3) || isPast(model.expires) ? "2028-11-25" : undefined;
      const exchange = {
        label: model.label,
        hash: NEW,
        created: "2026-11-25",
        until,
        now: TODAY,
        ...(expires !== undefined && { expires }),
      };
      const text = changed(document, exchangeKey(document.text, exchange));
      const before = loaded(document.text).keys;
      assert.deepEqual(
        loaded(text).keys,
        before.map((key) => key.label === model.label ? exchanged(key, model, exchange) : key),
        told(document, text),
      );
      const gone = new Set(
        model.hashes.filter((each) => endMs(each.expires, model, until) <= TODAY)
          .map(({ hash }) => hash),
      );
      if (!document.hasDashes) return;
      assert.ok(hasAll(text, document, ({ owner }) => owner !== model.label), told(document, text));
      const remarks = document.lines.filter(({ hash }) => hash === undefined || !gone.has(hash))
        .flatMap((line) => /# remark \d+/.exec(line.text) ?? []);
      for (const remark of remarks) assert.ok(text.includes(remark), told(document, text));
    });
  });
}

Deno.test("removeOldHashes leaves of any key the one that is good for longest", () => {
  fuzz(ROUNDS, (random) => {
    const document = randomDocument(random);
    const model = random.pick(document.keys);
    const result = removeOldHashes(document.text, model.label);
    if (model.hashes.length < 2) return assert.ok(typeof result !== "string");
    const text = changed(document, result);
    const ends = model.hashes.map(({ expires }) => expires === null ? Infinity : msOf(expires));
    const longest = model.hashes[ends.indexOf(Math.max(...ends))];
    const before = loaded(document.text).keys;
    assert.deepEqual(
      loaded(text).keys,
      before.map((key) =>
        key.label !== model.label
          ? key
          : { ...key, hashes: key.hashes.filter(({ hash }) => hash === longest?.hash) }
      ),
    );
  });
});

function changed(document: KeysDocument, result: unknown): string {
  assert.ok(typeof result === "string", `${JSON.stringify(result, null, 1)}\n${document.text}`);
  return result;
}

/** What the loaded key shall be, worked out from the model. */
function exchanged(
  key: Key,
  model: KeyModel,
  { until, expires = model.expires }: { until: string | null; expires?: string | null },
): Key {
  const expiresMs = expires === null ? null : msOf(expires);
  const kept = model.hashes.flatMap(({ hash, created, expires }) => {
    const end = endMs(expires, model, until);
    const createdMs = created === null ? null : Date.parse(created);
    return end <= TODAY
      ? []
      : [{ hash, createdMs, expiresMs: Math.min(end, expiresMs ?? Infinity) }];
  });
  const added = { hash: NEW, createdMs: Date.parse("2026-11-25"), expiresMs };
  return { ...key, expiresMs, hashes: [added, ...kept] };
}

function endMs(own: string | null, { expires }: KeyModel, until: string | null): number {
  if (until === null) return 0;
  return Math.min(...[own, expires, until].flatMap((text) => text === null ? [] : [msOf(text)]));
}

function isPast(text: string | null): boolean {
  return text !== null && msOf(text) <= TODAY;
}

function msOf(text: string): number {
  return parseExpiry(text) ?? NaN;
}

/** Whether all lines of `document` that `which` chooses are in `text`, in their order. */
function hasAll(
  text: string,
  { lines, newLine }: KeysDocument,
  which: (line: KeysDocument["lines"][number]) => boolean,
): boolean {
  const found = text.split(newLine);
  let at = -1;
  return lines.filter(which).every((line) => (at = found.indexOf(line.text, at + 1)) >= 0);
}

function told(document: KeysDocument, text: string): string {
  return `--- before\n${document.text}\n--- after\n${text}`;
}
