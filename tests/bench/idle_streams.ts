/**
 * What an open, silent stream costs the gate: so many GET streams through it to an upstream that
 * never says a word, and what the process has grown by.
 */
import { mcpVerb } from "../support/mcp_request.ts";
import { RawClient } from "../support/raw_http.ts";
import { events, RecordingUpstream } from "../support/recording_upstream.ts";
import { BENCH_TLS, benchKey, startGate } from "./gate_scene.ts";
import { residentKiB } from "./process_cost.ts";

/** Memory of `count` idle streams, in KiB each, with TLS or without. */
export async function idleStreamKiB(count: number, isSecure = false): Promise<number> {
  await using upstream = await RecordingUpstream.start();
  upstream.otherwise = events([": open\n\n", new Promise(() => {})]);
  const key = benchKey(["*"]);
  await using gate = await startGate({
    upstream: upstream.url(),
    key,
    settings: isSecure ? { tls: BENCH_TLS.paths } : {},
  });
  using clients = new DisposableStack();
  const open = async (streams: number) => {
    for (let opened = 0; opened < streams; opened++) {
      const client = clients.use(
        await (isSecure
          ? RawClient.connectTls(gate.port, BENCH_TLS.ca)
          : RawClient.connect(gate.port)),
      );
      const reply = await client.ask(mcpVerb("GET", key.key));
      if (reply.status !== 200) throw new Error(`Stream ${opened} was answered ${reply.status}`);
      await reply.read();
    }
  };
  // The first streams pay for code and pools that all share.
  await open(Math.ceil(count / 10));
  const before = residentKiB(gate.pid);
  await open(count);
  return (residentKiB(gate.pid) - before) / count;
}
