/**
 * Configurations with mistakes, and what is said about them. Each file of testdata/config holds the
 * input, a line of dashes and the expected text. `UPDATE_GOLDENS=1 deno test -A` writes them anew.
 */
import assert from "node:assert/strict";
import { formatProblems, loadConfig } from "../../src/config/load.ts";
import { memorySources } from "./sources.ts";

const FOLDER = new URL("../testdata/config/", import.meta.url);

const LINE = "\n----------\n";

const ENV = {
  EMPTY: "",
  SHORT: "letmein",
  HOST: "localhost:9000",
  USER: "letmein",
};

const PEM = new URL("../testdata/tls/", import.meta.url);

const FILES = {
  "/etc/mcpgate/cert.pem": Deno.readTextFileSync(new URL("localhost.pem", PEM)),
  "/etc/mcpgate/key.pem": Deno.readTextFileSync(new URL("localhost.key.pem", PEM)),
  "/etc/mcpgate/ca.pem": Deno.readTextFileSync(new URL("ca.pem", PEM)),
  "/etc/mcpgate/encrypted.pem": "-----BEGIN ENCRYPTED PRIVATE KEY-----\nletmein\n" +
    "-----END ENCRYPTED PRIVATE KEY-----\n",
  "/etc/mcpgate/broken.pem": "-----BEGIN CERTIFICATE-----\nletmein\n-----END CERTIFICATE-----\n" +
    "-----BEGIN PRIVATE KEY-----\nletmein\n-----END PRIVATE KEY-----\n",
  "/etc/mcpgate/token": "letmein\n",
  "/lines": "letmein\nletmein\n",
  "/etc/mcpgate/auth.ts": "export default {};",
  "/etc/mcpgate/door.ts": "export default {};",
};

for (const name of goldenNames()) {
  Deno.test(`formatProblems says what is wrong with ${name}`, () => {
    const file = new URL(name, FOLDER);
    const golden = Deno.readTextFileSync(file);
    const end = golden.indexOf(LINE);
    const input = golden.slice(0, end + 1);
    const said = problemText(input);
    if (Deno.env.get("UPDATE_GOLDENS") === "1") {
      Deno.writeTextFileSync(file, input + LINE.slice(1) + said + "\n");
    } else {
      assert.equal(said + "\n", golden.slice(end + LINE.length));
    }
  });
}

Deno.test("formatProblems shows no secret of any golden", () => {
  for (const name of goldenNames()) {
    const golden = Deno.readTextFileSync(new URL(name, FOLDER));
    assert.doesNotMatch(golden.slice(golden.indexOf(LINE)), /letmein|battery staple|mcpg_\w/);
  }
});

function goldenNames(): string[] {
  return [...Deno.readDirSync(FOLDER)].map(({ name }) => name).filter((name) =>
    name.endsWith(".txt")
  ).sort();
}

function problemText(input: string): string {
  const files = { ...FILES, "config.yaml": input };
  const result = loadConfig("config.yaml", memorySources(files, ENV));
  assert.equal(result.ok, false, "a golden holds at least one mistake");
  return result.ok ? "" : formatProblems(result.problems);
}
