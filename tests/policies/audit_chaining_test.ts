/** The stage `audit` with a chain, on real files: its key, rotation, reloads and lost lines. */
import assert from "node:assert/strict";
import { keyPath, markPath, readKey } from "../../policies/audit_beside.ts";
import { LINK_LENGTH } from "../../policies/audit_link.ts";
import { AuditSink } from "../../policies/audit_sink.ts";
import { AuditChain } from "../../policies/audit_chain.ts";
import type { AuditOutput } from "../../policies/audit_output.ts";
import { audit } from "../../policies/audit.ts";
import type { Verdict } from "../../policies/audit_verifier.ts";
import { eventually } from "../support/eventually.ts";
import { found, KEY, SECRET, verified } from "./chained_log.ts";
import { type Ask, asked, build, LentHost, outcome } from "./lent_host.ts";

/** A stage with a chain in a folder of its own. */
class ChainedStage implements AsyncDisposable {
  readonly folder = Deno.makeTempDirSync({ prefix: "mcpgate_chained_" });
  readonly path = `${this.folder}/audit.jsonl`;
  host = this.newHost();
  #count = 0;

  newHost(): LentHost {
    return new LentHost({ audit: { output: this.path, onError: "refuse", chain: true } });
  }

  async ask(): Promise<Ask> {
    return await build(audit, this.host);
  }

  /** `count` exchanges, each recorded when this settles. */
  async exchanges(ask: Ask, count: number): Promise<void> {
    const size = Deno.statSync(this.path).size;
    for (let each = 0; each < count; each++) {
      const decision = await ask(asked({ kind: "listen" }));
      if (decision.verdict === "deny") throw new Error(decision.reason);
      decision.onFinish?.(outcome({ exchange: `x${++this.#count}` }));
    }
    await eventually(
      "all are written",
      () => this.text(this.path).slice(size).split("\n").length > count,
    );
  }

  text(path = this.path): string {
    return Deno.readTextFileSync(path);
  }

  verify(...paths: string[]): Verdict {
    const text = paths.map((path) => this.text(path)).join("");
    const key = readKey(this.text(keyPath(this.path)), "key");
    return verified(text, [key], this.text(markPath(this.path)));
  }

  async end(): Promise<void> {
    await this.host[Symbol.asyncDispose]();
    this.host = this.newHost();
    this.host.clock.ms += 60_000;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.host[Symbol.asyncDispose]();
    Deno.removeSync(this.folder, { recursive: true });
  }
}

Deno.test("the key is made once, beside the log, for its owner only, like the mark", async () => {
  await using stage = new ChainedStage();
  await stage.exchanges(await stage.ask(), 1);
  const key = stage.text(keyPath(stage.path));
  await stage.end();
  await stage.exchanges(await stage.ask(), 1);
  await stage.end();
  assert.equal(stage.text(keyPath(stage.path)), key);
  assert.equal(found(stage.verify(stage.path)), null);
  if (Deno.build.os === "windows") return;
  for (const path of [keyPath(stage.path), markPath(stage.path)]) {
    assert.equal((Deno.statSync(path).mode ?? 0) & 0o777, 0o600, path);
  }
});

Deno.test({
  name: "a key that others can read refuses the configuration",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using stage = new ChainedStage();
    await stage.ask();
    Deno.chmodSync(keyPath(stage.path), 0o640);
    await assert.rejects(() => build(audit, stage.newHost()), /chmod 600 .*audit\.jsonl\.key$/);
  },
});

Deno.test("with a secret no key is kept", async () => {
  await using stage = new ChainedStage();
  stage.host.key = (purpose) => purpose === "audit chain" ? SECRET : null;
  await stage.exchanges(await stage.ask(), 2);
  assert.throws(() => Deno.statSync(keyPath(stage.path)), Deno.errors.NotFound);
  assert.equal(found(verified(stage.text())), null);
});

Deno.test("rotation, restarts and reloads leave one chain over all files", async () => {
  await using stage = new ChainedStage();
  const first = `${stage.path}.2`;
  const second = `${stage.path}.1`;
  const ask = await stage.ask();
  await stage.exchanges(ask, 3);
  stage.host.reload();
  await stage.exchanges(ask, 2);
  Deno.renameSync(stage.path, first);
  stage.host.reload();
  await stage.exchanges(ask, 2);
  await stage.end();
  await stage.exchanges(await stage.ask(), 2);
  await stage.end();
  Deno.renameSync(stage.path, second);
  await stage.exchanges(await stage.ask(), 1);
  await stage.end();
  const all = stage.verify(first, second, stage.path);
  assert.deepEqual([all.finding, all.sound, all.runs, all.notes], [null, 10, 3, []]);
  for (const path of [second, stage.path]) {
    const alone = verified(stage.text(path), [readKey(stage.text(keyPath(stage.path)), "key")]);
    assert.deepEqual([alone.finding, alone.notes.at(-1)], [
      null,
      "1 follows lines that are not here",
    ]);
  }
  assert.equal(found(stage.verify(first, stage.path)), "6: missing");
});

Deno.test("a chain that is turned off leaves lines that nothing vouches for", async () => {
  await using stage = new ChainedStage();
  await stage.exchanges(await stage.ask(), 2);
  const { audit: settings } = stage.host.config;
  stage.host.config = { ...stage.host.config, audit: { ...settings, chain: false } };
  const ask = await stage.ask();
  stage.host.reload();
  await stage.exchanges(ask, 1);
  assert.equal(found(stage.verify(stage.path)), "3: unsigned");
});

Deno.test("a chain that is turned on by a reload begins there", async () => {
  await using stage = new ChainedStage();
  const { audit: settings } = stage.host.config;
  stage.host.config = { ...stage.host.config, audit: { ...settings, chain: false } };
  await stage.exchanges(await stage.ask(), 2);
  stage.host.config = { ...stage.host.config, audit: settings };
  const ask = await stage.ask();
  stage.host.reload();
  await stage.exchanges(ask, 2);
  const { finding, sound } = stage.verify(stage.path);
  assert.deepEqual([finding, sound], [null, 2]);
});

Deno.test("a line with its link keeps to the limit of a line", async () => {
  await using stage = new ChainedStage();
  const { limits } = stage.host.config;
  stage.host.config = { ...stage.host.config, limits: { ...limits, auditLineBytes: 1024 } };
  const decision = await (await stage.ask())(asked({ kind: "listen" }));
  assert.equal(decision.verdict, "allow");
  decision.onFinish?.(outcome({ subject: "x".repeat(5000), detail: "\u{1f512}".repeat(500) }));
  await stage.end();
  assert.ok(stage.text().length <= 1024 && stage.text().length > 1024 - LINK_LENGTH - 600);
  assert.equal(found(stage.verify(stage.path)), null);
});

/** An output that takes nothing while it is full. */
class Tank implements AuditOutput {
  text = "";
  isFull = true;
  readonly isEmptyFile = true;
  write(bytes: Uint8Array): number {
    if (this.isFull) throw new Error("No space left on device");
    this.text += new TextDecoder().decode(bytes);
    return bytes.length;
  }
  isSameFile(other: AuditOutput): boolean {
    return other === this;
  }
  close(): void {}
}

Deno.test("lines that a failing sink loses leave a gap that the next line tells of", async () => {
  const tank = new Tank();
  const host = new LentHost();
  const chain = AuditChain.onStream(KEY, host);
  const padding = "x".repeat(1024 * 1024);
  {
    await using sink = new AuditSink(() => tank, host.log, () => chain);
    for (let count = 0; count < 20; count++) sink.push(`{"exchange":"${padding}"}\n`);
    tank.isFull = false;
    await eventually("it has recovered", () => !sink.isFailing);
    sink.push('{"exchange":"after"}\n');
  }
  const { finding, sound } = verified(tank.text);
  assert.equal(finding?.text, "follows 5 lines that the gate could not write, as it says itself");
  assert.equal(sound, 16);
});
