/**
 * One conversation with an MCP server, as a client of its own: a message up, the answer to it down,
 * over either transport. Whatever else the server says meanwhile is read over. Knows neither which
 * methods there are nor why they are asked.
 */
import { isObject, type JsonObject, member } from "../mcp/json.ts";
import { SseReader } from "../mcp/sse_reader.ts";
import type { Fields, Upstream, UpstreamReply } from "../upstream/upstream.ts";
import { fieldValues, send } from "../upstream/upstream.ts";

/** Bytes of one answer; more is a failure. The gate's own default for a reply. */
export const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/** The server answered, but not with what was asked. */
export class SurveyError extends Error {
  override readonly name = "SurveyError";

  /**
   * @param status The HTTP status, or null where the failure is not one of HTTP
   * @param code The JSON-RPC error code, or null
   * @param location Where a redirect points, or null
   */
  constructor(
    message: string,
    readonly status: number | null = null,
    readonly code: number | null = null,
    readonly location: string | null = null,
  ) {
    super(message);
  }
}

/** What every request carries beside the message. */
export interface Calling {
  /** Written by the operator: credentials of the upstream among them. */
  readonly fields: Fields;
  readonly userAgent: string;
  /** Time to the answer of one message, in milliseconds. */
  readonly timeoutMs: number;
}

/** A way to say messages to a server. */
export interface Channel {
  /** The result of a request. Throws {@link SurveyError} and `UpstreamError`. */
  ask(message: JsonObject, fields: Fields): Promise<JsonObject>;
  /** Sends a notification. Throws the same. */
  tell(message: JsonObject, fields: Fields): Promise<void>;
  /** Gives up what is still open. */
  close(): void;
}

/** Streamable HTTP: every message is a POST, and its answer the reply. */
export class StreamableChannel implements Channel {
  readonly #upstream: Upstream;
  readonly #calling: Calling;
  #session: string | null = null;

  constructor(upstream: Upstream, calling: Calling) {
    this.#upstream = upstream;
    this.#calling = calling;
  }

  async ask(message: JsonObject, fields: Fields): Promise<JsonObject> {
    return await withinTime(this.#calling.timeoutMs, async (signal) => {
      const reply = await this.#post(message, fields, signal);
      try {
        const [type = ""] = fieldValues(reply.fields, "content-type");
        const found = type.startsWith("text/event-stream")
          ? await answerInEvents(reply, message)
          : await answerInBody(reply, message);
        return resultOf(found, reply);
      } finally {
        reply.cancel();
      }
    });
  }

  async tell(message: JsonObject, fields: Fields): Promise<void> {
    await withinTime(this.#calling.timeoutMs, async (signal) => {
      (await this.#post(message, fields, signal)).cancel();
    });
  }

  /** Ends the session, if there is one: servers keep them for long. What comes of it is no matter. */
  close(): void {
    if (this.#session === null) return;
    const fields: Fields = [["mcp-session-id", this.#session], ...common(this.#calling)];
    const signal = AbortSignal.timeout(1000);
    send(this.#upstream, { method: "DELETE", fields, body: null, headTimeoutMs: 1000, signal })
      .then((reply) => reply.cancel(), () => {});
  }

  async #post(message: JsonObject, fields: Fields, signal: AbortSignal): Promise<UpstreamReply> {
    const session: Fields = this.#session === null ? [] : [["mcp-session-id", this.#session]];
    const reply = await send(this.#upstream, {
      method: "POST",
      fields: [...POST_FIELDS, ...fields, ...session, ...common(this.#calling)],
      body: encoder.encode(JSON.stringify(message)),
      headTimeoutMs: this.#calling.timeoutMs,
      signal,
    });
    this.#session = fieldValues(reply.fields, "mcp-session-id")[0] ?? this.#session;
    return reply;
  }
}

/** What goes with every POST; a server may answer in either form. */
export const POST_FIELDS: Fields = [
  ["content-type", "application/json"],
  ["accept", "application/json, text/event-stream"],
];

/** What goes with every request; the operator's own come last. */
export function common(calling: Calling): Fields {
  return [["accept-encoding", "identity"], ["user-agent", calling.userAgent], ...calling.fields];
}

/** Runs `work`, which is given up after `ms`. */
export async function withinTime<T>(
  ms: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), ms);
  try {
    return await work(abort.signal);
  } catch (error) {
    if (!abort.signal.aborted) throw error;
    throw new SurveyError(`no answer within ${ms / 1000} s`);
  } finally {
    clearTimeout(timer);
  }
}

/** The JSON-RPC message in `text` that answers request `id`, or null. */
export function answerIn(text: string, id: unknown): JsonObject | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const isAnswer = member(value, "result") !== undefined || member(value, "error") !== undefined;
  const answers = member(value, "id") === id || (member(value, "id") ?? null) === null;
  return isObject(value) && isAnswer && answers ? value : null;
}

/** The result in an answer; an error in it, or in place of it, is thrown. */
export function resultOf(
  answer: JsonObject | null,
  reply: Pick<UpstreamReply, "status" | "fields">,
) {
  const error = member(answer, "error");
  if (error !== undefined) {
    const code = member(error, "code");
    const message = member(error, "message");
    const text = typeof message === "string" ? message.slice(0, 200) : "an error without a message";
    throw new SurveyError(text, reply.status, typeof code === "number" ? code : null);
  }
  const result = member(answer, "result");
  if (isObject(result)) return result;
  const [location = null] = fieldValues(reply.fields, "location");
  const what = reply.status === 200 ? "an answer that is no JSON-RPC" : `status ${reply.status}`;
  throw new SurveyError(what, reply.status, null, location);
}

async function answerInBody(reply: UpstreamReply, message: JsonObject): Promise<JsonObject | null> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for (let chunk = await reply.read(); chunk !== null; chunk = await reply.read()) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) throw new SurveyError("an answer larger than 16 MiB");
    // The transport may use its buffer again.
    chunks.push(chunk.slice());
  }
  return answerIn(await new Blob(chunks as Uint8Array<ArrayBuffer>[]).text(), message["id"]);
}

async function answerInEvents(
  reply: UpstreamReply,
  message: JsonObject,
): Promise<JsonObject | null> {
  const reader = new SseReader(MAX_ANSWER_BYTES);
  for (let chunk = await reply.read(); chunk !== null; chunk = await reply.read()) {
    for (const item of reader.push(chunk)) {
      const found = item.comment || item.data === null ? null : answerIn(item.data, message["id"]);
      if (found !== null) return found;
    }
  }
  return null;
}

const encoder = new TextEncoder();
