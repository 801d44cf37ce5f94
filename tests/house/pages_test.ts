/**
 * The pages keep their word. Of the README: its configurations load, what it says to write is taken,
 * its policy is checked and decides, its tasks exist, and the audit line it shows is one. Of
 * SECURITY.md: every guarantee has a test that holds it.
 */
import assert from "node:assert/strict";
import { parse } from "yaml";
import { auditLine } from "../../policies/audit_line.ts";
import { configSchema } from "../../src/config/schema.ts";
import { schemaAt } from "../../src/config/schema_place.ts";
import { loadPlugin } from "../../src/policy/plugins.ts";
import { loaded } from "../config/sources.ts";
import { type Ask, asked, LentHost, outcome, request } from "../policies/lent_host.ts";
import { moduleFaults } from "../support/module_check.ts";

const root = new URL("../../", import.meta.url);
const readme = Deno.readTextFileSync(new URL("README.md", root));

/** The fenced blocks of `language`. */
function blocks(language: string): string[] {
  const found = readme.matchAll(new RegExp("^```" + language + "\\n([\\s\\S]*?)^```$", "gm"));
  return [...found].map(([, text = ""]) => text);
}

const [policy = ""] = blocks("ts");

Deno.test("README: every configuration loads", () => {
  assert.ok(blocks("yaml").length >= 2);
  for (const text of blocks("yaml")) {
    const config = loaded(text, { "/etc/mcpgate/office_hours.ts": policy });
    assert.equal(config.keys[0]?.label, "claude-desktop");
  }
});

Deno.test("README: what its table says to write is taken, each in its place", () => {
  const table = readme.slice(readme.indexOf("| to | say |")).split("\n\n")[0] ?? "";
  const said = [...table.matchAll(/`([a-z_.]+): ([^`]+)`/g)];
  assert.ok(said.length >= 10);
  for (const [text, option = "", value = ""] of said) {
    const path = option.split(".");
    const schema = schemaAt(configSchema, path) ?? schemaAt(configSchema, ["keys", 0, ...path]);
    assert.ok(schema !== undefined, `There is no ${option}`);
    assert.ok((schema as typeof configSchema).safeParse(parse(value)).success, text);
  }
});

Deno.test("README: the policy is one by the printed contract", async () => {
  assert.deepEqual(await moduleFaults([policy]), [""]);
});

Deno.test("README: the policy lets calls pass in office hours only", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/office_hours.ts`, policy);
    const module = await loadPlugin(`${folder}/office_hours.ts`);
    await using host = new LentHost();
    const ask = await module.create({ from: 9, to: 17 }, host) as Ask;
    const hour = (value: number) => Date.UTC(2026, 10, 23, value);
    const verdicts = [];
    for (const at of [8, 9, 16, 17]) {
      host.clock.ms = hour(at);
      verdicts.push((await ask(asked(request("tools/call", { name: "read_file" })))).verdict);
    }
    assert.deepEqual(verdicts, ["deny", "allow", "allow", "deny"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("README: the audit line has the members of one, in their order", () => {
  const [shown = ""] = blocks("json");
  const real = JSON.parse(auditLine(outcome(), 2048));
  assert.deepEqual(Object.keys(JSON.parse(shown)), Object.keys(real));
});

Deno.test("README: every task is one of deno.json's, by the Deno that CI pins", () => {
  const { tasks } = JSON.parse(Deno.readTextFileSync(new URL("deno.json", root)));
  const calls = [...readme.matchAll(/npx --yes deno@(\S+) task (\w+)/g)];
  assert.ok(calls.length >= 5);
  for (const [, version, task = ""] of calls) {
    assert.equal(version, "2.9.6");
    assert.ok(Object.hasOwn(tasks, task), `There is no task "${task}"`);
  }
  assert.match(Deno.readTextFileSync(new URL(".ci/run", root)), /deno@2\.9\.6/);
});

Deno.test("SECURITY.md: every guarantee names tests that exist", () => {
  const security = Deno.readTextFileSync(new URL("SECURITY.md", root));
  const [, table = ""] = security.split("## What is guaranteed");
  const rows = (table.split("##")[0] ?? "").trim().split("\n").slice(2);
  assert.ok(rows.length >= 10);
  for (const row of rows) {
    const files = [...row.matchAll(/`(tests\/\S+_test\.ts)`/g)].map(([, file = ""]) => file);
    assert.ok(files.length > 0, row);
    for (const file of files) assert.ok(Deno.statSync(new URL(file, root)).isFile);
  }
});
