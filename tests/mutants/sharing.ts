/** Checks of what workers share, and of what makes them one program. */
import type { Mutant } from "./mutant.ts";

const HAMMERED = ["tests/workers/hammered_test.ts"];
const SLOTS = ["tests/workers/shared_slots_test.ts"];
const LIFE = ["tests/e2e/workers_life_test.ts"];
const LIMITS = ["tests/e2e/workers_limits_test.ts"];

/** All of them. */
export const SHARING: readonly Mutant[] = [
  {
    without: "a lock around what is counted for all workers",
    file: "src/workers/shared_slots.ts",
    find: "enterLock(this.#words, set);",
    put: "",
    tests: HAMMERED,
  },
  {
    without: "a lock around what is remembered for all workers",
    file: "src/workers/shared_entries.ts",
    find: "enterLock(this.#words, LOCK);",
    put: "",
    tests: HAMMERED,
  },
  {
    without: "buckets whose time never goes back, whichever worker looks",
    file: "policies/token_buckets.ts",
    find: "Math.max(bucket.atMs, nowMs)",
    put: "nowMs",
    tests: SLOTS,
  },
  {
    without: "forgetting buckets that are full before those that are not",
    file: "src/workers/shared_buckets.ts",
    find: "(numbers, at) => numbers[at + FULL_MS] as number",
    put: "(numbers, at) => -numbers[at + FULL_MS]",
    tests: SLOTS,
  },
  {
    without: "keeping counts for which there is no other room",
    file: "src/workers/shared_counts.ts",
    find: "numbers[at] === 0 ? 0 : Infinity",
    put: "0",
    tests: SLOTS,
  },
  {
    without: "leaving a later request of the same id alone, in another worker, too",
    file: "src/workers/shared_entries.ts",
    find: "(text !== null && !this.#blocks.is(found, text))",
    put: "false",
    tests: ["tests/gate/request_ledger_test.ts", "tests/workers/shared_entries_test.ts"],
  },
  {
    without: "one secret for the seals of all workers",
    file: "src/workers/shared_memory.ts",
    find: "secret: memory.secret,",
    put: "secret: crypto.getRandomValues(new Uint8Array(32)),",
    tests: ["tests/e2e/workers_handles_test.ts"],
  },
  {
    without: "giving what is posted for a stream to the worker that has it",
    file: "src/workers/other_workers.ts",
    find: "return this.#given[owner]?.give(exchange) ?? null;",
    put: "return null;",
    tests: ["tests/e2e/workers_legacy_test.ts"],
  },
  {
    without: "refusing a reload in all workers that one objects to",
    file: "src/workers/supervisor.ts",
    find: "if (objection !== undefined) {",
    put: "if (objection === null) {",
    tests: LIFE,
  },
  {
    without: "ending the program with a worker that cannot go on",
    file: "src/worker_main.ts",
    find: "worker.crash(event.error ?? event.message);",
    put: "",
    tests: LIFE,
  },
  {
    without: "waiting for all workers before anything is cut at the end",
    file: "src/workers/supervisor.ts",
    find: 'await Promise.allSettled(this.#links.map((link) => link.ask("drain", { graceMs })));',
    put: "",
    tests: LIFE,
  },
  {
    without: "noticing a worker that stands still",
    file: "src/workers/supervisor.ts",
    find: "beats === still.beats ? still.times + 1 : 0",
    put: "0",
    tests: ["tests/workers/supervisor_test.ts"],
  },
  {
    without: "refusing in every worker what cannot be recorded",
    file: "src/workers/posted_lines.ts",
    find: "Atomics.load(this.#state, FAILING) !== 0 || ",
    put: "",
    tests: LIMITS,
  },
  {
    without: "counting connections over all workers",
    file: "src/workers/gate_worker.ts",
    find: "counts: sharedConnections(memory),",
    put: "",
    tests: LIMITS,
  },
  {
    without: "a look whether another gate has the address already",
    file: "src/workers/supervisor.ts",
    find: "if (config.listen.port !== 0) this.#parts.claim(config.listen);",
    put: "",
    tests: LIMITS,
  },
  {
    without: "speaking TLS in every worker",
    file: "src/gate/listening.ts",
    find: "tls === null ? {} : ",
    put: "tls !== null ? {} : ",
    tests: ["tests/e2e/workers_clients_test.ts"],
  },
];
