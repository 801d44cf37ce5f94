/** Request heads for tests: how to spell them, and what becomes of them when they arrive in pieces. */
import { RequestHeadReader } from "../../src/server/request_head.ts";
import type { HeadRefusal, RequestHead } from "../../src/server/request_head.ts";

/** The verdict on `text`, its characters standing for bytes, arriving in pieces that end at `cuts`. */
export function readHead(
  text: string,
  cuts: readonly number[] = [],
): RequestHead | HeadRefusal | null {
  const bytes = Uint8Array.from(text, (char) => char.charCodeAt(0));
  const reader = new RequestHeadReader();
  let verdict: RequestHead | HeadRefusal | null = null;
  for (const end of [...cuts, bytes.length]) {
    // Where the bytes stand in memory may change between two reads.
    const moved = new Uint8Array(bytes.length + 7);
    moved.set(bytes.subarray(0, end), 7);
    verdict = reader.read(moved, 7, 7 + end);
    if (verdict !== null) return verdict;
  }
  return verdict;
}

/** A POST with `fields`, each with its CRLF. */
export const post = (fields: string) => `POST /mcp HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;
/** A GET likewise. */
export const get = (fields: string) => `GET /mcp HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;
/** A head that begins with the line `start`. */
export const line = (start: string) => `${start}\r\nHost: a\r\n\r\n`;
