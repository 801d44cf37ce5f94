/**
 * Exchanges as spans of OpenTelemetry, which the runtime exports where its own settings say so: one
 * for the exchange, whose parent is the caller's, and one in it for the request to the upstream. They
 * hold names, numbers and outcomes; no key, argument, result or URI is ever put into one.
 */
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import type { Attributes, Context, Span, Tracer } from "@opentelemetry/api";
import type { Trace, Tracing } from "../gate/tracing.ts";
import { isKnownMethod } from "../mcp/revision.ts";
import type { Outcome } from "../policy/contract.ts";

/** W3C Trace Context, section 3.2: version, trace, parent, flags. A later version may add more. */
const TRACEPARENT =
  /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

const SAMPLED = 1;

/** Longest name that is told, in characters. */
const NAME_LENGTH = 256;

/** What the name in a message is, for methods whose subject is one. */
const SUBJECTS: ReadonlyMap<string, string> = new Map([
  ["tools/call", "gen_ai.tool.name"],
  ["prompts/get", "gen_ai.prompt.name"],
]);

/** Tracing by the provider that the runtime registers; null where it registers none. */
export function spanTracing(version: string): Tracing | null {
  const tracer = trace.getTracer("mcpgate", version);
  // Never ended, so never exported.
  if (!tracer.startSpan("").isRecording()) return null;
  return {
    begin(http, traceparent) {
      const parent = parentOf(traceparent);
      return parent === null ? null : new SpanTrace(tracer, http, parent);
    },
  };
}

/** The caller's span as a context; the root where there is none; null: it is not to be followed. */
function parentOf(traceparent: string | null): Context | null {
  const [, version, traceId, spanId, flags, more] = traceparent?.match(TRACEPARENT) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return ROOT_CONTEXT;
  if (version === "00" && more !== undefined) return ROOT_CONTEXT;
  const traceFlags = parseInt(flags, 16) & SAMPLED;
  if (traceFlags === 0) return null;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}

class SpanTrace implements Trace {
  readonly #tracer: Tracer;
  readonly #span: Span;
  readonly #context: Context;
  #upstream: Span | null = null;

  constructor(tracer: Tracer, http: string, parent: Context) {
    this.#tracer = tracer;
    this.#span = tracer.startSpan(http, { kind: SpanKind.SERVER }, parent);
    this.#context = trace.setSpan(parent, this.#span);
  }

  goesUp(http: string, url: string): string {
    const { hostname, port, protocol } = new URL(url);
    const attributes: Attributes = {
      "http.request.method": http,
      "server.address": hostname,
      "server.port": Number(port) || (protocol === "https:" ? 443 : 80),
    };
    const kind = SpanKind.CLIENT;
    this.#upstream = this.#tracer.startSpan(http, { kind, attributes }, this.#context);
    const { traceId, spanId, traceFlags } = this.#upstream.spanContext();
    return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, "0")}`;
  }

  answered(status: number): void {
    this.#upstream?.setAttribute("http.response.status_code", status);
    this.#upstream?.addEvent("head");
    if (status >= 400) this.#upstream?.setStatus({ code: SpanStatusCode.ERROR });
  }

  failed(kind: string): void {
    this.#upstream?.setAttribute("error.type", kind);
    this.#upstream?.setStatus({ code: SpanStatusCode.ERROR });
  }

  ended(outcome: Outcome, kind: string): void {
    // The reply is read as long as the exchange lasts.
    this.#upstream?.end();
    this.#span.updateName(spanName(outcome));
    this.#span.setAttributes(attributesOf(outcome, kind));
    if (outcome.decision === "error") this.#span.setStatus({ code: SpanStatusCode.ERROR });
    this.#span.end();
  }
}

/** The method and what it is about, where both are of a short list or configured; else the verb. */
function spanName({ http, method, subject, decision }: Outcome): string {
  if (method === null || !isKnownMethod(method)) return http;
  const isNamed = subject !== null && SUBJECTS.has(method) && decision === "allow";
  return isNamed ? `${method} ${subject.slice(0, NAME_LENGTH)}` : method;
}

function attributesOf(outcome: Outcome, kind: string): Attributes {
  const { http, status, label, method, subject, protocol, session, stage, decision, end } = outcome;
  const subjectName = method === null || subject === null ? undefined : SUBJECTS.get(method);
  return {
    "http.request.method": http,
    ...(status === 0 ? {} : { "http.response.status_code": status }),
    "client.address": outcome.remote,
    ...(method === null ? {} : { "mcp.method.name": isKnownMethod(method) ? method : "other" }),
    ...(subjectName === undefined ? {} : { [subjectName]: subject?.slice(0, NAME_LENGTH) ?? "" }),
    ...(protocol === null ? {} : { "mcp.protocol.version": protocol.slice(0, 32) }),
    "mcpgate.exchange": outcome.exchange,
    "mcpgate.generation": outcome.generation,
    ...(label === null ? {} : { "mcpgate.label": label }),
    ...(session === null ? {} : { "mcpgate.session": session }),
    "mcpgate.decision": decision,
    ...(stage === null ? {} : { "mcpgate.stage": stage }),
    ...(kind === "" ? {} : { "error.type": kind }),
    "mcpgate.end": end,
  };
}
