/** What is said of certificates and their files that are allowed but hardly meant. */
import assert from "node:assert/strict";
import { dateDoubts, tlsDoubts } from "../../src/cli/tls_doubts.ts";
import type { Config } from "../../src/config/config.ts";
import { testNeeding } from "../support/absent.ts";
import { Authority, type Identity, OPENSSL } from "../support/certificates.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** A configuration with this certificate, as far as it is looked at. */
function config({ cert, key }: Identity, more: Readonly<Record<string, unknown>> = {}): Config {
  return {
    upstream: { tls: null },
    tls: { cert: "/tls/cert.pem", key: "/tls/key.pem", clientCa: null },
    hosts: [],
    keys: [],
    secrets: { tls: { cert, key, clientCa: null }, upstreamTls: null },
    ...more,
  } as unknown as Config;
}

const PRIVATE = () => 0o600;

testNeeding(
  OPENSSL,
  "a certificate's dates are told when they are near or gone",
  async (openssl) => {
    await using authority = await Authority.found(openssl);
    const now = Math.floor(Date.now() / 1000) * 1000;
    const identity = await authority.issue({
      name: "gate",
      fromMs: now - DAY_MS,
      untilMs: now + 60 * DAY_MS,
    });
    const said = (days: number) => dateDoubts(config(identity), now + days * DAY_MS);
    assert.deepEqual(said(0), []);
    assert.deepEqual(said(46), []);
    assert.match(
      said(47)[0] ?? "",
      /^\/tls\/cert\.pem expires on \d{4}-\d\d-\d\d: renew it and send SIGHUP$/,
    );
    assert.match(said(60)[0] ?? "", /^\/tls\/cert\.pem has expired, on /);
    assert.match(said(-2)[0] ?? "", /^\/tls\/cert\.pem is not valid before .*: look at the clock$/);
  },
);

testNeeding(
  OPENSSL,
  "a certificate that is not for a host that is served is told",
  async (openssl) => {
    await using authority = await Authority.found(openssl);
    const identity = await authority.issue({
      name: "gate",
      names: "DNS:mcp.example.com,DNS:*.tools.test,IP:10.0.0.1,IP:::1",
    });
    const hosts = ["mcp.example.com", "a.tools.test", "10.0.0.1", "[::1]"];
    assert.deepEqual(tlsDoubts(config(identity, { hosts }), Date.now(), PRIVATE), []);
    const others = ["example.com", "a.b.tools.test", "10.0.0.2"];
    const [said] = tlsDoubts(
      config(identity, { hosts: [...hosts, ...others] }),
      Date.now(),
      PRIVATE,
    );
    assert.match(
      said ?? "",
      /^the certificate is not for example\.com, a\.b\.tools\.test, 10\.0\.0\.2, /,
    );
  },
);

testNeeding(OPENSSL, "a private key that everybody may read is told", async (openssl) => {
  await using authority = await Authority.found(openssl);
  const identity = await authority.issue({ name: "gate" });
  for (const [mode, isTold] of [[0o600, false], [0o640, false], [0o644, true], [null, false]]) {
    const said = tlsDoubts(config(identity), Date.now(), () => mode as number | null);
    assert.deepEqual(said.length, isTold === true ? 1 : 0);
    if (isTold === true) assert.match(said[0] ?? "", /chmod o-r \/tls\/key\.pem$/);
  }
});

testNeeding(
  OPENSSL,
  "clients that are asked for certificates in vain are told",
  async (openssl) => {
    await using authority = await Authority.found(openssl);
    const identity = await authority.issue({ name: "gate" });
    const tls = { cert: "/c", key: "/k", clientCa: "/ca" };
    const secrets = {
      tls: { cert: identity.cert, key: identity.key, clientCa: authority.pem },
      upstreamTls: null,
    };
    const said = (certificates: readonly string[]) =>
      tlsDoubts(config(identity, { tls, secrets, keys: [{ certificates }] }), Date.now(), PRIVATE);
    assert.match(said([])[0] ?? "", /no key names one/);
    assert.deepEqual(said([identity.fingerprint]), []);
  },
);
