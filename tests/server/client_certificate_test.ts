/** What a client's certificate proves, whatever the engine says of it. */
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { PeerCertificate } from "../../src/server/client_certificate.ts";
import { certificatesIn } from "../../src/config/pem.ts";
import { testNeeding } from "../support/absent.ts";
import { Authority, type Identity, OPENSSL } from "../support/certificates.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** A certificate as a client shows it, with what is above it. */
function shown(chain: readonly string[], isTrusted = true): PeerCertificate {
  return new PeerCertificate(chain.map((pem) => new X509Certificate(pem).raw), isTrusted);
}

function client(authority: Authority): Promise<Identity> {
  return authority.issue({ name: "alice", use: "clientAuth" });
}

testNeeding(OPENSSL, "a certificate counts where everything about it is right", async (openssl) => {
  await using authority = await Authority.found(openssl);
  const { cert, fingerprint } = await client(authority);
  const roots = certificatesIn(authority.pem);
  const peer = shown([cert]);
  assert.equal(peer.fingerprint, fingerprint);
  assert.equal(peer.fault(roots, Date.now()), null);
  assert.equal(shown([cert, authority.pem]).fault(roots, Date.now()), null);
});

testNeeding(
  OPENSSL,
  "a certificate that the engine does not trust proves nothing",
  async (openssl) => {
    await using authority = await Authority.found(openssl);
    const { cert } = await client(authority);
    assert.equal(
      shown([cert], false).fault(certificatesIn(authority.pem), Date.now()),
      "untrusted",
    );
  },
);

testNeeding(
  OPENSSL,
  "a certificate that leads to nobody proves nothing, whatever the engine says",
  async (openssl) => {
    await using ours = await Authority.found(openssl);
    // Of the same name, and shown along with what it vouches for.
    await using foreign = await Authority.found(openssl);
    const roots = certificatesIn(ours.pem);
    const { cert } = await client(foreign);
    const chains = [[cert], [cert, foreign.pem], [cert, ours.pem], [cert, foreign.pem, ours.pem]];
    for (const chain of chains) assert.equal(shown(chain).fault(roots, Date.now()), "untrusted");
    assert.equal(shown([cert]).fault([], Date.now()), "untrusted");
    // Somebody vouched for is no authority, and a chain has an order.
    const ordinary = await client(ours);
    assert.equal(shown([cert, ordinary.cert]).fault(roots, Date.now()), "untrusted");
    assert.equal(shown([foreign.pem, cert]).fault(roots, Date.now()), "untrusted");
  },
);

testNeeding(OPENSSL, "another authority is looked at as soon as it is the one", async (openssl) => {
  await using ours = await Authority.found(openssl);
  await using next = await Authority.found(openssl);
  const peer = shown([(await client(ours)).cert]);
  assert.equal(peer.fault(certificatesIn(ours.pem), Date.now()), null);
  assert.equal(peer.fault(certificatesIn(next.pem), Date.now()), "untrusted");
  assert.equal(peer.fault(certificatesIn(next.pem + ours.pem), Date.now()), null);
});

testNeeding(OPENSSL, "a certificate proves nothing before and after its time", async (openssl) => {
  await using authority = await Authority.found(openssl);
  const now = Math.floor(Date.now() / 1000) * 1000;
  const { cert } = await authority.issue({
    name: "alice",
    use: "clientAuth",
    fromMs: now,
    untilMs: now + DAY_MS,
  });
  const peer = shown([cert]);
  const roots = certificatesIn(authority.pem);
  const faults = [-1, 0, DAY_MS - 1, DAY_MS].map((ms) => peer.fault(roots, now + ms));
  assert.deepEqual(faults, ["not yet valid", null, null, "expired"]);
});

testNeeding(OPENSSL, "a certificate of a server's proves nothing of a client", async (openssl) => {
  await using authority = await Authority.found(openssl);
  const { cert } = await authority.issue({ name: "alice", use: "serverAuth" });
  assert.equal(shown([cert]).fault(certificatesIn(authority.pem), Date.now()), "not for clients");
});
