/**
 * What a stream of server-sent events consists of, between the reader and the writer. What the data
 * means is not known here.
 */

/** One event, or a comment that keeps the connection alive. */
export type SseItem = SseEvent | SseComment;

/** One event; a field is null where the stream had none. */
export interface SseEvent {
  readonly comment?: never;
  readonly event: string | null;
  /** The empty string resets the client's last event id. */
  readonly id: string | null;
  /** Milliseconds. */
  readonly retry: number | null;
  /** Lines joined by LF; `""` is an event with empty data (a priming event), null has no data. */
  readonly data: string | null;
}

/** A comment line; its text is not kept. */
export interface SseComment {
  readonly comment: true;
}
