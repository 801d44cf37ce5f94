/**
 * One request of an exchange to the upstream, every field of it the gate's own, and its reply bound
 * to the life of the exchange. Knows neither what is asked nor what becomes of the reply.
 */
import type { Agreement } from "../mcp/era.ts";
import { UpstreamError } from "../upstream/upstream.ts";
import type { UpstreamReply } from "../upstream/upstream.ts";
import type { Exchange } from "./exchange.ts";
import type { Generation } from "./generation.ts";
import type { OpenHandles } from "./open_handles.ts";
import { upstreamFields } from "./upstream_request.ts";

/** What the request is made of, beside the exchange. */
export interface Question {
  readonly agreement: Agreement;
  readonly handles: OpenHandles;
  readonly bytes: Uint8Array;
  /** Path and query, in place of the configured ones. */
  readonly path?: string;
  /** Whose upstream is asked. Default: the generation that rules. */
  readonly generation?: Generation;
}

/**
 * Asks the upstream. Neither the wait for the head nor one for what follows it outlasts the exchange.
 * Throws {@link UpstreamError}.
 */
export async function askUpstream(exchange: Exchange, question: Question): Promise<UpstreamReply> {
  const asking = ask(exchange, question);
  try {
    const reply = await exchange.untilCut(asking);
    return {
      status: reply.status,
      fields: reply.fields,
      read: () => exchange.untilCut(reply.read()),
      cancel: () => reply.cancel(),
    };
  } catch (error) {
    asking.then((late) => late.cancel(), () => {});
    throw error;
  }
}

async function ask(exchange: Exchange, question: Question): Promise<UpstreamReply> {
  const { incoming, principal, signal } = exchange;
  if (signal.aborted) throw new UpstreamError("aborted", "The exchange was cut");
  const { agreement, handles, bytes, path, generation = exchange.generation } = question;
  const method = incoming.method === "GET" || incoming.method === "DELETE"
    ? incoming.method
    : "POST";
  return await generation.upstream.send({
    method,
    ...(path === undefined ? {} : { path }),
    fields: upstreamFields(
      {
        method,
        fields: incoming.fields,
        agreement,
        ...handles,
        label: principal.label,
      },
      generation.config,
      generation.credentials,
    ),
    body: method === "POST" ? bytes : null,
    headTimeoutMs: generation.config.upstream.timeoutMs,
    signal,
  });
}
