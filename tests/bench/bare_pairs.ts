/**
 * The least that a stream through a program on this runtime holds: for each connection another to the
 * port that is told, and a read of a few bytes under way on both.
 *
 * Usage: bare_pairs.ts PORT
 */
const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
console.error(`listening on http://127.0.0.1:${listener.addr.port}`);
const pairs: Deno.Conn[] = [];
for await (const connection of listener) {
  const other = await Deno.connect({ hostname: "127.0.0.1", port: Number(Deno.args[0]) });
  pairs.push(connection, other);
  connection.read(new Uint8Array(64));
  other.read(new Uint8Array(64));
}
