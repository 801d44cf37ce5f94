/**
 * The least that a server on this runtime can be: what the gate's start is held beside.
 *
 * Usage: empty_server.ts PORT
 */
Deno.serve({ hostname: "127.0.0.1", port: Number(Deno.args[0]) }, () => new Response("{}"));
