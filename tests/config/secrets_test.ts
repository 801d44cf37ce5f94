/** Secrets: how they get into a configuration, and that a reload notices what they are. */
import assert from "node:assert/strict";
import { loaded } from "./sources.ts";

const KEY = `keys: [{ label: laptop, hash: ${"a".repeat(64)}, allow: [read_file] }]`;

Deno.test("loadConfig reads secrets from the environment and from files, relative to its own", () => {
  const text = `
upstream:
  url: http://localhost:9000/mcp
  headers:
    Authorization: "Bearer \${TOKEN}"
    X-Price: "5$$ \${NOT}\${TOKEN}"
    X-File: "file:token"
    X-Uri: "file:///run/token"
    X-Named: "file:\${FOLDER}/token"
    X-Two-Lines-End: "file:lines"
secret: "file:seal"
${KEY}
pipeline: [audit, auth, allowlist]
`.replace("${NOT}", () => "$${NOT}");
  const files = {
    "/etc/mcpgate/token": "from beside\n",
    "/run/token": "from run\r\n",
    "/etc/mcpgate/lines": "one",
    "/etc/mcpgate/seal": "s".repeat(32) + "\n",
  };
  const { secrets } = loaded(text, files, { TOKEN: "a$b${c}", FOLDER: "/run" });
  assert.equal(secrets.seal, "s".repeat(32));
  assert.deepEqual(secrets.upstreamHeaders, [
    ["authorization", "Bearer a$b${c}"],
    ["x-price", "5$ ${NOT}a$b${c}"],
    ["x-file", "from beside"],
    ["x-uri", "from run"],
    ["x-named", "from run"],
    ["x-two-lines-end", "one"],
  ]);
});

/** What a reload has to notice. */
const CHANGES = [
  { name: "the text", change: { text: "\n# a comment" } },
  { name: "a variable", change: { env: { TOKEN: "other" } } },
  { name: "a secret's file", change: { files: { "/etc/mcpgate/seal": "t".repeat(32) } } },
  { name: "a module", change: { files: { "/etc/mcpgate/m.ts": "edited" } } },
];

for (const { name, change } of CHANGES) {
  Deno.test(`loadConfig's fingerprint changes with ${name}, and with nothing else`, () => {
    assert.equal(fingerprint({}), fingerprint({ env: { UNUSED: "1" } }));
    assert.notEqual(fingerprint({}), fingerprint(change));
  });
}

function fingerprint(
  { text = "", env = {}, files = {} }: {
    text?: string;
    env?: Record<string, string>;
    files?: Record<string, string>;
  },
): string {
  const config = `upstream: { url: "http://localhost/", headers: { X-A: "\${TOKEN}" } }\n${KEY}
secret: "file:seal"
pipeline: [audit, auth, { use: m.ts }, allowlist]${text}`;
  const seen = { "/etc/mcpgate/seal": "s".repeat(32), "/etc/mcpgate/m.ts": "", ...files };
  return loaded(config, seen, { TOKEN: "a", ...env }).fingerprint;
}
