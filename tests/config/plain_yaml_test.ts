/**
 * The quick reader never says more than the whole one: on texts of every kind it gives the same value,
 * or declines. And it does not decline what configurations are ordinarily written like.
 */
import assert from "node:assert/strict";
import { stringify } from "yaml";
import { parseText } from "../../src/config/document.ts";
import { loadConfig } from "../../src/config/load.ts";
import { DECLINED, plainValue } from "../../src/config/plain_yaml.ts";
import { fuzz } from "../support/fuzz.ts";
import type { Random } from "../support/random.ts";
import { loaded, memorySources } from "./sources.ts";

function read(text: string): unknown {
  const reading = plainValue(text);
  for (;;) {
    const step = reading.next();
    if (step.done) return step.value;
  }
}

/** Both readers on `text`; whether the quick one has read it. */
function compare(text: string): boolean {
  const quick = read(text);
  if (quick === DECLINED) return false;
  const whole = parseText(text);
  assert.deepEqual(whole.flaws, [], `the whole reader objects to:\n${text}`);
  assert.equal(whole.broken, false, `the whole reader cannot read:\n${text}`);
  assert.deepEqual(quick, whole.value, text);
  return true;
}

const HASH = "0123456789abcdef".repeat(4);

const BLOCK = `# A configuration.
upstream:
  url: "http://localhost:9000/mcp" # the server
  timeout: 30s
  headers: { X-Team: "a \\"b\\" \\u0041", Y: 'it is' }
  forward_headers: [traceparent, tracestate]
  identity_header: null
listen: ":8080"
path: /mcp
keys:
  - label: "laptop"
    hash: "${HASH}"
    allow: ["read_file", "search_*"]
    rate_limit: { rps: 0.5, burst: 10 }
    expires: 2027-01-31T10:00:00Z

  # By role.
  - label: ci
    hashes:
      - hash: ${HASH.replaceAll("0", "f")}
        created: 2026-11-25
    allow:
    - run_tests
    - "-x"
  - { label: "phone", hash: "${HASH.replaceAll("1", "e")}", allow: ["*"], }
limits:
    body: 4MiB
    depth: 128
pipeline: [
  audit, auth,
  ratelimit, { use: ./office.ts, options: { from: 9, on: true } },
  allowlist
]
`;

const FLOW = JSON.stringify(
  { upstream: { url: "http://x/mcp" }, keys: [{ label: "a", hash: HASH, allow: [] }], a: [1, {}] },
  null,
  2,
);

const PIECES = [
  ..."\"'{}[],:-#&*!|>%@`?~\n\t \\$.0=+/é",
  "\r\n",
  "\n\n",
  ": ",
  "- ",
  " #",
  "\n  ",
  "\n- ",
  "---\n",
  "...\n",
  "- - ",
  ": |\n",
  "__proto__: ",
  "constructor: ",
  "<<: *a\n",
  "!!str ",
  "&a ",
  "0x1F",
  "0o7",
  "007",
  "1e3",
  "1_000",
  "-0",
  ".5",
  ".inf",
  "~",
  "Null",
  "TRUE",
  "yes",
  "12345678901234567890",
  "2026-11-25",
  "10:30",
  "\\x41",
  "\\ud83d",
  "\\/",
  "\u00a0",
  "\u0085",
  "\u2028",
  "\ufeff",
  "\ufffd",
  "\u0000",
];

function mutated(random: Random, text: string): string {
  for (let edits = 1 + random.below(3); edits > 0; edits--) {
    const at = random.below(text.length + 1);
    const kind = random.below(4);
    const piece = random.pick(PIECES);
    if (kind === 0) text = text.slice(0, at) + text.slice(at + 1 + random.below(5));
    else if (kind === 1) text = text.slice(0, at) + piece + text.slice(at + 1);
    else if (kind === 2) text = text.slice(0, at) + piece + text.slice(at);
    else {
      const lines = text.split("\n");
      const line = random.below(lines.length);
      const other = lines[random.below(lines.length)] ?? "";
      lines.splice(line, random.below(2), random.chance(0.5) ? other : ` ${lines[line] ?? ""}`);
      text = lines.join("\n");
    }
  }
  return text;
}

Deno.test("plainValue reads texts as the whole reader does, or declines them, however they are mangled", () => {
  let readings = 0;
  let rounds = 0;
  fuzz(3000, (random) => {
    rounds++;
    if (compare(mutated(random, random.pick([BLOCK, FLOW])))) readings++;
  });
  assert.ok(readings > rounds / 20, `only ${readings} of ${rounds} texts were read at all`);
});

Deno.test("plainValue reads texts as the whole reader does, wherever they are cut off", () => {
  for (const text of [BLOCK, FLOW]) {
    for (let end = 0; end <= text.length; end++) compare(text.slice(0, end));
  }
});

function randomValue(random: Random, depth: number): unknown {
  const kind = random.below(depth > 3 ? 6 : 8);
  if (kind < 2) return random.pick(["read_file", "*", "a b", "x:y", "http://h/p", "", "- a", "#"]);
  if (kind === 2) return random.pick([0, 7, -3, 1.5, 1e21, 123456789012345]);
  if (kind === 3) return random.pick([true, false, null]);
  if (kind === 4) {
    return random.pick(["30s", "4MiB", "2027-01-31", "007", "1e3", "null", "Yes", "~"]);
  }
  if (kind === 5) {
    return random.pick(["it's", 'say "x"', "back\\slash", "é", "two\nlines", "\u2028"]);
  }
  const size = random.below(4);
  if (kind === 6) return Array.from({ length: size }, () => randomValue(random, depth + 1));
  return randomMapping(random, size, depth);
}

function randomMapping(random: Random, size: number, depth: number): Record<string, unknown> {
  const names = ["label", "X-Team", "a_b", "true", "1", "a b", "n.m", "constructor", "null"];
  return Object.fromEntries(
    Array.from({ length: size }, () => [random.pick(names), randomValue(random, depth + 1)]),
  );
}

Deno.test("plainValue reads what is written by others as the whole reader does, or declines it", () => {
  let readings = 0;
  let rounds = 0;
  fuzz(2000, (random) => {
    const value = randomMapping(random, 1 + random.below(4), 0);
    const indent = random.pick([2, 4]);
    const text = random.pick([
      () => stringify(value, { indent, indentSeq: random.chance(0.5), lineWidth: 0 }),
      () => stringify(value, { collectionStyle: "flow", indent }),
      () => stringify(value, { defaultStringType: "QUOTE_DOUBLE", lineWidth: 0 }),
      () => stringify(value, { defaultStringType: "QUOTE_SINGLE", lineWidth: 0 }),
      () => JSON.stringify(value),
      () => JSON.stringify(value, null, indent),
    ])();
    rounds++;
    if (compare(text)) readings++;
  });
  assert.ok(readings > rounds / 10, `only ${readings} of ${rounds} texts were read at all`);
});

const ORDINARY: readonly { readonly name: string; readonly text: string }[] = [
  { name: "a block text", text: BLOCK },
  { name: "JSON in lines", text: FLOW },
  { name: "what the YAML library writes", text: stringify(JSON.parse(FLOW)) },
  { name: "config.example.yaml", text: Deno.readTextFileSync("config.example.yaml") },
  { name: "no line end at the end", text: BLOCK.trimEnd() },
  { name: "an empty list of keys", text: 'upstream: { url: "http://x/" }\nkeys: []\n' },
];

for (const { name, text } of ORDINARY) {
  Deno.test(`plainValue does not decline ${name}`, () => assert.ok(compare(text)));
}

const DECLINES: readonly { readonly name: string; readonly text: string }[] = [
  { name: "an alias", text: "a: &x 1\nb: *x\n" },
  { name: "an anchor", text: "a: &x 1\n" },
  { name: "a tag", text: "a: !!str 1\n" },
  { name: "a merge key", text: "a: { <<: { b: 1 } }\n" },
  { name: "a name twice", text: "a: 1\na: 2\n" },
  { name: "a name twice, once in quotes", text: 'a: 1\n"a": 2\n' },
  { name: "a name twice in a flow mapping", text: "a: { b: 1, b: 2 }\n" },
  { name: "__proto__", text: "__proto__: 1\n" },
  { name: "__proto__ in quotes", text: '{"__proto__": 1}\n' },
  { name: "a second document", text: "a: 1\n---\nb: 1\n" },
  { name: "a directive", text: "%YAML 1.1\n---\na: 1\n" },
  { name: "a complex key", text: "? [a]\n: 1\n" },
  { name: "a number for a name", text: "1: a\n" },
  { name: "a literal block", text: "a: |\n  b\n" },
  { name: "a text over two lines", text: "a: b\n  c\n" },
  { name: "a quoted text over two lines", text: 'a: "b\n  c"\n' },
  { name: "a tab", text: "a:\tb\n" },
  { name: "bytes that were no UTF-8", text: "a: \ufffd\n" },
  { name: "a list", text: "- a\n" },
  { name: "nothing", text: "" },
  { name: "a comment alone", text: "# a\n" },
  { name: "a thousand levels", text: `a: ${"[".repeat(1000)}${"]".repeat(1000)}\n` },
];

for (const { name, text } of DECLINES) {
  Deno.test(`plainValue declines ${name}`, () => assert.equal(read(text), DECLINED));
}

/** Only long texts are read quickly. */
const LONG = BLOCK + "# One more line.\n".repeat(5000);

Deno.test("loadConfig makes the same of a text whichever reader it takes", () => {
  const files = { "/etc/mcpgate/office.ts": "export default {};" };
  const plain = loaded(LONG, files);
  // A document marker is what the quick reader declines.
  const whole = loaded(`---\n${LONG}`, files);
  assert.deepEqual({ ...plain, fingerprint: "" }, { ...whole, fingerprint: "" });
  assert.ok(plain.keys.every((key) => Object.isFrozen(key) && Object.isFrozen(key.hashes[0])));
});

Deno.test("loadConfig points into a text that was read quickly when somebody objects to it", () => {
  const result = loadConfig("c", memorySources({ c: LONG, "/etc/mcpgate/office.ts": "" }));
  assert.ok(result.ok);
  const { line, column, excerpt } = result.problemAt(["pipeline", 3, "options", "from"], "9", "10");
  assert.deepEqual([line, column], [31, 51]);
  assert.match(excerpt ?? "", /use: /);
});
