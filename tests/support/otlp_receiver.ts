/** Takes in what programs export by OTLP over HTTP, as JSON, and keeps the spans. */

/** A span as it was exported, its lists of attributes read. */
export interface ExportedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  /** 2: of a server; 3: of a client. */
  readonly kind: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** 2: an error. */
  readonly status: number;
  readonly events: readonly string[];
  readonly startNs: bigint;
  readonly endNs: bigint;
}

/** A receiver at work. */
export class OtlpReceiver implements AsyncDisposable {
  /** In the order of their arrival. */
  readonly spans: ExportedSpan[] = [];
  /** Everything that came, as text. */
  readonly texts: string[] = [];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor() {
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      async (request) => {
        const text = await request.text();
        this.texts.push(text);
        if (new URL(request.url).pathname === "/v1/traces") this.#take(JSON.parse(text));
        return Response.json({});
      },
    );
  }

  /** What a program's environment holds so that it exports to this receiver, within a moment. */
  get environment(): Readonly<Record<string, string>> {
    return {
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${this.#server.addr.port}`,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_BSP_SCHEDULE_DELAY: "50",
      OTEL_SERVICE_NAME: "mcpgate",
    };
  }

  /** The one span of this kind of the trace `traceId`, or undefined. */
  span(traceId: string, kind: number): ExportedSpan | undefined {
    return this.spans.find((span) => span.traceId === traceId && span.kind === kind);
  }

  #take(exported: Exported): void {
    for (const { scopeSpans } of exported.resourceSpans) {
      for (const span of scopeSpans.flatMap(({ spans }) => spans)) {
        this.spans.push({
          name: span.name,
          traceId: span.traceId,
          spanId: span.spanId,
          parentSpanId: span.parentSpanId,
          kind: span.kind,
          attributes: Object.fromEntries(
            span.attributes.map(({ key, value }) => [key, Object.values(value)[0]]),
          ),
          status: span.status.code,
          events: span.events.map(({ name }) => name),
          startNs: BigInt(span.startTimeUnixNano),
          endNs: BigInt(span.endTimeUnixNano),
        });
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

/** What of an export is read. */
interface Exported {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly {
      readonly spans: readonly {
        readonly name: string;
        readonly traceId: string;
        readonly spanId: string;
        readonly parentSpanId: string;
        readonly kind: number;
        readonly attributes: readonly {
          readonly key: string;
          readonly value: Readonly<Record<string, unknown>>;
        }[];
        readonly status: { readonly code: number };
        readonly events: readonly { readonly name: string }[];
        readonly startTimeUnixNano: string;
        readonly endTimeUnixNano: string;
      }[];
    }[];
  }[];
}
