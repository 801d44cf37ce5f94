/** The verifier of chained logs: whatever is done to the lines is found, and where. */
import assert from "node:assert/strict";
import { Random } from "../support/random.ts";
import { ChainedLog, found, OTHER_SECRET, plain, SECRET, verified } from "./chained_log.ts";

Deno.test("another process needs the key and nothing else to verify", () => {
  using place = new ChainedLog();
  place.run(3);
  assert.equal(found(verified(place.text)), null);
  assert.equal(found(verified(place.text, [OTHER_SECRET])), "1: other_key");
});

Deno.test("any byte that is altered is found in its line", () => {
  using place = new ChainedLog();
  place.run(3);
  place.run(2);
  const { text } = place;
  const random = new Random(20261125);
  for (let at = 0; at < text.length; at++) {
    const byte = text.charCodeAt(at);
    const other = String.fromCharCode((byte + random.below(126) + 1) % 127);
    const altered = text.slice(0, at) + other + text.slice(at + 1);
    const line = text.slice(0, at).split("\n").length;
    // A line that ends in something else has no end; that it is not there is told by the mark.
    const isLastEnd = at === text.length - 1;
    // One that names another key might be of another key.
    const expected = isLastEnd
      ? ["end: missing"]
      : [`${line}: altered`, `${line}: unsigned`, `${line}: other_key`];
    const told = found(place.verify(altered)) ?? "nothing";
    assert.ok(expected.includes(told), `byte ${at} of line ${line}, ${byte} to ${other}: ${told}`);
  }
});

Deno.test("lines dropped, swapped, repeated or put in are found at the place", () => {
  const random = new Random(7);
  using place = new ChainedLog();
  for (const count of [4, 1, 5]) place.run(count);
  const lines = place.text.split("\n").slice(0, -1);
  const check = (changed: readonly string[], ...expected: string[]) => {
    const told = found(place.verify(
      changed.map((line) =>
        `${line}
`
      ).join(""),
    )) ?? "nothing";
    assert.ok(expected.includes(told), `${told}, not ${expected}`);
  };
  for (let round = 0; round < 200; round++) {
    const at = random.below(lines.length);
    const count = 1 + random.below(lines.length - at);
    const dropped = lines.toSpliced(at, count);
    check(
      dropped,
      at + count === lines.length ? "end: missing" : at === 0 ? "1: cut" : `${at + 1}: missing`,
    );
    const one = random.below(lines.length - 1);
    const other = one + 1 + random.below(lines.length - one - 1);
    const swapped = lines.with(one, lines[other] ?? "").with(other, lines[one] ?? "");
    check(swapped, ...(one === 0 ? ["1: cut"] : [`${one + 1}: moved`, `${one + 1}: missing`]));
    const to = at + 1 + random.below(lines.length - at);
    check(lines.toSpliced(to, 0, lines[at] ?? ""), `${to + 1}: moved`, `${to + 1}: missing`);
    check(lines.toSpliced(to, 0, plain().trimEnd()), `${to + 1}: unsigned`);
  }
});

Deno.test("a line that is missing and comes later was moved, and it is told where to", () => {
  using place = new ChainedLog();
  place.run(4);
  const [a, b, c, d] = place.text.split("\n");
  const { finding } = place.verify([a, c, d, b, ""].join("\n"));
  assert.deepEqual(finding, {
    what: "moved",
    place: "2",
    text: "stands where another line was, which is 4 now",
  });
});

Deno.test("a line of one log is nothing in another with the same key", () => {
  using one = new ChainedLog();
  using other = new ChainedLog();
  one.run(2);
  other.run(3);
  const [, stranger = ""] = one.text.split("\n");
  const lines = other.text.split("\n").with(1, stranger);
  assert.equal(found(other.verify(lines.join("\n"))), "2: missing");
});

Deno.test("lines from before the chain are told of", () => {
  using place = new ChainedLog();
  Deno.writeTextFileSync(place.path, plain() + plain());
  place.run(2);
  const { finding, notes } = place.verify();
  assert.equal(finding, null);
  assert.deepEqual(notes, ["2 lines before the first of the chain: nothing vouches for them"]);
});

Deno.test("records that were put before the first line of a file are found", () => {
  using place = new ChainedLog();
  place.run(3);
  const { text } = place;
  assert.equal(found(verified(text, [SECRET], null, true)), null);
  assert.equal(found(verified(plain() + text, [SECRET], null, true)), "2: altered");
});
