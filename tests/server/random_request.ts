/**
 * Requests for runs beside other servers: heads and bodies drawn from what parsers disagree about,
 * then changed in a place or two.
 */
import type { Random } from "../support/random.ts";

/**
 * A request that may or may not be one, as characters up to U+00FF. Each part is a usual one in most
 * cases, so that something remains of many of them that is read.
 */
export function randomRequest(random: Random): string {
  const body = random.chance(0.6) ? random.pick(BODIES) : NO_BODY;
  const usual = body === NO_BODY ? ["GET", "DELETE", "POST"] : ["POST", "PUT"];
  const method = random.pick(random.chance(0.8) ? usual : METHODS);
  const target = random.pick(random.chance(0.7) ? USUAL_TARGETS : TARGETS);
  const version = random.chance(0.8) ? "HTTP/1.1" : random.pick(VERSIONS);
  const fields = [random.chance(0.8) ? "Host: a.test" : random.pick(HOSTS)];
  for (let count = random.below(4); count > 0; count--) {
    fields.push(random.pick(random.chance(0.8) ? USUAL_FIELDS : FIELDS));
  }
  if (body !== NO_BODY) fields.push(body.field);
  const head = [`${method} ${target} ${version}`, ...random.shuffle(fields)].join("\r\n");
  let text = `${random.chance(0.05) ? "\r\n" : ""}${head}\r\n\r\n${body.text}`;
  for (let count = random.pick([0, 0, 1, 1, 2]); count > 0; count--) text = mutate(text, random);
  return text;
}

function mutate(text: string, random: Random): string {
  const at = random.below(text.length);
  const piece = random.pick(PIECES);
  const dropped = random.pick([0, 0, 1, 1, 2]);
  return text.slice(0, at) + piece + text.slice(at + dropped);
}

const METHODS = [
  "GET",
  "POST",
  "POST",
  "POST",
  "DELETE",
  "OPTIONS",
  "PUT",
  "HEAD",
  "PATCH",
  "TRACE",
];
const USUAL_TARGETS = ["/mcp", "/mcp?a=b", "//x/./../y", "/%2e%6d;a", "/a\\b"];
const TARGETS = [
  "/mcp",
  "/mcp?a=b",
  "//x",
  "/./a/../b",
  "/%2e%6d",
  "/a;b",
  "/a\\b",
  '/~{}|^`"<>#',
  "*",
  "http://a.test/x",
  "http://b.test/x",
  "https://a.test/",
  "http://a.test",
  "a.test:80",
  "mcp",
  "",
];
const VERSIONS = ["HTTP/1.0", "HTTP/1.2", "HTTP/2.0"];
const HOSTS = ["host:a.test", "HOST:\ta.test \t", "Host:", "X-Host: a.test"];
const USUAL_FIELDS = [
  "X-A: b",
  "x-a:",
  "X-A:\tb\tc \t",
  "X-A: \xe9\x80\xff",
  "X-A: \xa0b\xa0",
  "TE: trailers",
  "Trailer: X-T",
  "Connection: X-A",
  "Keep-Alive: 1",
];
const FIELDS = [
  "X-A: b",
  "x-a:",
  "X-A:\tb\tc \t",
  "X-A: \xe9\x80\xff",
  "X-A: \xa0b\xa0",
  "X-B : c",
  " folded: x",
  "\tfolded",
  ": empty",
  "No-Colon",
  "X-(A): b",
  "Host: a.test",
  "Content-Length: 3",
  "Content-Length: 0",
  "Content-Length: +3",
  "Content-Length: 3, 3",
  "Content-Length: 0x3",
  "Content_Length: 3",
  "Transfer-Encoding: chunked",
  "Transfer-Encoding: gzip, chunked",
  "Transfer-Encoding: identity",
  "Transfer-Encoding: xchunked",
  "Transfer-Encoding:\x0bchunked",
  "Transfer_Encoding: chunked",
  "Connection: close",
  "Connection: keep-alive, X-A",
  "Connection: Content-Length",
  "TE: trailers",
  "Trailer: X-T",
  "Upgrade: h2c",
  "Expect: 100-continue",
  "Expect: x",
  "Keep-Alive: 1",
];
const NO_BODY = { field: "", text: "" };
const BODIES = [
  { field: "Content-Length: 3", text: "abc" },
  { field: "Content-Length: 003", text: "abc" },
  { field: "Content-Length: 5", text: "abc" },
  { field: "Content-Length: 2", text: "abc" },
  { field: "Transfer-Encoding: chunked", text: "3\r\nabc\r\n0\r\n\r\n" },
  {
    field: "transfer-encoding: CHUNKED",
    text: '0A;e="f"\r\n0123456789\r\n1\r\nx\r\n00\r\nX-T: y\r\n\r\n',
  },
  { field: "Transfer-Encoding: chunked", text: "3;\xe9\r\nabc\r\n0\r\n\r\n" },
  { field: "Transfer-Encoding: chunked", text: "3 ;e\r\nabc\r\n0\r\nContent-Length: 9\r\n\r\n" },
  { field: "Transfer-Encoding: chunked", text: "3\nabc\r\n0\r\n\r\n" },
  { field: "Transfer-Encoding: chunked", text: "4\r\nabc\r\n0\r\n\r\n" },
];
const PIECES = [
  "",
  "\r",
  "\n",
  "\r\n",
  "\r\n\r\n",
  "\n\n",
  " ",
  "\t",
  "\0",
  "\x0b",
  "\x7f",
  "\x80",
  "\xff",
  ":",
  ",",
  ";",
  "0",
  "a",
  "/",
  "?",
  "#",
  "%",
  "chunked",
  "Content-Length: 3\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Host: b\r\n",
];
