/**
 * What a gate holds over all its generations and exchanges: what it remembers of handles, what it
 * counts, and the secret it seals with where the configuration has none. Gates of one program that
 * share the work share this, each through an object of its own; one gate alone has it to itself.
 */
import { HeldBytes } from "./body.ts";
import type { GateParts } from "./generation.ts";
import { HandleMemory } from "./handle_memory.ts";
import { StreamCounts } from "./stream_counts.ts";

/** The memory of one gate, or its view of one that several share. */
export interface GateMemory {
  readonly handles: HandleMemory;
  /** Open streams by label; `counts` tells those of this gate. */
  readonly streams: Pick<StreamCounts, "counts" | "take" | "release">;
  /** Bytes of request bodies. */
  readonly held: Pick<HeldBytes, "bytes" | "take" | "release">;
  /** Seals handles where the configuration has no secret. */
  readonly secret: Uint8Array;
  /** What the ids of this gate's legacy streams begin with, so that others know whose they are. */
  readonly streamPrefix: string;
}

/** That of a gate alone. */
export function ownMemory(parts: Pick<GateParts, "clock" | "random">): GateMemory {
  return {
    handles: new HandleMemory(parts.clock),
    streams: new StreamCounts(),
    held: new HeldBytes(),
    secret: parts.random(32),
    streamPrefix: "",
  };
}
