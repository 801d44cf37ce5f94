/**
 * Properties of loading that hold for any text: it answers, and it never shows a secret. The inputs
 * are mutations of a good file from a seeded generator; `FUZZ_ROUNDS` asks for more of them.
 */
import assert from "node:assert/strict";
import { addKey } from "../../src/config/edit.ts";
import { formatProblems, loadConfig } from "../../src/config/load.ts";
import { memorySources } from "./sources.ts";

const ROUNDS = Number(Deno.env.get("FUZZ_ROUNDS") ?? 1000);

/** Three secrets in the text, two behind references. None has the form of a word. */
const SECRETS = ["kW3zq9LrTb71", "pV8xd2MnYc64", "hJ5ts0QwRg93", "mF6vb4ZkXe28", "uD1ya7NpSh50"];

const FILES = { "/etc/mcpgate/seal": `${SECRETS[3]}`.repeat(3) };

const ENV = { TOKEN: SECRETS[4]! };

const GOOD = `upstream:
  url: "http://localhost:9000/mcp"
  timeout: 30s
  headers:
    Authorization: "Bearer ${SECRETS[0]}"
    X-Token: "\${TOKEN}"
  forward_headers: [traceparent]
listen: ":8080"
secret: "file:seal" # the old one was ${SECRETS[2]}
keys:
  - label: "laptop"
    hash: "${"0123456789abcdef".repeat(4)}"
    allow: ["read_file", "search_*"]
    expires: 2027-01-31
  - { label: "phone", hash: "mcpg_${
  SECRETS[1]
}AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", allow: ["*"] }
defaults: { rate_limit: { rps: 20, burst: 40 } }
pipeline: [audit, auth, ratelimit, allowlist]
`;

/** What breaks YAML, moves values to other places, or means something to us. */
const PIECES = [
  ..."\"'{}[],:-#&*!|>%@`\n\t \\$",
  "\r\n",
  ": ",
  "- ",
  "---\n",
  "${TOKEN}",
  "file:seal",
  "__proto__: ",
  "<<: *a\n",
  "!!binary ",
  "&a ",
  "0x1F",
  ".inf",
  "null",
  "\u2028",
  "\ufffd",
  "\u0000",
  "9".repeat(400),
];

Deno.test("loadConfig and addKey answer whatever they are given, and show no secret", () => {
  const random = seeded(20260728);
  for (let round = 0; round < ROUNDS; round++) {
    const text = mutate(GOOD, 1 + Math.floor(random() * 4), random);
    const sources = memorySources({ ...FILES, "config.yaml": text }, ENV);
    const result = loadConfig("config.yaml", sources);
    const edited = addKey(text, { label: "new", hash: "c".repeat(64), allow: [] });
    const said = (result.ok ? "" : formatProblems(result.problems)) +
      (typeof edited === "string" ? "" : formatProblems(edited));
    for (const secret of SECRETS) {
      assert.ok(!said.includes(secret), `round ${round} shows a secret:\n${said}\nof:\n${text}`);
    }
  }
});

Deno.test("loadConfig shows no secret wherever the file is cut off", () => {
  for (let end = 0; end <= GOOD.length; end++) {
    const text = GOOD.slice(0, end);
    const result = loadConfig("c", memorySources({ ...FILES, c: text }, ENV));
    const said = result.ok ? "" : formatProblems(result.problems);
    assert.ok(!SECRETS.some((secret) => said.includes(secret)), said);
  }
});

/** Copies, deletions and insertions that leave the secrets themselves whole. */
function mutate(text: string, times: number, random: () => number): string {
  let mutated = text;
  for (let time = 0; time < times; time++) {
    const from = outsideSecrets(mutated, Math.floor(random() * mutated.length));
    const to = outsideSecrets(mutated, Math.min(mutated.length, from + Math.floor(random() * 12)));
    const piece = PIECES[Math.floor(random() * PIECES.length)]!;
    const lines = mutated.split("\n");
    switch (Math.floor(random() * 4)) {
      case 0:
        mutated = mutated.slice(0, from) + piece + mutated.slice(from);
        break;
      case 1:
        mutated = mutated.slice(0, from) + mutated.slice(Math.max(from, to));
        break;
      case 2:
        mutated = mutated.slice(0, from) + piece + mutated.slice(Math.max(from, to));
        break;
      default:
        lines.splice(
          Math.floor(random() * lines.length),
          Math.floor(random() * 2),
          lines[Math.floor(random() * lines.length)]!,
        );
        mutated = lines.join("\n");
    }
  }
  return mutated;
}

/** `at`, or the end of the secret that it is inside of. */
function outsideSecrets(text: string, at: number): number {
  for (const secret of SECRETS) {
    const start = text.lastIndexOf(secret, at);
    if (start >= 0 && at > start && at < start + secret.length) return start + secret.length;
  }
  return at;
}

/** mulberry32: small, fast, and the same everywhere. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
