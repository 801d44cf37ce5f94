/** Shared memory under several threads at once: limits are never passed, and nothing is given twice. */
import assert from "node:assert/strict";
import { BUCKET_NUMBERS } from "../../src/workers/shared_buckets.ts";
import { allocateEntries } from "../../src/workers/shared_entries.ts";
import { SharedStreams } from "../../src/workers/shared_counts.ts";
import { allocateSlots, type SlotsMemory } from "../../src/workers/shared_slots.ts";
import { BOUNDS, COUNT_LIMIT, type Hammering, LIMIT } from "./hammer.ts";

const THREADS = 4;
const FOR_MS = 300;

/** What each of several threads got, how long they took, and what they did it to. */
async function hammered(
  work: Hammering["work"],
): Promise<{ got: number[]; ms: number; slots: SlotsMemory }> {
  const shared: Omit<Hammering, "self"> = {
    work,
    forMs: FOR_MS,
    threads: THREADS,
    start: new SharedArrayBuffer(8),
    slots: allocateSlots(100, BUCKET_NUMBERS, new Uint8Array(16)),
    number: new SharedArrayBuffer(8),
    entries: allocateEntries(BOUNDS, 7),
  };
  const threads = Array.from({ length: THREADS }, () =>
    new Worker(
      new URL("./hammer.ts", import.meta.url),
      { type: "module" },
    ));
  const startedMs = Date.now();
  try {
    const got = await Promise.all(
      threads.map((thread, self) =>
        new Promise<number>((resolve, reject) => {
          thread.onmessage = ({ data }) => resolve(data);
          thread.onerror = (event) => reject(event.message);
          thread.postMessage({ ...shared, self });
        })
      ),
    );
    return { got, ms: Date.now() - startedMs, slots: shared.slots };
  } finally {
    for (const thread of threads) thread.terminate();
  }
}

Deno.test("SharedBuckets: threads that hammer one bucket never get more than burst + rate x time", async () => {
  const { got, ms } = await hammered("buckets");
  const sum = got.reduce((a, b) => a + b);
  assert.ok(sum <= LIMIT.burst + LIMIT.rps * ms / 1000, `${got} in ${ms} ms`);
  assert.ok(sum >= LIMIT.burst + LIMIT.rps * FOR_MS / 1000 / 2, `${got} in ${ms} ms`);
});

for (const work of ["streams", "connections", "bytes"] as const) {
  Deno.test(`Shared counts: threads that hammer ${work} never hold more than the limit`, async () => {
    const { got } = await hammered(work);
    const highest = Math.max(...got);
    assert.ok(highest > 0 && highest <= COUNT_LIMIT, `${got}`);
  });
}

Deno.test("Shared counts: of what threads take at once each counts", async () => {
  const { got, slots } = await hammered("counts");
  const sum = got.reduce((a, b) => a + b);
  const streams = new SharedStreams(slots);
  assert.deepEqual(
    [streams.take("one", sum), streams.take("one", sum + 1)],
    [false, true],
    `${got}`,
  );
});

Deno.test("SharedEntries: what a thread sets it finds, whatever others do", async () => {
  const { got } = await hammered("own");
  assert.deepEqual(got, [0, 0, 0, 0]);
});

Deno.test("SharedEntries: of threads that ask for the same entry one gets it", async () => {
  const { got } = await hammered("entries");
  const sum = got.reduce((a, b) => a + b);
  // Each that was asked for had been put in, and all threads asked for it, twice.
  assert.equal(sum, THREADS * 2000);
});
