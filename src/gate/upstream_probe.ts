/**
 * Whether the upstream answers, asked as cheaply as can be: one GET of a path beside the MCP endpoint
 * that no server has, so that no server of any kind opens a session for it, without credentials.
 * Whatever an HTTP server says to that, it is there; a proxy that says nobody is behind it is not.
 */
import type { GateConfig } from "../policy/contract.ts";
import { send, UpstreamError } from "../upstream/upstream.ts";
import type { UpstreamReply } from "../upstream/upstream.ts";
import type { Gate } from "./gate.ts";

/** How long an answer holds, in milliseconds. */
const FRESH_MS = 2000;

/** How long the upstream may take over it. */
const PATIENCE_MS = 2000;

/** What is read of the reply, so that its connection can be used again. */
const MAX_REPLY_BYTES = 16 * 1024;

/** What proxies say in the place of a server that they cannot reach. */
const ABSENT: ReadonlySet<number> = new Set([502, 503, 504]);

/** What came of asking. */
export interface Reachability {
  readonly url: string;
  readonly isReachable: boolean;
  /** Why it is not; null where it is. */
  readonly detail: string | null;
  /** How long its answer took, or the wait for it, in milliseconds. */
  readonly tookMs: number;
}

/** Asks the upstream of a gate whether it is there. */
export class UpstreamProbe {
  readonly #gate: Gate;
  /** The last answer, or the one that is awaited; of which generation; until when it holds. */
  #answer: Promise<Reachability> | null = null;
  #generation = 0;
  #freshUntilMs = 0;

  constructor(gate: Gate) {
    this.#gate = gate;
  }

  /** Whether the upstream of the generation that rules answers: as of now, or of a moment ago. */
  ask(): Promise<Reachability> {
    const { current, parts: { clock } } = this.#gate;
    const isFresh = clock.monotonic() < this.#freshUntilMs && this.#generation === current.number;
    if (this.#answer === null || !isFresh) {
      // One that is awaited is not asked for again: it has an end of its own.
      this.#freshUntilMs = Infinity;
      this.#generation = current.number;
      this.#answer = this.#ask().finally(() => {
        this.#freshUntilMs = clock.monotonic() + FRESH_MS;
      });
    }
    return this.#answer;
  }

  async #ask(): Promise<Reachability> {
    const { current, parts: { clock, userAgent } } = this.#gate;
    const { config: { upstream: { url, timeoutMs } } } = current;
    const startedMs = clock.monotonic();
    const told = (detail: string | null): Reachability => ({
      url,
      isReachable: detail === null,
      detail,
      tookMs: clock.monotonic() - startedMs,
    });
    const abandoned = new AbortController();
    // The generation must stay while it is asked, and its body must not keep us.
    current.enter();
    const timer = setTimeout(() => abandoned.abort(), 2 * PATIENCE_MS);
    try {
      const reply = await send(current.upstream, {
        method: "GET",
        path: probePath(url),
        fields: [["accept", "*/*"], ["accept-encoding", "identity"], ["user-agent", userAgent]],
        body: null,
        headTimeoutMs: Math.min(timeoutMs, PATIENCE_MS),
        signal: abandoned.signal,
      });
      const answer = told(ABSENT.has(reply.status) ? `broken: it answers ${reply.status}` : null);
      await discard(reply);
      return answer;
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      return told(`${error.kind}: ${error.message}`);
    } finally {
      clearTimeout(timer);
      current.leave();
    }
  }
}

/** A path beside that of `url`: what leads to its server leads there, too. */
export function probePath(url: GateConfig["upstream"]["url"]): string {
  const { pathname } = new URL(url);
  return `${pathname.replace(/\/+$/, "")}-readyz`.replace(/^-/, "/-");
}

async function discard(reply: UpstreamReply): Promise<void> {
  let bytes = 0;
  try {
    while (bytes <= MAX_REPLY_BYTES) {
      const chunk = await reply.read();
      if (chunk === null) return;
      bytes += chunk.length;
    }
  } catch {
    // The head was an answer: how its words end is nobody's concern.
  } finally {
    reply.cancel();
  }
}
