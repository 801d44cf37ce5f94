/**
 * The upstream as the gate sees it: one request up, one reply down, bytes as they come. What carries
 * them is chosen by the composition root. Knows nothing of policies or of MCP.
 */

/** Header fields in order of sending; names in lower case. */
export type Fields = readonly (readonly [name: string, value: string])[];

/**
 * Says that nobody waits for a request any more. An `AbortSignal` is one; who asks thousands of
 * times a second has one that costs less.
 */
export interface Abandonment {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: AbandonedListener): void;
  removeEventListener(type: "abort", listener: AbandonedListener): void;
}

/** Who is told of it. */
export interface AbandonedListener {
  handleEvent(): void;
}

/** A request the gate has written itself, every field of it. */
export interface UpstreamRequest {
  readonly method: "POST" | "GET" | "DELETE";
  /** Path and query, in place of the configured ones: the server and no other gets the request. */
  readonly path?: string | undefined;
  /** Never holds framing or connection fields: the transport writes those. */
  readonly fields: Fields;
  /** Whether the same object of fields has gone up before, and may again. Default false. */
  readonly recurs?: boolean;
  readonly body: Uint8Array | null;
  /** Time to the head of the reply, connecting included. */
  readonly headTimeoutMs: number;
  /** Abandons the request, or the reply that is being read. */
  readonly signal: Abandonment;
}

/** Who waits for more of a reply, without a promise. */
export interface ReplyWaiter {
  /** There are more bytes, or the end, or a failure. Never throws. */
  onMore(): void;
}

/** A reply whose head is in. */
export interface UpstreamReply {
  readonly status: number;
  /** As received, each repetition on its own; may be gone once somebody waits by {@link wait}. */
  readonly fields: Fields;
  /**
   * The next bytes of the body where they are there already, null at its end; undefined: only
   * {@link read} can tell.
   */
  take(): Uint8Array | null | undefined;
  /** Whether {@link take} would give null: the end has come, and all before it was taken. */
  readonly isAtEnd: boolean;
  /**
   * The next bytes of the body, or null at its end. Nothing is read ahead of the caller beyond a
   * small buffer: that is the back-pressure. Throws {@link UpstreamError}.
   */
  read(): Promise<Uint8Array | null>;
  /**
   * Tells `waiter`, once, when {@link read} would not have to wait: in place of `read` for streams
   * that are silent for long, of which there may be many. To be called where {@link take} gave
   * undefined.
   */
  wait(waiter: ReplyWaiter): void;
  /** Gives the rest up. Does nothing after the end. */
  cancel(): void;
}

/** Who is told what comes of a request, by one of these, once. */
export interface Asker {
  /** The head of the reply is in. Never throws. */
  onReply(reply: UpstreamReply): void;
  /** There is no reply. Never throws. */
  onFailure(error: UpstreamError): void;
}

/** The way to the one configured MCP server. */
export interface Upstream {
  /**
   * Asks, and tells `asker`, at once or later. Never throws. Redirects are replies like any other. Who
   * would rather wait has {@link send}.
   */
  ask(request: UpstreamRequest, asker: Asker): void;
  /** Ends idle connections; those in use end with their replies. */
  close(): Promise<void>;
}

/** The reply of `upstream` to `request`. Throws {@link UpstreamError}, and nothing else. */
export function send(upstream: Upstream, request: UpstreamRequest): Promise<UpstreamReply> {
  return new Promise((onReply, onFailure) => upstream.ask(request, { onReply, onFailure }));
}

/** Why there is no reply, or no more of it. */
export class UpstreamError extends Error {
  override readonly name = "UpstreamError";

  /**
   * @param kind `unreachable`: no connection; `timeout`: no head in time; `broken`: it ended or
   * failed on the way or was no HTTP; `aborted`: the signal
   * @param message For the log: may name hosts, never credentials
   */
  constructor(
    readonly kind: "unreachable" | "timeout" | "broken" | "aborted",
    message: string,
  ) {
    super(message);
  }
}

/** The values of field `name` (lower-case), in order. */
export function fieldValues(fields: Fields, name: string): readonly string[] {
  let values: string[] | null = null;
  for (let at = 0; at < fields.length; at++) {
    const field = fields[at] as readonly [name: string, value: string];
    if (field[0] !== name) continue;
    if (values === null) values = [field[1]];
    else values.push(field[1]);
  }
  return values ?? NONE;
}

/** The values of field `name` (lower-case) joined by commas; null where there is none. */
export function fieldText(fields: Fields, name: string): string | null {
  let text: string | null = null;
  for (let at = 0; at < fields.length; at++) {
    const field = fields[at] as readonly [name: string, value: string];
    if (field[0] === name) text = text === null ? field[1] : `${text}, ${field[1]}`;
  }
  return text;
}

const NONE: readonly string[] = Object.freeze([]);
