/**
 * What a client's certificate proves. It counts where the engine trusted it, where it leads to one of
 * `tls.client_ca` as that is now, was made for clients, and is valid at this moment: each is looked at
 * here once more, because a resumed session brings its certificate along without any of it. Whose
 * certificate it is, is for the stage that authenticates.
 */
import { Buffer } from "node:buffer";
import { X509Certificate } from "node:crypto";

/** Why a certificate proves nothing. */
export type CertificateFault = "untrusted" | "not for clients" | "not yet valid" | "expired";

/** The certificate that a client has proved to hold the key of. */
export class PeerCertificate {
  /** SHA-256 of the whole certificate, lower-case hexadecimal. */
  readonly fingerprint: string;
  readonly #chain: readonly X509Certificate[];
  readonly #isTrusted: boolean;
  readonly #fromMs: number;
  readonly #untilMs: number;
  /** Those that `#leads` was found for. */
  #roots: readonly X509Certificate[] | null = null;
  #leads = false;

  /**
   * @param chain In DER, the client's own first
   * @param isTrusted What the engine says; of a resumed session that is not worth much
   */
  constructor(chain: readonly Uint8Array[], isTrusted: boolean) {
    this.#chain = chain.map((der) => new X509Certificate(der));
    const own = this.#chain[0] as X509Certificate;
    this.fingerprint = own.fingerprint256.replaceAll(":", "").toLowerCase();
    this.#isTrusted = isTrusted;
    this.#fromMs = own.validFromDate.getTime();
    this.#untilMs = own.validToDate.getTime();
  }

  /** What is wrong with it at `nowMs` where `roots` are those that are trusted; null: it counts. */
  fault(roots: readonly X509Certificate[], nowMs: number): CertificateFault | null {
    if (nowMs < this.#fromMs) return "not yet valid";
    // A date that could not be read is none that lies ahead.
    if (!(nowMs < this.#untilMs)) return "expired";
    if (roots !== this.#roots) {
      this.#roots = roots;
      this.#leads = leadsTo(roots, this.#chain);
    }
    if (!this.#isTrusted || !this.#leads) return "untrusted";
    return isForClients(this.#chain[0] as X509Certificate) ? null : "not for clients";
  }
}

/** Whether each of `chain` was signed by the next, and the last that is needed by one of `roots`. */
function leadsTo(roots: readonly X509Certificate[], chain: readonly X509Certificate[]): boolean {
  for (let at = 0; at < chain.length; at++) {
    const own = chain[at] as X509Certificate;
    if (roots.some((root) => isSignedBy(own, root))) return true;
    const next = chain[at + 1];
    if (next === undefined || !isSignedBy(own, next)) return false;
  }
  return false;
}

function isSignedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
  } catch {
    // A kind of key that is not known here proves nothing.
    return false;
  }
}

/** Object identifiers in DER: of the extension that says what a key is for, and of "for clients". */
const EXTENDED_KEY_USAGE = Buffer.of(0x06, 0x03, 0x55, 0x1d, 0x25);
const CLIENT_AUTH = Buffer.of(0x06, 0x08, 0x2b, 6, 1, 5, 5, 7, 3, 2);

/** A certificate that says nothing is for everything (RFC 5280, 4.2.1.12). */
function isForClients(certificate: X509Certificate): boolean {
  const { raw } = certificate;
  return !raw.includes(EXTENDED_KEY_USAGE) || raw.includes(CLIENT_AUTH);
}
