/** The stage `audit` on real files: one line an exchange, rotation, and a sink that fails and recovers. */
import assert from "node:assert/strict";
import { audit } from "../../policies/audit.ts";
import type { Decision } from "../../src/policy/contract.ts";
import { eventually } from "../support/eventually.ts";
import { type Ask, asked, build, LentHost, outcome } from "./lent_host.ts";

const HEAD = asked({ kind: "listen" });

/** A folder of its own with a host that writes `audit.log` in it. */
class AuditedFolder implements AsyncDisposable {
  readonly folder = Deno.makeTempDirSync({ prefix: "mcpgate_audit_" });
  readonly path = `${this.folder}/audit.log`;
  readonly host: LentHost;

  constructor() {
    this.host = new LentHost({ audit: { output: this.path, onError: "refuse", chain: false } });
  }

  /** Names in the field `tool` of all lines of the file, each of which must be whole. */
  written(path = this.path): string[] {
    const text = Deno.readTextFileSync(path);
    assert.ok(text === "" || text.endsWith("\n"), "the last line is torn");
    return text.split("\n").slice(0, -1).map((line) => JSON.parse(line).tool);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.host[Symbol.asyncDispose]();
    Deno.removeSync(this.folder, { recursive: true });
  }
}

/** An exchange about `subject`, from its first stage to its end. */
async function exchange(ask: Ask, subject: string): Promise<Decision> {
  const decision = await ask(HEAD);
  if (decision.verdict === "allow") decision.onFinish?.(outcome({ subject }));
  return decision;
}

Deno.test("audit writes one line for each exchange, in the order in which they end", async () => {
  await using place = new AuditedFolder();
  const ask = await build(audit, place.host);
  const names = Array.from({ length: 50 }, (_, index) => `tool_${index}`);
  for (const name of names) await exchange(ask, name);
  await eventually("all lines are written", () => place.written().length === names.length);
  assert.deepEqual(place.written(), names);
});

Deno.test("audit writes what waits when it ends", async () => {
  await using place = new AuditedFolder();
  await exchange(await build(audit, place.host), "last");
  await place.host[Symbol.asyncDispose]();
  assert.deepEqual(place.written(), ["last"]);
});

Deno.test({
  name: "only its owner may read a file that audit creates",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using place = new AuditedFolder();
    await build(audit, place.host);
    assert.equal((Deno.statSync(place.path).mode ?? 0) & 0o777, 0o600);
  },
});

Deno.test("audit appends to what is there", async () => {
  await using place = new AuditedFolder();
  Deno.writeTextFileSync(place.path, '{"tool":"before"}\n');
  await exchange(await build(audit, place.host), "after");
  await eventually("the line is written", () => place.written().length === 2);
  assert.deepEqual(place.written(), ["before", "after"]);
});

Deno.test("audit begins a new line after one that was torn by the end of another gate", async () => {
  await using place = new AuditedFolder();
  Deno.writeTextFileSync(place.path, '{"tool":"before"}\n{"tool":"to');
  await exchange(await build(audit, place.host), "after");
  const written = () => Deno.readTextFileSync(place.path).split("\n");
  await eventually("the line is written", () => written().length === 4);
  const [, torn, after = ""] = written();
  assert.deepEqual([torn, JSON.parse(after).tool], ['{"tool":"to', "after"]);
});

Deno.test("audit that cannot open its output refuses the configuration", async () => {
  await using host = new LentHost({
    audit: { output: "/nonexistent/folder/audit.log", onError: "continue", chain: false },
  });
  await assert.rejects(() => build(audit, host), Deno.errors.NotFound);
});

Deno.test("a reload continues in a new file where the old one was moved away", async () => {
  await using place = new AuditedFolder();
  const ask = await build(audit, place.host);
  await exchange(ask, "one");
  Deno.renameSync(place.path, `${place.path}.1`);
  await exchange(ask, "two");
  place.host.reload();
  await exchange(ask, "three");
  await eventually("the new file has a line", () => place.written().length === 1);
  assert.deepEqual(place.written(`${place.path}.1`), ["one", "two"]);
  assert.deepEqual(place.written(), ["three"]);
});

Deno.test("a reload that cannot open the file keeps the old one and says so", async () => {
  await using place = new AuditedFolder();
  const ask = await build(audit, place.host);
  Deno.renameSync(place.path, `${place.path}.1`);
  Deno.mkdirSync(place.path);
  place.host.reload();
  await exchange(ask, "still");
  await eventually("the line is written", () => place.written(`${place.path}.1`).length === 1);
  assert.match(place.host.lines.join("\n"), /^warn: cannot reopen the audit output/);
  assert.equal((await ask(HEAD)).verdict, "allow");
});

Deno.test("a second generation writes to the same file", async () => {
  await using place = new AuditedFolder();
  const [old, young] = [await build(audit, place.host), await build(audit, place.host)];
  await exchange(young, "new");
  await exchange(old, "old");
  await eventually("both are written", () => place.written().length === 2);
  assert.deepEqual(place.written(), ["new", "old"]);
});

/** A device on which every write fails as on a full disk. */
const FULL = { name: "/dev/full", ignore: Deno.build.os !== "linux" } as const;

Deno.test({
  name: "while the disk is full new exchanges are refused",
  ignore: FULL.ignore,
  fn: async () => {
    await using host = new LentHost({
      audit: { output: FULL.name, onError: "refuse", chain: false },
    });
    const ask = await build(audit, host);
    assert.equal((await exchange(ask, "lost")).verdict, "allow");
    await eventually("it refuses", async () => (await ask(HEAD)).verdict === "deny");
    assert.deepEqual(await ask(HEAD), {
      verdict: "deny",
      kind: "unavailable",
      reason: "The audit log cannot be written",
    });
    assert.match(host.lines.join("\n"), /^warn: cannot write the audit log: No space left/);
  },
});

Deno.test({
  name: "while the disk is full exchanges go on where on_error is continue",
  ignore: FULL.ignore,
  fn: async () => {
    await using host = new LentHost({
      audit: { output: FULL.name, onError: "continue", chain: false },
    });
    const ask = await build(audit, host);
    await exchange(ask, "lost");
    await eventually("it fails", () => host.lines.length > 0);
    assert.equal((await ask(HEAD)).verdict, "allow");
  },
});

Deno.test({
  name: "what waited while the disk was full is written when there is room again",
  ignore: FULL.ignore,
  fn: async () => {
    await using place = new AuditedFolder();
    Deno.symlinkSync(FULL.name, place.path);
    const ask = await build(audit, place.host);
    await exchange(ask, "one");
    await eventually("it refuses", async () => (await ask(HEAD)).verdict === "deny");
    Deno.removeSync(place.path);
    place.host.reload();
    await eventually("it allows", async () => (await ask(HEAD)).verdict === "allow");
    await exchange(ask, "two");
    await eventually("both are written", () => place.written().length === 2);
    assert.deepEqual(place.written(), ["one", "two"]);
    assert.match(place.host.lines.join("\n"), /info: the audit log is written again$/);
  },
});
