/**
 * A conversation over the HTTP+SSE transport of 2024-11-05: messages go to the address that the
 * first event names, and every answer comes on the one stream (PROTOCOL §1.2).
 */
import type { JsonObject } from "../mcp/json.ts";
import { SseReader } from "../mcp/sse_reader.ts";
import { send } from "../upstream/upstream.ts";
import type { Fields, Upstream, UpstreamReply } from "../upstream/upstream.ts";
import {
  answerIn,
  type Calling,
  type Channel,
  common,
  MAX_ANSWER_BYTES,
  POST_FIELDS,
  resultOf,
  SurveyError,
  withinTime,
} from "./channel.ts";

/** HTTP+SSE: one stream for all answers. */
export class LegacyChannel implements Channel {
  readonly #upstream: Upstream;
  readonly #calling: Calling;
  readonly #url: string;
  readonly #stream: UpstreamReply;
  readonly #reader = new SseReader(MAX_ANSWER_BYTES);
  /** Events that are in and have not been looked at. */
  readonly #texts: string[] = [];
  #path = "";

  private constructor(upstream: Upstream, calling: Calling, url: string, stream: UpstreamReply) {
    this.#upstream = upstream;
    this.#calling = calling;
    this.#url = url;
    this.#stream = stream;
  }

  /** Opens the stream at `url` and waits for the address. Throws {@link SurveyError}. */
  static async open(upstream: Upstream, calling: Calling, url: string): Promise<LegacyChannel> {
    const stream = await send(upstream, {
      method: "GET",
      fields: [["accept", "text/event-stream"], ...common(calling)],
      body: null,
      headTimeoutMs: calling.timeoutMs,
      signal: new AbortController().signal,
    });
    if (stream.status !== 200) {
      stream.cancel();
      return resultOf(null, stream) as never;
    }
    const channel = new LegacyChannel(upstream, calling, url, stream);
    try {
      await withinTime(calling.timeoutMs, (signal) => channel.#findAddress(signal));
      return channel;
    } catch (error) {
      stream.cancel();
      throw error;
    }
  }

  async ask(message: JsonObject, fields: Fields): Promise<JsonObject> {
    return await withinTime(this.#calling.timeoutMs, async (signal) => {
      await this.#post(message, fields, signal);
      for (;;) {
        const found = answerIn(await this.#next(signal), message["id"]);
        if (found !== null) return resultOf(found, this.#stream);
      }
    });
  }

  async tell(message: JsonObject, fields: Fields): Promise<void> {
    await withinTime(this.#calling.timeoutMs, (signal) => this.#post(message, fields, signal));
  }

  close(): void {
    this.#stream.cancel();
  }

  async #post(message: JsonObject, fields: Fields, signal: AbortSignal): Promise<void> {
    const reply = await send(this.#upstream, {
      method: "POST",
      path: this.#path,
      fields: [...POST_FIELDS, ...fields, ...common(this.#calling)],
      body: new TextEncoder().encode(JSON.stringify(message)),
      headTimeoutMs: this.#calling.timeoutMs,
      signal,
    });
    reply.cancel();
    if (reply.status >= 300) throw new SurveyError(`status ${reply.status}`, reply.status);
  }

  async #findAddress(signal: AbortSignal): Promise<void> {
    const address = await this.#next(signal);
    const from = new URL(this.#url);
    const to = URL.canParse(address, from) ? new URL(address, from) : null;
    if (to?.origin !== from.origin) {
      throw new SurveyError("a stream whose first event names no address of this server");
    }
    this.#path = to.pathname + to.search;
  }

  /** The data of the next event. */
  async #next(signal: AbortSignal): Promise<string> {
    const givenUp = () => this.#stream.cancel();
    signal.addEventListener("abort", givenUp, { once: true });
    try {
      for (;;) {
        const text = this.#texts.shift();
        if (text !== undefined) return text;
        const chunk = await this.#stream.read();
        if (chunk === null) throw new SurveyError("the stream ended before the answer");
        for (const item of this.#reader.push(chunk)) {
          if (!item.comment && item.data !== null) this.#texts.push(item.data);
        }
      }
    } finally {
      signal.removeEventListener("abort", givenUp);
    }
  }
}
