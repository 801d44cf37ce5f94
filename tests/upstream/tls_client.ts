/**
 * Asks each of the URLs it is given once and prints what comes of it, one line each: a program of its
 * own, since what a process trusts is settled when it starts.
 *
 * Usage: tls_client.ts URL…
 */
import { http1Upstream } from "../../src/upstream/http1_upstream.ts";
import { asked, textOf } from "./upstream_fixture.ts";

for (const url of Deno.args) {
  const upstream = http1Upstream({ url });
  try {
    const first = await textOf(await upstream.send(asked()));
    console.log(first, await textOf(await upstream.send(asked())));
  } catch (error) {
    console.log(String(error));
  }
  await upstream.close();
}
