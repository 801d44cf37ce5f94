/**
 * Where messages go on the HTTP+SSE transport of 2024-11-05: the server says so in the first event
 * of its stream. It is believed only as far as its own origin reaches, and waited for only so long
 * (PROTOCOL §1.2). Knows nothing of what becomes of the stream.
 */
import { SseReader } from "../mcp/sse_reader.ts";
import { UpstreamError } from "../upstream/upstream.ts";
import type { UpstreamReply } from "../upstream/upstream.ts";

/** Bytes that may come before the end of the endpoint event. */
const MAX_BYTES = 64 * 1024;

/** Characters of the address that the event names. */
const MAX_ADDRESS = 2048;

/** A stream whose endpoint is known. */
export interface Endpoint {
  /** Path and query of the message URL. */
  readonly path: string;
  /** The reply from its first byte on. */
  readonly reply: UpstreamReply;
}

/**
 * Reads `reply` up to its endpoint event. Throws {@link UpstreamError}.
 *
 * @param url The URL that the stream was asked from
 */
export async function readEndpoint(
  reply: UpstreamReply,
  url: string,
  withinMs: number,
): Promise<Endpoint> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new UpstreamError("timeout", "No endpoint event in time")),
    withinMs,
  );
  try {
    return await Promise.race([findEndpoint(reply, url), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Path and query of the message URL that `data` names, or null where it is not the server's. */
export function messagePath(data: string, url: string): string | null {
  if (data === "" || data.length > MAX_ADDRESS || !URL.canParse(data, url)) return null;
  const { origin, username, password, pathname, search } = new URL(data, url);
  if (origin !== new URL(url).origin || username !== "" || password !== "") return null;
  return pathname + search;
}

async function findEndpoint(reply: UpstreamReply, url: string): Promise<Endpoint> {
  const reader = new SseReader(MAX_BYTES);
  const seen: Uint8Array[] = [];
  let bytes = 0;
  while (bytes <= MAX_BYTES) {
    const chunk = await reply.read();
    if (chunk === null) throw broken("Stream ended before its endpoint event");
    seen.push(chunk);
    bytes += chunk.length;
    const data = endpointIn(reader, chunk);
    if (data === null) continue;
    const path = messagePath(data, url);
    if (path === null) throw broken("Endpoint event names an address that is not the server's");
    return { path, reply: replayed(seen, reply) };
  }
  throw broken("No endpoint event at the beginning of the stream");
}

function endpointIn(reader: SseReader, chunk: Uint8Array): string | null {
  try {
    const found = reader.push(chunk).find((item) => !item.comment && item.event === "endpoint");
    return found === undefined || found.comment ? null : found.data ?? "";
  } catch (error) {
    throw broken(error instanceof Error ? error.message : String(error));
  }
}

/** What follows the event in the same bytes must not be lost, so all are read again. */
function replayed(seen: Uint8Array[], reply: UpstreamReply): UpstreamReply {
  return {
    status: reply.status,
    fields: reply.fields,
    take: () => seen.shift() ?? reply.take(),
    get isAtEnd() {
      return seen.length === 0 && reply.isAtEnd;
    },
    read: () => {
      const chunk = seen.shift();
      return chunk === undefined ? reply.read() : Promise.resolve(chunk);
    },
    wait: (waiter) => reply.wait(waiter),
    cancel: () => reply.cancel(),
  };
}

function broken(message: string): UpstreamError {
  return new UpstreamError("broken", message);
}
