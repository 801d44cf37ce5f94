/**
 * An upstream whose answers carry the id that was asked with, as those of real servers do: a small
 * call, one in a session, and a list of 200 tools, the same each time or a new one. Quick rather than
 * correct, since every proxy of a contest asks it alike; a process of its own.
 */
import { SESSION, toolList } from "./fixed_reply.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

const RESULT = JSON.stringify({
  content: [{ type: "text", text: "date,amount\n2026-07-01,42\n" }],
  isError: false,
});
const INITIALIZED = JSON.stringify({
  protocolVersion: "2025-11-25",
  capabilities: { tools: {} },
  serverInfo: { name: "bench", version: "1" },
});

/** Stands in each definition: a new list has a number of the same length in its place. */
const SERIAL = "of the reporting store";

const LIST = resultOf(toolList(200));
const BETWEEN = LIST.split(SERIAL);

let serial = 0;

function resultOf(answer: string): string {
  return answer.slice(answer.indexOf('"result":') + '"result":'.length, -1);
}

function newList(): string {
  return BETWEEN.join(String(++serial).padStart(SERIAL.length, "0"));
}

function answer(text: string): Uint8Array {
  const id = /"id":([^,}]+)/.exec(text)?.[1] ?? "null";
  const isInitialize = text.includes('"method":"initialize"');
  const path = text.slice(text.indexOf(" ") + 1, text.indexOf(" ", text.indexOf(" ") + 1));
  const result = isInitialize
    ? INITIALIZED
    : path === "/list200"
    ? LIST
    : path === "/new200"
    ? newList()
    : RESULT;
  const body = `{"jsonrpc":"2.0","id":${id},"result":${result}}`;
  const session = isInitialize ? `mcp-session-id: ${SESSION}\r\n` : "";
  return encoder.encode(
    `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n${session}` +
      `content-length: ${body.length}\r\n\r\n${body}`,
  );
}

async function serve(client: Deno.TcpConn): Promise<void> {
  using connection = client;
  connection.setNoDelay(true);
  const bytes = new Uint8Array(16 * 1024);
  let filled = 0;
  for (;;) {
    const count = await connection.read(bytes.subarray(filled));
    if (count === null) return;
    filled += count;
    const text = decoder.decode(bytes.subarray(0, filled));
    const bodyAt = text.indexOf("\r\n\r\n") + 4;
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(text)?.[1] ?? 0);
    if (bodyAt < 4 || text.length < bodyAt + length) continue;
    filled = 0;
    const reply = answer(text);
    for (let at = 0; at < reply.length;) at += await connection.write(reply.subarray(at));
  }
}

const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
console.error(`listening on http://127.0.0.1:${listener.addr.port}`);
for await (const client of listener) serve(client).catch(() => {});
