/**
 * Replies for generated tests: well-formed ones put together at random, and what becomes of them when
 * bytes are lost, added or exchanged where it hurts. Same seed, same reply.
 */
import type { Random } from "../support/random.ts";

const STATUS_LINES = [
  "HTTP/1.1 200 OK",
  "HTTP/1.1 200 OK",
  "HTTP/1.1 200 OK",
  "HTTP/1.1 200 ",
  "HTTP/1.1 200",
  "HTTP/1.0 200 OK",
  "HTTP/1.1 202 Accepted",
  "HTTP/1.1 204 No Content",
  "HTTP/1.1 304 Not Modified",
  "HTTP/1.1 404 Not \xe9",
  "HTTP/1.1 599 x",
];

const FIELDS = [
  "Content-Type: application/json",
  "content-type:text/event-stream",
  "X-Empty:",
  "X-Spaces: \t a  b \t",
  "X-High: \xe9\xff",
  "Set-Cookie: a=b; c",
  "Date: Sun, 22 Nov 2026 23:17:10 GMT",
  "Connection: keep-alive",
  "Connection: close",
  "Keep-Alive: timeout=5",
  "!#$%&'*+.^_`|~-1: token",
];

/** What is put into a reply to break it, or nearly so. */
const HURTS = [
  "\r",
  "\n",
  "\r\n",
  "\r\n\r\n",
  " ",
  "\t",
  "\0",
  ":",
  ";",
  ",",
  "0",
  "1",
  "f",
  "-",
  "+",
  "x",
  "\x7f",
  "\xe9",
  "Content-Length: 3\r\n",
  "Content-Length: 0\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Transfer-Encoding: gzip\r\n",
  "transfer-encoding: identity\r\n",
  "HTTP/1.1 100 Continue\r\n\r\n",
];

/** A reply, one character a byte. */
export function randomReply(random: Random): string {
  let reply = whole(random);
  if (random.chance(0.7)) {
    for (let hurts = 1 + random.below(2); hurts > 0; hurts--) reply = hurt(random, reply);
  }
  return reply;
}

function whole(random: Random): string {
  const status = random.pick(STATUS_LINES);
  const lines = [status];
  for (let count = random.below(4); count > 0; count--) lines.push(random.pick(FIELDS));
  let body = "x".repeat(random.below(20));
  const framing = random.pick(["length", "length", "chunked", "chunked", "close"]);
  if (framing === "length") lines.push(`Content-Length: ${body.length}`);
  if (framing === "chunked") {
    lines.push("Transfer-Encoding: chunked");
    body = chunked(random, body);
  }
  if (/ (204|304)/.test(status)) body = "";
  const informational = random.chance(0.1) ? "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" : "";
  const [, ...fields] = lines;
  return `${informational}${[status, ...random.shuffle(fields)].join("\r\n")}\r\n\r\n${body}`;
}

function chunked(random: Random, body: string): string {
  let text = "";
  for (let at = 0; at < body.length;) {
    const size = Math.min(body.length - at, 1 + random.below(12));
    const extension = random.chance(0.15) ? ";a=b" : "";
    text += `${size.toString(16)}${extension}\r\n${body.slice(at, at + size)}\r\n`;
    at += size;
  }
  const trailers = random.chance(0.15) ? "X-Sum: 1\r\n" : "";
  return `${text}0\r\n${trailers}\r\n`;
}

function hurt(random: Random, reply: string): string {
  const at = random.below(reply.length + 1);
  switch (random.below(4)) {
    case 0:
      return reply.slice(0, at) + reply.slice(at + 1 + random.below(3));
    case 1:
      return reply.slice(0, at) + random.pick(HURTS) + reply.slice(at);
    case 2:
      return reply.slice(0, at) + random.pick(HURTS) + reply.slice(at + 1);
    default: {
      // At the start of a line, where most of the framing is decided.
      const line = reply.indexOf("\n", at) + 1;
      return reply.slice(0, line) + random.pick(HURTS) + reply.slice(line);
    }
  }
}
