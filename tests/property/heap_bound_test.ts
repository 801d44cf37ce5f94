/**
 * P14, memory: what is read of a body of n bytes takes 6·n bytes and a constant at most, while it is
 * read and afterwards, whatever the body. Each is read by a process of its own, so that what one has
 * left behind does not hide what another takes.
 */
import assert from "node:assert/strict";
import { ADVERSARIES } from "./adversarial_bodies.ts";

const MIB = 1024 * 1024;

/** The largest body that is read by default. */
const BODY_BYTES = 4 * MIB;

/** What a document of few bytes may hold all the same: `limits.members` empty objects. */
const LIVE_MORE = 16 * MIB;

/** Beside that, what the engine lets lie before it collects: its young generation, at its largest. */
const PEAK_MORE = 48 * MIB;

interface Told {
  readonly bytes: number;
  readonly live: number;
  readonly peak: number;
  readonly isRead: boolean;
}

async function told(index: number): Promise<Told> {
  const program = new URL("heap_program.ts", import.meta.url).pathname;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--allow-all",
      "--no-check",
      "--quiet",
      "--v8-flags=--expose-gc",
      program,
      String(index),
      String(BODY_BYTES),
    ],
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

for (const [index, { name }] of ADVERSARIES.entries()) {
  Deno.test({
    name: `reading ${name} takes no more memory than its length allows`,
    // Other systems do not tell how high memory went.
    ignore: Deno.build.os !== "linux",
    fn: async () => {
      const { bytes, live, peak } = await told(index);
      assert.ok(bytes > 0 && bytes <= BODY_BYTES);
      assert.ok(live <= 6 * bytes + LIVE_MORE, `${live} stay of ${bytes}`);
      assert.ok(peak <= 6 * bytes + PEAK_MORE, `${peak} at the highest for ${bytes}`);
    },
  });
}

Deno.test("bodies that fill what they may are among those whose memory is bounded", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  const filling = ADVERSARIES.findIndex(({ name }) => name === "one long text");
  const { bytes, live, isRead } = await told(filling);
  assert.ok(isRead && bytes > 0.99 * BODY_BYTES && live > bytes);
});
