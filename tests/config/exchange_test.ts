/** What exchanging and removing keys looks like in texts that somebody has written by hand. */
import assert from "node:assert/strict";
import { type Exchange, exchangeKey, removeKey, removeOldHashes } from "../../src/config/edit.ts";
import { TODAY } from "./random_keys.ts";

const [A, B, C, N] = ["a", "b", "c", "f"].map((digit) => digit.repeat(64));

const UNTIL = "2026-12-02T12:00:00Z";

const EXCHANGE = {
  label: "ci",
  hash: N ?? "",
  created: "2026-11-25",
  until: UNTIL,
  now: TODAY,
};

const ADDED = `{ hash: "${N}", created: "2026-11-25" }`;

const EXCHANGED: readonly {
  readonly name: string;
  readonly before: string;
  readonly after: string;
  readonly change?: Partial<Exchange>;
}[] = [
  {
    name: "a hash in a block becomes a list below its comment",
    before: `keys:\n  - label: ci\n    hash: ${A} # Ada's\n    allow: []\n`,
    after: `keys:\n  - label: ci\n    hashes: # Ada's\n      - ${ADDED}\n` +
      `      - { hash: "${A}", expires: "${UNTIL}" }\n    allow: []\n`,
  },
  {
    name: "a hash at the end of a text without a line break",
    before: `keys:\n- label: ci\n  allow: []\n  hash: ${A}`,
    after: `keys:\n- label: ci\n  allow: []\n  hashes:\n    - ${ADDED}\n` +
      `    - { hash: "${A}", expires: "${UNTIL}" }\n`,
  },
  {
    name: "a hash with its day takes the day along, and leaves the comment",
    before:
      `keys:\n  - label: ci\n    hash: ${A}\n    created: 2026-01-01 # by Ada\n    allow: []\n`,
    after: `keys:\n  - label: ci\n    hashes:\n      - ${ADDED}\n` +
      `      - { hash: "${A}", created: "2026-01-01", expires: "${UNTIL}" }\n` +
      `    # by Ada\n    allow: []\n`,
  },
  {
    name: "a hash on a line of its own",
    before: `keys:\n  - label: ci\n    hash:\n      ${A}\n    allow: []\n`,
    after: `keys:\n  - label: ci\n    hashes: [${ADDED}, { hash: "${A}", expires: "${UNTIL}" }]\n` +
      `    allow: []\n`,
  },
  {
    name: "a hash in braces",
    before: `keys: [{ label: ci, hash: ${A}, allow: [] }] # all\n`,
    after: `keys: [{ label: ci, hashes: [${ADDED}, { hash: "${A}", expires: "${UNTIL}" }], ` +
      `allow: [] }] # all\n`,
  },
  {
    name: "JSON stays JSON",
    before: `{"keys": [{"label": "ci", "hash": "${A}", "allow": []}]}\n`,
    after: `{"keys": [{"label": "ci", "hashes": [{ "hash": "${N}", "created": "2026-11-25" }, ` +
      `{ "hash": "${A}", "expires": "${UNTIL}" }], "allow": []}]}\n`,
  },
  {
    name: "a list in a block: what has ended goes, what ends sooner stays as it is",
    before: `keys:\n  - label: ci\n    hashes:\n      # newest first\n      - hash: ${A} # one\n` +
      `      - { hash: ${B}, expires: 2026-11-27 } # two\n` +
      `      - hash: ${C} # three\n        expires: 2026-11-01\n    allow: []\n`,
    after: `keys:\n  - label: ci\n    hashes:\n      # newest first\n      - ${ADDED}\n` +
      `      - hash: ${A} # one\n        expires: "${UNTIL}"\n` +
      `      - { hash: ${B}, expires: 2026-11-27 } # two\n    allow: []\n`,
  },
  {
    name: "a list in brackets",
    before: `keys:\n  - { label: ci, hashes: [{ hash: ${A}, expires: 2028-01-01 }], allow: [] }\n`,
    after: `keys:\n  - { label: ci, hashes: [${ADDED}, { hash: ${A}, expires: "${UNTIL}" }], ` +
      `allow: [] }\n`,
  },
  {
    name: "at once: the hash alone is another",
    before: `keys:\n  - label: ci\n    hash: "${A}" # Ada's\n    allow: []\n`,
    after:
      `keys:\n  - label: ci\n    hash: "${N}" # Ada's\n    created: "2026-11-25"\n    allow: []\n`,
    change: { until: null },
  },
  {
    name: "at once: the list has the new one alone",
    before:
      `keys:\n  - label: ci\n    hashes: [{ hash: ${A} }, { hash: ${B} }] # two\n    allow: []\n`,
    after: `keys:\n  - label: ci\n    hashes: [${ADDED}] # two\n    allow: []\n`,
    change: { until: null },
  },
  {
    name: "another end of the entry leaves the old key its own",
    before:
      `keys:\n  - label: ci\n    hash: ${A}\n    allow: []\n    expires: 2026-11-30 # renew!\n`,
    after: `keys:\n  - label: ci\n    hashes:\n      - ${ADDED}\n` +
      `      - { hash: "${A}", expires: "2026-11-30" }\n    allow: []\n` +
      `    expires: "2027-11-30" # renew!\n`,
    change: { expires: "2027-11-30" },
  },
];

for (const { name, before, after, change } of EXCHANGED) {
  Deno.test(`exchangeKey: ${name}`, () => {
    assert.equal(exchangeKey(before, { ...EXCHANGE, ...change }), after);
  });
  Deno.test(`exchangeKey with CRLF: ${name}`, () => {
    const crlf = (text: string) => text.replaceAll("\n", "\r\n");
    // What has no line break yet does not say which it would be.
    if (!before.endsWith("\n")) return;
    assert.equal(exchangeKey(crlf(before), { ...EXCHANGE, ...change }), crlf(after));
  });
}

const REFUSED = [
  {
    name: "a label that nobody has, with the one that was meant",
    text: `keys: [{ label: cj, hash: ${A} }]`,
    path: "keys",
    says: /no key with the label "ci".*did you mean "cj"\?/,
  },
  {
    name: "an entry that has ended",
    text: `keys: [{ label: ci, hash: ${A}, expires: 2026-11-01 }]`,
    path: "keys[0].expires",
    says: /--expires DATE/,
  },
  {
    name: "an entry without a hash",
    text: "keys: [{ label: ci }]",
    path: "keys[0]",
    says: /without a hash/,
  },
  {
    name: "an alias in the way",
    text: `x: &a ${A}\nkeys: [{ label: ci, hash: *a }]`,
    path: "keys[0].hash",
    says: /an alias/,
  },
  {
    name: "an anchor that would name something else",
    text: `keys:\n  - label: ci\n    hashes: &h\n      - hash: ${A}\nother: *h\n`,
    path: "other",
    says: /an alias/,
  },
  {
    name: "an explicit key",
    text: `keys:\n  - label: ci\n    ? hash\n    : ${A}\n    allow: []\n`,
    path: "keys",
    says: /by hand/,
  },
];

for (const { name, text, path, says } of REFUSED) {
  Deno.test(`exchangeKey refuses ${name}`, () => {
    const problems = exchangeKey(text, EXCHANGE, "my.yaml");
    assert.ok(typeof problems !== "string", String(problems));
    assert.equal(problems[0]?.path, path);
    assert.match(Object.values(problems[0] ?? {}).join(" "), says);
  });
}

const REMOVED = [
  {
    name: "an entry with what stands in it, and nothing beside it",
    before: `keys:\n  # one\n  - label: other\n    hash: ${B} # b\n\n  # two\n  - label: ci # x\n` +
      `    # inside\n    hash: ${A}\n    # at its end\n  # three\n  - { label: third, hash: ${C} }\n`,
    after: `keys:\n  # one\n  - label: other\n    hash: ${B} # b\n\n  # two\n` +
      `  # three\n  - { label: third, hash: ${C} }\n`,
  },
  { name: "the only one", before: `keys:\n  - label: ci\n# end\n`, after: `keys:\n# end\n` },
  { name: "the only one in brackets", before: `keys: [{ label: ci }]\n`, after: `keys: []\n` },
  {
    name: "one in brackets",
    before: `keys: [\n  { label: a }, # a\n  { label: ci }, # ci\n  { label: b } # b\n]\n`,
    after: `keys: [\n  { label: a }, # a\n  { label: b } # b\n]\n`,
  },
  {
    name: "the last in brackets, and the comma that JSON could not have",
    before: `{"keys": [{"label": "a"},\n  {"label": "ci"}]}\n`,
    after: `{"keys": [{"label": "a"}]}\n`,
  },
];

for (const { name, before, after } of REMOVED) {
  Deno.test(`removeKey takes out ${name}`, () => {
    assert.equal(removeKey(before, "ci"), after);
  });
}

Deno.test("removeOldHashes keeps the key that is good for longest, and its comment", () => {
  const text = `keys:\n  - label: ci\n    hashes:\n      - { hash: ${A} } # new\n` +
    `      - { hash: ${B}, expires: 2026-12-02 } # old\n    allow: []\n`;
  assert.equal(
    removeOldHashes(text, "ci"),
    `keys:\n  - label: ci\n    hashes:\n      - { hash: ${A} } # new\n    allow: []\n`,
  );
});

Deno.test("removeOldHashes refuses a label that has one key only", () => {
  const problems = removeOldHashes(`keys: [{ label: ci, hash: ${A} }]`, "ci");
  assert.ok(typeof problems !== "string");
  assert.equal(problems[0]?.found, "one key only");
});
