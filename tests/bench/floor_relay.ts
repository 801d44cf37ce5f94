/**
 * The least that a proxy on this runtime can do: bytes from a socket of `Deno.listen` to one of
 * `Deno.connect` and back, four asynchronous operations a request. It reads, judges and records
 * nothing, and takes each read for a whole message. What the gate costs above this is its own work.
 *
 * Usage: floor_relay.ts UPSTREAM-PORT
 */
const upstreamPort = Number(Deno.args[0]);

const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
console.error(`listening on http://127.0.0.1:${listener.addr.port}`);
for await (const client of listener) relay(client).catch(() => client.close());

async function relay(client: Deno.TcpConn): Promise<void> {
  client.setNoDelay(true);
  using upstream = await Deno.connect({ hostname: "127.0.0.1", port: upstreamPort });
  upstream.setNoDelay(true);
  const question = new Uint8Array(4096);
  const reply = new Uint8Array(4096);
  for (;;) {
    const asked = await client.read(question);
    if (asked === null) return client.close();
    await upstream.write(question.subarray(0, asked));
    const answered = await upstream.read(reply);
    if (answered === null) return client.close();
    await client.write(reply.subarray(0, answered));
  }
}
