/**
 * Forms of replies by what HTTP/1.1 says of them: those that are read, as what, and those that are
 * refused, and why. Each is one table row; who reads them is for the tests that use the tables.
 */

/** The usual status line. */
export const OK = "HTTP/1.1 200 OK\r\n";
/** The usual head of a chunked body. */
export const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;

/** What is read. */
export interface ReadForm {
  readonly name: string;
  readonly bytes: string;
  /** Default: none. */
  readonly body?: string;
  /** How long the connection may be kept, in ms; default: for ever. */
  readonly kept?: number;
}

/** Forms that are read. */
export const READ: readonly ReadForm[] = [
  { name: "a status without a reason", bytes: "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n" },
  { name: "nor the space before it", bytes: "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n" },
  { name: "a reason in Latin-1", bytes: "HTTP/1.1 200 \xe9t\xe9\r\nContent-Length: 0\r\n\r\n" },
  { name: "no field at all, to the end", bytes: `${OK}\r\nabc`, body: "abc", kept: 0 },
  { name: "tabs around a value", bytes: `${OK}X:\t1 \t\r\nContent-Length: 1\r\n\r\na`, body: "a" },
  { name: "an empty value", bytes: `${OK}X:\r\nContent-Length: 0\r\n\r\n` },
  { name: "informational heads before", bytes: `HTTP/1.1 100 Continue\r\n\r\n${CHUNKED}0\r\n\r\n` },
  {
    name: "several of them, with fields of no account",
    bytes: `HTTP/1.1 103 Early Hints\r\nContent-Length: 9\r\n\r\nHTTP/1.1 102 x\r\n\r\n` +
      `${OK}Content-Length: 1\r\n\r\na`,
    body: "a",
  },
  {
    name: "a chunked coding in capitals",
    bytes: `${OK}TRANSFER-ENCODING: CHUNKED\r\n\r\n0\r\n\r\n`,
  },
  {
    name: "a chunk size in capitals",
    bytes: `${CHUNKED}A\r\n0123456789\r\n0\r\n\r\n`,
    body: "0123456789",
  },
  {
    name: "a chunk size of eight digits",
    bytes: `${CHUNKED}00000001\r\na\r\n0\r\n\r\n`,
    body: "a",
  },
  { name: "a chunk extension", bytes: `${CHUNKED}1;x="y;\\""\r\na\r\n0;z\r\n\r\n`, body: "a" },
  {
    name: "an extension at its bound",
    bytes: `${CHUNKED}1;${"x".repeat(256)}\r\na\r\n0\r\n\r\n`,
    body: "a",
  },
  {
    name: "trailers, dropped",
    bytes: `${CHUNKED}1\r\na\r\n0\r\nX-Sum: 1\r\nY:\r\n\r\n`,
    body: "a",
  },
  {
    name: "trailers that would be framing, dropped",
    bytes: `${CHUNKED}1\r\na\r\n0\r\nContent-Length: 9\r\n\r\n`,
    body: "a",
  },
  {
    name: "chunks that hold framing",
    bytes: `${CHUNKED}7\r\n0\r\n\r\n1\r\r\n0\r\n\r\n`,
    body: "0\r\n\r\n1\r",
  },
  {
    name: "no body of 204 with a length",
    bytes: "HTTP/1.1 204 x\r\nContent-Length: 2\r\n\r\n",
    kept: 0,
  },
  {
    name: "no body of 204 in chunks",
    bytes: "HTTP/1.1 204 x\r\nTransfer-Encoding: chunked\r\n\r\n",
    kept: 0,
  },
  { name: "no body of 304 with a length", bytes: "HTTP/1.1 304 x\r\nContent-Length: 2\r\n\r\n" },
  {
    name: "a connection to be closed",
    bytes: `${OK}Connection: x, Close\r\nContent-Length: 0\r\n\r\n`,
    kept: 0,
  },
  {
    name: "a connection that only sounds so",
    bytes: `${OK}Connection: closet\r\nContent-Length: 0\r\n\r\n`,
  },
  {
    name: "a connection of HTTP/1.0",
    bytes: "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n",
    kept: 0,
  },
  {
    name: "a time to keep it",
    bytes: `${OK}Keep-Alive: timeout=3, max=9\r\nContent-Length: 0\r\n\r\n`,
    kept: 2000,
  },
  {
    name: "too short a time to keep it",
    bytes: `${OK}Keep-Alive: timeout=1\r\nContent-Length: 0\r\n\r\n`,
    kept: 0,
  },
];
/** What is refused. */
export interface RefusedForm {
  readonly name: string;
  readonly bytes: string;
  readonly why: RegExp;
}

/** Forms that are refused. */
export const REFUSED: readonly RefusedForm[] = [
  { name: "nothing", bytes: "", why: /without a whole reply/ },
  { name: "an empty line first", bytes: `\r\n${OK}\r\n`, why: /not HTTP/ },
  { name: "another protocol", bytes: "SSH-2.0-x\r\n\r\n", why: /not HTTP/ },
  { name: "HTTP/2", bytes: "HTTP/2.0 200 OK\r\n\r\n", why: /not HTTP/ },
  { name: "HTTP/1.2", bytes: "HTTP/1.2 200 OK\r\n\r\n", why: /not HTTP/ },
  { name: "small letters", bytes: "http/1.1 200 OK\r\n\r\n", why: /not HTTP/ },
  { name: "HTTP/0.9", bytes: "<html>\r\n", why: /not HTTP/ },
  { name: "two digits of a status", bytes: "HTTP/1.1 20\r\n\r\n", why: /status/ },
  { name: "four digits of a status", bytes: "HTTP/1.1 2000 OK\r\n\r\n", why: /status line/ },
  { name: "two spaces before the status", bytes: "HTTP/1.1  200 OK\r\n\r\n", why: /status/ },
  { name: "a tab before the status", bytes: "HTTP/1.1\t200 OK\r\n\r\n", why: /status line/ },
  { name: "a status over 599", bytes: "HTTP/1.1 600 OK\r\n\r\n", why: /no such status/ },
  { name: "a status under 100", bytes: "HTTP/1.1 099 OK\r\n\r\n", why: /no such status/ },
  {
    name: "a control character in the reason",
    bytes: "HTTP/1.1 200 O\x00K\r\n\r\n",
    why: /status line/,
  },
  {
    name: "another protocol unasked",
    bytes: "HTTP/1.1 101 x\r\nUpgrade: y\r\n\r\n",
    why: /switches/,
  },
  { name: "a bare line feed after the status", bytes: "HTTP/1.1 200 OK\n\r\n", why: /CRLF/ },
  { name: "a bare line feed after a field", bytes: `${OK}A: b\n\r\n`, why: /CRLF/ },
  { name: "a bare line feed at the end", bytes: `${OK}A: b\r\n\n`, why: /CRLF/ },
  { name: "a bare carriage return in a value", bytes: `${OK}A: b\rc\r\n\r\n`, why: /value/ },
  { name: "a null character in a value", bytes: `${OK}A: b\x00c\r\n\r\n`, why: /value/ },
  { name: "a delete character in a value", bytes: `${OK}A: b\x7fc\r\n\r\n`, why: /value/ },
  { name: "a folded line", bytes: `${OK}A: b\r\n c\r\n\r\n`, why: /field is malformed/ },
  { name: "a space first", bytes: `${OK} A: b\r\n\r\n`, why: /field is malformed/ },
  { name: "a space before the colon", bytes: `${OK}A : b\r\n\r\n`, why: /field is malformed/ },
  { name: "no name", bytes: `${OK}: b\r\n\r\n`, why: /field is malformed/ },
  { name: "no colon", bytes: `${OK}Ab\r\n\r\n`, why: /field is malformed/ },
  { name: "a name that is no token", bytes: `${OK}A\xe9: b\r\n\r\n`, why: /field is malformed/ },
  {
    name: "two lengths",
    bytes: `${OK}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`,
    why: /two lengths/,
  },
  {
    name: "the same length twice",
    bytes: `${OK}Content-Length: 1\r\ncontent-length: 1\r\n\r\na`,
    why: /two lengths/,
  },
  { name: "a list of lengths", bytes: `${OK}Content-Length: 1, 1\r\n\r\na`, why: /no number/ },
  { name: "a signed length", bytes: `${OK}Content-Length: +1\r\n\r\na`, why: /no number/ },
  { name: "a hexadecimal length", bytes: `${OK}Content-Length: 0x1\r\n\r\na`, why: /no number/ },
  { name: "an empty length", bytes: `${OK}Content-Length:\r\n\r\n`, why: /no number/ },
  {
    name: "a length of sixteen digits",
    bytes: `${OK}Content-Length: 0000000000000001\r\n\r\na`,
    why: /no number/,
  },
  { name: "a tab before a length", bytes: `${OK}Content-Length: \t1\r\n\r\na`, why: /tab/ },
  { name: "a tab after a length", bytes: `${OK}Content-Length: 1\t \r\n\r\na`, why: /tab/ },
  {
    name: "a tab after a coding",
    bytes: `${OK}Transfer-Encoding: chunked\t\r\n\r\n0\r\n\r\n`,
    why: /tab/,
  },
  {
    name: "a length and chunks",
    bytes: `${OK}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`,
    why: /twice/,
  },
  {
    name: "chunks and a length",
    bytes: `${OK}Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n`,
    why: /twice/,
  },
  {
    name: "chunks twice",
    bytes: `${OK}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n`,
    why: /coding/,
  },
  { name: "another coding", bytes: `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n`, why: /coding/ },
  { name: "an identity coding", bytes: `${OK}Transfer-Encoding: identity\r\n\r\n`, why: /coding/ },
  {
    name: "a coding with a parameter",
    bytes: `${OK}Transfer-Encoding: chunked;q=1\r\n\r\n`,
    why: /coding/,
  },
  {
    name: "chunks in HTTP/1.0",
    bytes: "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    why: /1\.0/,
  },
  { name: "no digit of a size", bytes: `${CHUNKED}\r\n\r\n`, why: /chunks/ },
  { name: "a size of nine digits", bytes: `${CHUNKED}000000001\r\na\r\n0\r\n\r\n`, why: /chunks/ },
  { name: "a size after a space", bytes: `${CHUNKED} 1\r\na\r\n0\r\n\r\n`, why: /chunks/ },
  { name: "a size before a space", bytes: `${CHUNKED}1 \r\na\r\n0\r\n\r\n`, why: /chunks/ },
  { name: "a signed size", bytes: `${CHUNKED}-1\r\na\r\n0\r\n\r\n`, why: /chunks/ },
  { name: "a size in another base", bytes: `${CHUNKED}0x1\r\na\r\n0\r\n\r\n`, why: /chunks/ },
  { name: "a bare line feed after a size", bytes: `${CHUNKED}1\na\r\n0\r\n\r\n`, why: /chunks/ },
  { name: "a bare line feed after data", bytes: `${CHUNKED}1\r\na\n0\r\n\r\n`, why: /chunks/ },
  { name: "more data than its size", bytes: `${CHUNKED}1\r\nab\r\n0\r\n\r\n`, why: /chunks/ },
  { name: "a line feed in an extension", bytes: `${CHUNKED}1;\n\r\na\r\n0\r\n\r\n`, why: /chunks/ },
  {
    name: "an endless extension",
    bytes: `${CHUNKED}1;${"x".repeat(257)}\r\na\r\n0\r\n\r\n`,
    why: /chunks/,
  },
  { name: "a folded trailer", bytes: `${CHUNKED}0\r\nA: b\r\n c\r\n\r\n`, why: /chunks/ },
  { name: "a trailer without a colon", bytes: `${CHUNKED}0\r\nA\r\n\r\n`, why: /chunks/ },
  { name: "a bare line feed at the end of chunks", bytes: `${CHUNKED}0\r\n\n`, why: /chunks/ },
  { name: "chunks that end with the connection", bytes: `${CHUNKED}1\r\na\r\n`, why: /too early/ },
  {
    name: "trailers that end with the connection",
    bytes: `${CHUNKED}0\r\nA: b\r\n`,
    why: /too early/,
  },
  { name: "less than the length", bytes: `${OK}Content-Length: 2\r\n\r\na`, why: /too early/ },
  { name: "half a head", bytes: `${OK}A: b\r\n`, why: /without a whole reply/ },
];
