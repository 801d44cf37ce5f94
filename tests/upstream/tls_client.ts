/**
 * Asks each of the URLs it is given once and prints what comes of it, one line each: a program of its
 * own, since what a process trusts is settled when it starts.
 *
 * Usage: tls_client.ts [URL | --ca=FILE]…  The file is whom all that follow are held to.
 */
import { http1Upstream } from "../../src/upstream/http1_upstream.ts";
import { asked, textOf } from "./upstream_fixture.ts";
import { send } from "../../src/upstream/upstream.ts";

let ca: string | null = null;
for (const url of Deno.args) {
  if (url.startsWith("--ca=")) {
    ca = Deno.readTextFileSync(url.slice("--ca=".length));
    continue;
  }
  const tls = ca === null ? null : { ca, cert: null, key: null };
  const upstream = http1Upstream({ url, tls });
  try {
    const first = await textOf(await send(upstream, asked()));
    console.log(first, await textOf(await send(upstream, asked())));
  } catch (error) {
    console.log(String(error));
  }
  await upstream.close();
}
