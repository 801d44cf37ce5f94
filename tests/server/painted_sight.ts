/** A sight that shows what a test has painted: a gate seen at a moment of the test's choice. */
import { Histogram } from "../../src/gate/histogram.ts";
import type { Readiness, Sight } from "../../src/gate/sight.ts";
import type { Snapshot } from "../../src/gate/snapshot.ts";

/** A label that no page and no metric may take for more than a label. */
export const HOSTILE = `"><img src=x onerror=alert(1)>\\"\n{}</script>`;

/** When the painted gate was started, in milliseconds since the epoch. */
export const STARTED_MS = Date.UTC(2026, 10, 22, 12);

/** What is seen of a gate that has done a little of everything, with `changes`. */
export function paintedSnapshot(changes: Partial<Snapshot> = {}): Snapshot {
  const times = (...durationsMs: number[]) => {
    const histogram = new Histogram();
    for (const ms of durationsMs) histogram.add(ms);
    return [{ method: "tools/call", times: histogram.counts }];
  };
  return {
    generation: 3,
    exchanges: [
      { label: "laptop", method: "tools/call", decision: "allow", stage: "", count: 40 },
      { label: "laptop", method: "tools/call", decision: "error", stage: "upstream", count: 2 },
      { label: HOSTILE, method: "other", decision: "deny", stage: "allowlist", count: 5 },
      { label: "", method: "none", decision: "deny", stage: "auth", count: 7 },
    ],
    refusals: [{
      stage: "allowlist",
      kind: "unknown_tool",
      count: 5,
      last: {
        atMs: STARTED_MS + 30_000,
        label: HOSTILE,
        reason: `Unknown tool: ${HOSTILE}`,
        exchange: "abcdefghijkl",
      },
    }],
    ends: [{ end: "complete", count: 54 }],
    gateTimes: times(0.2, 0.2, 3),
    upstreamTimes: times(12, 700),
    bytesIn: 2048,
    bytesOut: 5 * 1024 * 1024,
    openCount: 2,
    open: [{
      exchange: "mnopqrstuvwx",
      label: HOSTILE,
      http: "POST",
      method: "tools/call",
      subject: HOSTILE,
      remote: "192.0.2.7",
      ageMs: 4200,
      phase: "upstream",
      isListening: false,
    }],
    streams: [{ label: "laptop", count: 1 }],
    buckets: [{ label: "laptop", tokens: 2.5, rps: 5, burst: 10 }],
    audit: { waitingBytes: 0, isFailing: false, lostLines: 0 },
    reloads: { reloaded: 2, unchanged: 1, refused: 1, lastMs: STARTED_MS + 20_000 },
    connections: { open: 4, accepted: 9, refused: 0 },
    memory: { residentBytes: 90 * 1024 * 1024, heapBytes: 20 * 1024 * 1024 },
    ...changes,
  };
}

/** A sight whose picture can be changed. */
export class PaintedSight implements Sight {
  readonly program = { version: "1.2.3", runtime: "Deno 0", startedMs: STARTED_MS };
  picture = paintedSnapshot();
  /** What keeps it from serving. */
  reasons: readonly string[] = [];
  isReachable = true;

  snapshot(): Snapshot {
    return this.picture;
  }

  readiness(): Promise<Readiness> {
    return Promise.resolve({
      ready: this.reasons.length === 0,
      reasons: this.reasons,
      generation: this.picture.generation,
      upstream: {
        url: "http://127.0.0.1:9000/mcp",
        isReachable: this.isReachable,
        detail: this.isReachable ? null : "unreachable: nobody listens",
        tookMs: 1,
      },
    });
  }
}
