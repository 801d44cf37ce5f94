/** The supervisor over threads that stand still, die or refuse: it says so, and leaves nothing behind. */
import assert from "node:assert/strict";
import { StageError } from "../../src/policy/pipeline.ts";
import { Supervisor } from "../../src/workers/supervisor.ts";
import type { SupervisorParts } from "../../src/workers/supervisor.ts";
import { config } from "../gate/support/gate_scene.ts";
import { inTime } from "../support/eventually.ts";
import { REFUSED } from "./odd_worker.ts";

/** The threads that were started, and those that were ended. */
class Threads implements Disposable {
  readonly #started: Worker[] = [];
  ended = 0;

  get count(): number {
    return this.#started.length;
  }

  parts(stillMs: number): SupervisorParts {
    return {
      clock: { now: () => Date.now(), monotonic: () => performance.now() },
      random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
      log: () => ({ info() {}, warn() {} }),
      spawn: () => {
        const url = new URL("./odd_worker.ts", import.meta.url);
        const thread = new Worker(url, { type: "module" });
        const terminate = thread.terminate.bind(thread);
        thread.terminate = () => {
          this.ended++;
          terminate();
        };
        this.#started.push(thread);
        return thread;
      },
      claim: () => {},
      stillMs,
    };
  }

  [Symbol.dispose](): void {
    for (const thread of this.#started) thread.terminate();
  }
}

async function started(
  threads: Threads,
  { stillMs = 60_000, fingerprint = "" } = {},
): Promise<Supervisor> {
  const audit = { output: "stderr", onError: "refuse", chain: false } as const;
  return await Supervisor.start(config({ audit, fingerprint }), 2, threads.parts(stillMs));
}

Deno.test("Supervisor says so where a worker does not move any more", async () => {
  using threads = new Threads();
  const supervisor = await started(threads, { stillMs: 300 });
  assert.equal(supervisor.port, 4711);
  assert.match(await inTime("it to be noticed", supervisor.broken), /worker 0 does not move/);
  await supervisor.stop();
  assert.equal(threads.ended, 2);
});

Deno.test("Supervisor says so where a worker dies, and waits for it no longer", async () => {
  using threads = new Threads();
  const supervisor = await started(threads);
  await assert.rejects(
    async () => await supervisor.look(),
    /Worker is dead: .*thrown by the thread/,
  );
  assert.match(await inTime("it to be noticed", supervisor.broken), /has died: .*thrown by the/);
  await inTime("the stop", supervisor.stop());
  assert.equal(threads.ended, 2);
});

Deno.test("Supervisor begins with all workers or with none, and tells what one objects to", async () => {
  using threads = new Threads();
  await assert.rejects(started(threads, { fingerprint: REFUSED }), (error) => {
    assert.ok(error instanceof StageError);
    const { stageIndex, optionPath, message } = error;
    assert.deepEqual([stageIndex, optionPath, message], [2, ["from"], "no such hour"]);
    return true;
  });
  assert.deepEqual([threads.count, threads.ended], [2, 2]);
});
