/** The chain as it is written: across ends of all kinds, rotations, losses and changes of the key. */
import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { markPath, readMark } from "../../policies/audit_beside.ts";
import { AuditChain } from "../../policies/audit_chain.ts";
import { ChainKey, LINK_LENGTH, readLink } from "../../policies/audit_link.ts";
import { ChainedLog, found, KEY, OTHER_SECRET, plain, SECRET, verified } from "./chained_log.ts";
import { LentHost } from "./lent_host.ts";

Deno.test("a link makes a line no longer than it says, and leaves it JSON in printable ASCII", () => {
  const chain = AuditChain.onStream(KEY, new LentHost());
  for (let count = 0; count < 3; count++) {
    const line = plain();
    const linked = chain.link(line);
    assert.ok(linked.length - line.length <= LINK_LENGTH);
    assert.match(linked, /^[\x20-\x7e]+\n$/);
    const { chain: link, ...rest } = JSON.parse(linked);
    assert.deepEqual(rest, JSON.parse(line));
    assert.equal(typeof link, "string");
  }
});

Deno.test("the longest link is as long as it is said to be", () => {
  const longest = `x,"chain":"${"r".repeat(10)}.${"9".repeat(16)}^~.${"b".repeat(22)}.${
    "m".repeat(22)
  }"}`;
  assert.equal(longest.length - "x}".length, LINK_LENGTH);
  assert.equal(readLink(longest)?.before, "b".repeat(22));
});

Deno.test("runs, one after the other, are sound", () => {
  using place = new ChainedLog();
  for (const count of [3, 0, 1, 4]) place.run(count);
  assert.deepEqual(place.verify(), { finding: null, sound: 8, runs: 3, notes: [] });
  assert.deepEqual(place.host.lines, []);
});

Deno.test("lines cut off at the end are missed after a proper end", () => {
  using place = new ChainedLog();
  place.run(5);
  const lines = place.text.split("\n").slice(0, 3);
  assert.equal(found(place.verify(`${lines.join("\n")}\n`)), "end: missing");
});

Deno.test("lines cut off while the gate was down are told of at its start and found afterwards", () => {
  using place = new ChainedLog();
  place.run(5);
  Deno.writeTextFileSync(place.path, place.text.split("\n").slice(0, 3).join("\n") + "\n");
  place.run(2);
  assert.match(place.host.lines.join("\n"), /^warn: the audit log ends before the last line/);
  assert.equal(found(place.verify()), "4: missing");
});

Deno.test("a run that was killed leaves a doubt, and is told of", () => {
  using place = new ChainedLog();
  place.run(3, "killed");
  place.run(2);
  const { finding, notes, sound } = place.verify();
  assert.deepEqual([finding, sound], [null, 5]);
  assert.match(notes.join("\n"), /^4 begins a run after one that was ended from outside/);
});

Deno.test("a line torn by the end of a run is told of and is no gap", () => {
  using place = new ChainedLog();
  place.run(3, "killed");
  Deno.writeTextFileSync(place.path, plain().slice(0, 100) + "\n", { append: true });
  place.run(2);
  const { finding, notes } = place.verify();
  assert.equal(finding, null);
  assert.match(notes.join("\n"), /1 line that is no record|1 line/);
});

Deno.test("lines that the gate lost are told of by the next one", () => {
  using place = new ChainedLog();
  const chain = AuditChain.inFile(place.path, KEY, place.later());
  let text = chain.link(plain()) + chain.link(plain());
  for (let count = 0; count < 3; count++) chain.lose();
  text += chain.link(plain()) + chain.link(plain());
  chain.close(chain.last, true);
  const { finding, sound } = place.verify(text);
  assert.deepEqual(finding, {
    what: "missing",
    place: "3",
    text: "follows 3 lines that the gate could not write, as it says itself",
  });
  assert.equal(sound, 4);
});

Deno.test("a chain goes on in the next file, and both in order are one", () => {
  using place = new ChainedLog();
  place.run(2);
  const first = place.text;
  Deno.renameSync(place.path, `${place.path}.1`);
  place.run(3);
  assert.equal(found(place.verify(first + place.text)), null);
  assert.equal(found(place.verify(place.text + first)), "4: missing");
  const alone = place.verify();
  assert.deepEqual([alone.finding, alone.notes], [null, ["1 follows lines that are not here"]]);
});

Deno.test("a file that is missing between two is missed", () => {
  using place = new ChainedLog();
  const files = [2, 2, 2].map((count) => {
    place.run(count);
    const { text } = place;
    Deno.removeSync(place.path);
    return text;
  });
  const [first = "", , third = ""] = files;
  assert.equal(found(place.verify(first + third)), "3: missing");
});

Deno.test("a changed secret goes on with the chain under another key", () => {
  using place = new ChainedLog();
  const chain = AuditChain.inFile(place.path, KEY, place.later());
  const before = chain.link(plain()) + chain.link(plain());
  const other = new ChainKey(OTHER_SECRET);
  const next = chain.continuedWith(other, place.path, place.later());
  chain.close(chain.last, true);
  const text = before + next.link(plain());
  next.close(next.last, true);
  assert.equal(found(verified(text)), "3: other_key");
  assert.deepEqual(verified(text, [SECRET, OTHER_SECRET]).finding, null);
});

Deno.test("a mark that others have written says nothing", () => {
  using place = new ChainedLog();
  place.run(3);
  const text = Deno.readTextFileSync(markPath(place.path));
  assert.notEqual(readMark(text, KEY), null);
  for (let at = 0; at < text.trimEnd().length; at++) {
    const other = text[at] === "x" ? "y" : "x";
    assert.equal(readMark(text.slice(0, at) + other + text.slice(at + 1), KEY), null);
  }
});

Deno.test("a gate that has written nothing, as one that is only built to be checked, leaves the mark alone", () => {
  using place = new ChainedLog();
  place.run(3, "killed");
  const mark = () => Deno.readTextFileSync(markPath(place.path));
  const before = mark();
  place.run(0);
  assert.equal(mark(), before);
  place.run(1);
  assert.match(
    place.verify().notes.join("\n"),
    /^4 begins a run after one that was ended from outside/,
  );
});

Deno.test("a MAC is HMAC-SHA256 with the key's text, as others work it out", () => {
  const key = createHash("sha512").update(SECRET).digest("base64url").slice(0, 64);
  for (const text of ["", "x", "mark", plain(), "y".repeat(5000)]) {
    const expected = createHmac("sha256", key).update(text).digest("base64url").slice(0, 22);
    assert.equal(KEY.mac(text), expected);
    assert.ok(KEY.hasSigned(text, expected) && !KEY.hasSigned(`${text} `, expected));
  }
});
