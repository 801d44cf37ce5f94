/** The shapes of `tls` and `upstream.tls` in the configuration file. What the files hold is `tls_rules.ts`'s. */
import { mapping, written } from "./value.ts";

/** A file in PEM, by its path; an inline text would put a key into the configuration. */
function pemPath(example: string) {
  return written(
    `the path of a file in PEM, such as ${example}`,
    (text) => text !== "" && !/\p{Cc}|-----BEGIN/u.test(text) ? text : null,
    {
      pattern: String.raw`^[^\x00-\x1f\x7f-\x9f]+$`,
      examples: [example],
      describe: (found) =>
        typeof found === "string" && found.includes("-----BEGIN")
          ? "the text of a PEM file"
          : undefined,
    },
  );
}

/** TLS on the listener. */
export const tls = mapping({
  cert: pemPath("tls/cert.pem").describe(
    "The certificate, then those between it and the authority. Path of a file in PEM.",
  ),
  key: pemPath("tls/key.pem").describe("Its private key, not encrypted. Path of a file in PEM."),
  client_ca: pemPath("tls/clients.pem").nullable().prefault(null).describe(
    "Who vouches for clients' certificates: one is asked for then, and proves the entry of keys that names its fingerprint. Path of a file in PEM.",
  ),
});

/** TLS to the upstream. */
export const upstreamTls = mapping({
  ca: pemPath("tls/upstream.pem").nullable().prefault(null).describe(
    "Who vouches for the upstream, in place of the system's authorities. Path of a file in PEM.",
  ),
  cert: pemPath("tls/gate.pem").nullable().prefault(null).describe(
    "The gate's certificate for an upstream that asks for one. Path of a file in PEM.",
  ),
  key: pemPath("tls/gate.key.pem").nullable().prefault(null).describe(
    "Its private key, not encrypted. Path of a file in PEM.",
  ),
});
