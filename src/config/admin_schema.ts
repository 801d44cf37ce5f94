/** The shape of `admin` in the configuration file. */
import { LISTEN, parseHost, parseListen } from "./address.ts";
import { list, mapping, written } from "./value.ts";

/** Where the operator looks. */
export const admin = mapping({
  listen: written('an address and port such as "127.0.0.1:9091"', parseListen, {
    suggest: (found) =>
      typeof found === "number" ? `did you mean "127.0.0.1:${found}"?` : undefined,
    pattern: LISTEN.source,
    examples: ["127.0.0.1:9091"],
  }).describe(
    "Where health, metrics and the live page are served, in plain HTTP and without a login: keep it on loopback.",
  ),
  hosts: list(
    written("a host name without port, such as mcpgate.internal", parseHost, {
      pattern: String.raw`^[^/:]+$|^\[.+\]$`,
      examples: ["mcpgate.internal"],
    }),
    "a list of host names",
  ).prefault([]).describe(
    "Allowed Host names beside loopback ones; on a public listener any IP address is allowed as well.",
  ),
});
