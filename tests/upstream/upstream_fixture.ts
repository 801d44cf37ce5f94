/**
 * What the tests of a way to the upstream share. They are handed a maker of one and speak to it
 * through the `Upstream` interface alone: they know nothing of the library or socket behind it.
 */
import assert from "node:assert/strict";
import {
  type Upstream,
  UpstreamError,
  type UpstreamReply,
  type UpstreamRequest,
} from "../../src/upstream/upstream.ts";
import { inTime } from "../support/eventually.ts";
import { joined } from "../support/http_reader.ts";
import { RecordingUpstream } from "../support/recording_upstream.ts";

/** What a test may shorten. */
export interface Limits {
  readonly connectTimeoutMs?: number;
  readonly idleTimeoutMs?: number;
}

/** Makes the upstream under test, for `url`. */
export type MakeUpstream = (url: string, limits?: Limits) => Upstream;

/** A request with what a test does not care for filled in. */
export function asked(parts: Partial<UpstreamRequest> = {}): UpstreamRequest {
  const signal = new AbortController().signal;
  return { method: "POST", fields: [], body: null, headTimeoutMs: 5000, signal, ...parts };
}

/** The rest of a reply's body. */
export async function bytesOf(reply: UpstreamReply): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for (let chunk; (chunk = await inTime("the next bytes", reply.read())) !== null;) {
    chunks.push(chunk);
  }
  return joined(chunks);
}

/** The rest of a reply's body as text. */
export async function textOf(reply: UpstreamReply): Promise<string> {
  return new TextDecoder().decode(await bytesOf(reply));
}

/** A matcher for `assert.rejects`: an {@link UpstreamError} of `kind`. */
export function failure(kind: UpstreamError["kind"]): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof UpstreamError, String(error));
    assert.equal(error.kind, kind, error.message);
    return true;
  };
}

/** Runs `test` with a recording upstream and the way to it, both ended afterwards. */
export async function withUpstream(
  make: MakeUpstream,
  test: (server: RecordingUpstream, upstream: Upstream) => Promise<void>,
): Promise<void> {
  await using server = await RecordingUpstream.start();
  const upstream = make(server.url("/mcp?fixed=1"));
  try {
    await test(server, upstream);
  } finally {
    server.dropConnections();
    await upstream.close();
  }
}
