/** Checks of TLS: the handshake, what a certificate proves, and what files may replace others. */
import type { Mutant } from "./mutant.ts";

const HANDSHAKE = ["tests/server/tls_handshake_test.ts"];
const CERTIFICATE = ["tests/e2e/client_certificate_test.ts"];
const UPSTREAM = ["tests/upstream/http1_secure_test.ts"];

/** All of them. */
export const SECURING: readonly Mutant[] = [
  {
    without: "the deadline of handshakes",
    file: "src/server/connection.ts",
    find: 'if (elapsedMs > this.#home.headerDeadlineMs()) this.close("cut");',
    put: "",
    tests: HANDSHAKE,
  },
  {
    without: "counting the handshake against the first head",
    file: "src/server/connection.ts",
    find: "this.#sinceMs = this.#home.nowMs - this.#spentMs;",
    put: "this.#sinceMs = this.#home.nowMs;",
    tests: HANDSHAKE,
  },
  {
    without: "noticing that a client leaves during its handshake",
    file: "src/server/tls_door.ts",
    find: 'stream.onEnd = () => this.#refuse(new Deno.errors.UnexpectedEof("Client left"));',
    put: "",
    tests: HANDSHAKE,
  },
  {
    without: "agreeing on HTTP/1.1 alone",
    file: "src/server/tls_door.ts",
    find: 'ALPNProtocols: ["http/1.1"],',
    put: 'ALPNProtocols: ["h2", "http/1.1"],',
    tests: HANDSHAKE,
  },
  {
    without: "telling the end of a reply from its being cut off",
    file: "src/server/connection.ts",
    find: `    this.#exchange = null;
    this.close("cut");`,
    put: `    this.#exchange = null;
    this.close();`,
    tests: HANDSHAKE,
  },
  {
    without: "back-pressure below the engine",
    file: "src/tls/secure_socket.ts",
    find: "this.#stream.hold();",
    put: "",
    tests: ["tests/tls/secure_socket_test.ts"],
  },
  {
    without: "looking for the authority of a certificate once more",
    file: "src/server/client_certificate.ts",
    find: "if (!this.#isTrusted || !this.#leads)",
    put: "if (!this.#isTrusted)",
    tests: CERTIFICATE,
  },
  {
    without: "what the engine says of a certificate",
    file: "src/server/client_certificate.ts",
    find: "if (!this.#isTrusted || !this.#leads)",
    put: "if (!this.#leads)",
    tests: ["tests/server/client_certificate_test.ts"],
  },
  {
    without: "the end of a certificate",
    file: "src/server/client_certificate.ts",
    find: 'if (!(nowMs < this.#untilMs)) return "expired";',
    put: "",
    tests: CERTIFICATE,
  },
  {
    without: "ending what a certificate has open with it",
    file: "src/gate/gate.ts",
    find: `||
        exchange.hasLostCertificate`,
    put: "",
    tests: CERTIFICATE,
  },
  {
    without: "holding a key and a certificate to the same caller",
    file: "policies/auth.ts",
    find: "if (proved !== undefined && proved.label !== label) {",
    put: "if (proved === null) {",
    tests: ["tests/policies/auth_test.ts"],
  },
  {
    without: "trying a certificate and its key before they replace others",
    file: "src/cli/tls_problems.ts",
    find: "const fault = tls === null ? null : await proveTls(tls);",
    put: "const fault = tls === null || proveTls === null ? null : null;",
    tests: ["tests/e2e/tls_test.ts"],
  },
  {
    without: "the operator's authority in place of the system's",
    file: "src/upstream/http1_secure.ts",
    find: "...(ca === null ? {} : { ca }),",
    put: "",
    tests: UPSTREAM,
  },
];
