/** Replies as real servers have sent them, byte for byte: what no strictness may refuse. */

/** A reply, and what it says. */
export interface RecordedReply {
  readonly name: string;
  readonly bytes: string;
  readonly status: number;
  readonly body: string;
  /** Whether the connection may be used again. */
  readonly isKept: boolean;
}

/** Of nginx, Node.js, Express, Deno, uvicorn and Python's own server. */
export const RECORDED: readonly RecordedReply[] = [
  {
    name: "nginx, JSON",
    bytes: "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Sun, 22 Nov 2026 23:17:10 GMT\r\n" +
      "Content-Type: application/json\r\nContent-Length: 7\r\n" +
      "Last-Modified: Sun, 22 Nov 2026 23:17:10 GMT\r\nConnection: keep-alive\r\n" +
      'ETag: "6b0377f6-75"\r\nAccept-Ranges: bytes\r\n\r\n{"a":1}',
    status: 200,
    body: '{"a":1}',
    isKept: true,
  },
  {
    name: "Node.js, JSON",
    bytes: "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" +
      "Date: Sun, 22 Nov 2026 23:17:22 GMT\r\nConnection: keep-alive\r\n" +
      'Keep-Alive: timeout=5\r\nContent-Length: 7\r\n\r\n{"a":1}',
    status: 200,
    body: '{"a":1}',
    isKept: true,
  },
  {
    name: "Node.js, event stream",
    bytes: "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n" +
      "Date: Sun, 22 Nov 2026 23:17:22 GMT\r\nConnection: keep-alive\r\n" +
      "Keep-Alive: timeout=5\r\nTransfer-Encoding: chunked\r\n\r\n" +
      "9\r\ndata: 1\n\n\r\n9\r\ndata: 2\n\n\r\n0\r\n\r\n",
    status: 200,
    body: "data: 1\n\ndata: 2\n\n",
    isKept: true,
  },
  {
    name: "Node.js, accepted in chunks of nothing",
    bytes: "HTTP/1.1 202 Accepted\r\nDate: Sun, 22 Nov 2026 23:17:22 GMT\r\n" +
      "Connection: keep-alive\r\nKeep-Alive: timeout=5\r\nTransfer-Encoding: chunked\r\n\r\n" +
      "0\r\n\r\n",
    status: 202,
    body: "",
    isKept: true,
  },
  {
    name: "Node.js, no content",
    bytes: "HTTP/1.1 204 No Content\r\nDate: Sun, 22 Nov 2026 23:17:23 GMT\r\n" +
      "Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n\r\n",
    status: 204,
    body: "",
    isKept: true,
  },
  {
    name: "Node.js to a client of HTTP/1.0",
    bytes: "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" +
      'Date: Sun, 22 Nov 2026 23:17:23 GMT\r\nConnection: close\r\n\r\n{"a":1}',
    status: 200,
    body: '{"a":1}',
    isKept: false,
  },
  {
    name: "Express, a refusal",
    bytes:
      "HTTP/1.1 400 Bad Request\r\nX-Powered-By: Express\r\nAccess-Control-Allow-Origin: *\r\n" +
      "Access-Control-Expose-Headers: mcp-session-id,last-event-id,mcp-protocol-version\r\n" +
      "content-type: application/json\r\ncontent-length: 101\r\n" +
      "Date: Sun, 22 Nov 2026 23:17:19 GMT\r\nConnection: keep-alive\r\n" +
      "Keep-Alive: timeout=5\r\n\r\n" +
      '{"jsonrpc":"2.0","error":{"code":-32700,"message":"Parse error: Invalid JSON-RPC message"},"id":null}',
    status: 400,
    body:
      '{"jsonrpc":"2.0","error":{"code":-32700,"message":"Parse error: Invalid JSON-RPC message"},"id":null}',
    isKept: true,
  },
  {
    name: "Deno, event stream",
    bytes: "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n" +
      "date: Sun, 22 Nov 2026 23:17:16 GMT\r\n\r\n" +
      "9\r\ndata: 1\n\n\r\n9\r\ndata: 2\n\n\r\n0\r\n\r\n",
    status: 200,
    body: "data: 1\n\ndata: 2\n\n",
    isKept: true,
  },
  {
    name: "uvicorn, event stream",
    bytes: "HTTP/1.1 200 OK\r\ndate: Sun, 22 Nov 2026 23:17:51 GMT\r\nserver: uvicorn\r\n" +
      "content-type: text/event-stream\r\ncache-control: no-store\r\n" +
      "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n" +
      "1b\r\nevent: message\r\ndata: 1\r\n\r\n\r\na\r\n: ping\r\n\r\n\r\n0\r\n\r\n",
    status: 200,
    body: "event: message\r\ndata: 1\r\n\r\n: ping\r\n\r\n",
    isKept: false,
  },
  {
    name: "uvicorn, accepted",
    bytes: "HTTP/1.1 202 Accepted\r\ndate: Sun, 22 Nov 2026 23:17:51 GMT\r\nserver: uvicorn\r\n" +
      "content-length: 0\r\nConnection: close\r\n\r\n",
    status: 202,
    body: "",
    isKept: false,
  },
  {
    name: "Python's http.server",
    bytes: "HTTP/1.0 200 OK\r\nServer: BaseHTTP/0.6 Python/3.11.7\r\n" +
      "Date: Sun, 22 Nov 2026 23:17:24 GMT\r\nContent-Type: application/json\r\n\r\n{}",
    status: 200,
    body: "{}",
    isKept: false,
  },
];
