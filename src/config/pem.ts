/**
 * Certificates and private keys in PEM: read, and held against each other. Says what is wrong with one
 * without repeating a character of it. Opens no file.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** The certificates in `pem`, in order. Throws where one of them is broken. */
export function certificatesIn(pem: string): X509Certificate[] {
  return (pem.match(CERTIFICATE) ?? []).map((block) => new X509Certificate(block));
}

/** The certificates in `pem`, of which there is at least one, or what was found in their place. */
export function readCertificates(pem: string): readonly X509Certificate[] | string {
  try {
    const found = certificatesIn(pem);
    return found.length === 0 ? "a file without a certificate in PEM" : found;
  } catch {
    return "a file with a broken certificate";
  }
}

/** The private key in `pem`, or what was found in its place. */
export function readPrivateKey(pem: string): KeyObject | string {
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem)) return "a file without a private key in PEM";
  if (/-----BEGIN ENCRYPTED|^Proc-Type:.*ENCRYPTED/m.test(pem)) return "an encrypted private key";
  try {
    return createPrivateKey(pem);
  } catch {
    return "a file with a broken private key";
  }
}

/** Whether `key` is the one that `certificate` is for, as far as this runtime can tell. */
export function belongsTo(key: KeyObject, certificate: X509Certificate): boolean {
  try {
    return certificate.checkPrivateKey(key);
  } catch (error) {
    // Then it is told when they are tried.
    return Object(error).code === "ERR_NOT_IMPLEMENTED";
  }
}
