/**
 * The composition root of a worker: what `main.ts` is to the program, for one of the threads that
 * share its work. It has no arguments, signals or exit code; the supervisor says what is to be done.
 */
import { sharingBuiltIns } from "../policies/mod.ts";
import { systemWorld } from "./cli/system_world.ts";
import { warn } from "./cli/usage.ts";
import { Gate } from "./gate/gate.ts";
import { factsOf, gatePartsFor, gatePartsOf } from "./gate_parts.ts";
import { listen } from "./server/listener.ts";
import { ownRoutes } from "./server/own_routes.ts";
import { GateWorker } from "./workers/gate_worker.ts";
import type { AskMessage } from "./workers/messages.ts";
import { PostedLines } from "./workers/posted_lines.ts";
import { SharedBuckets } from "./workers/shared_buckets.ts";

/** The thread, as its supervisor hears it. */
const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<AskMessage>) => void;
  postMessage(message: unknown): void;
};

const world = systemWorld([], (name) => Deno.env.get(name));

const worker = new GateWorker({
  post: (message) => scope.postMessage(message),
  monotonic: () => performance.now(),
  async openGate(config, { clock, memory, place, gateMemory, auditPlace, post }) {
    const builtIns = sharingBuiltIns({
      openSink: (output, _key, { log }) => new PostedLines(auditPlace(output), place, post, log),
      keyBuckets: () => new SharedBuckets(memory.keyBuckets),
      failureBuckets: () => new SharedBuckets(memory.failureBuckets),
    });
    const parts = await gatePartsFor(config, gatePartsOf(world, builtIns, clock), world);
    return await Gate.open(config, parts, ownRoutes(), gateMemory);
  },
  listen: (options) =>
    listen({ ...options, log: { warn: (text) => warn(world, `server: ${text}`) } }),
  stageFacts: factsOf,
});

// As in a program without workers: its failure is told, and no decision rests on it.
globalThis.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  warn(world, `a promise failed that nobody awaits: ${event.reason}`);
});

globalThis.addEventListener("error", (event) => {
  // The thread would be gone at once, and with it the lines of what it has under way.
  event.preventDefault();
  worker.crash(event.error ?? event.message);
});

// A policy module that calls one of these would end its thread without a word.
for (const [holder, name] of [[globalThis, "close"], [Deno, "exit"]] as const) {
  Object.defineProperty(holder, name, {
    value: () => {
      throw new Error(`${name}() ends no worker: only the supervisor does`);
    },
  });
}

scope.onmessage = ({ data }) => {
  worker.hear(data);
};
