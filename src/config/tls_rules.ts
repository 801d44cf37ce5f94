/**
 * The files that `tls` and `upstream.tls` name: read with the configuration, so that a renewed one is
 * a changed configuration, and refused with it where they cannot be what they are named as. A
 * certificate that has expired is no mistake of the file's: it is told, and served.
 */
import { type Flaw, valueAt } from "./document.ts";
import { belongsTo, readCertificates, readPrivateKey } from "./pem.ts";
import { readFailure } from "./references.ts";
import type { Path } from "./schema_place.ts";

/** The texts of the files of `tls`. */
export interface TlsTexts {
  readonly cert: string;
  readonly key: string;
  readonly clientCa: string | null;
}

/** The texts of the files of `upstream.tls`. */
export interface UpstreamTlsTexts {
  readonly ca: string | null;
  readonly cert: string | null;
  readonly key: string | null;
}

/** What the files hold, and what is wrong with them. */
export interface TlsRead {
  /** Null where there is no `tls`, or where it could not be read. */
  readonly listener: TlsTexts | null;
  readonly upstream: UpstreamTlsTexts | null;
  readonly flaws: readonly Flaw[];
}

/** Reads what `file`, which may have other mistakes, names; `readText` throws where it cannot. */
export function readTls(file: unknown, readText: (path: string) => string): TlsRead {
  const flaws: Flaw[] = [];
  const read = (path: Path): string | null => {
    const named = valueAt(file, path);
    // What is no path at all has been told.
    if (typeof named !== "string" || /^$|-----BEGIN|\$\{/.test(named)) return null;
    try {
      return readText(named);
    } catch (error) {
      flaws.push({ path, found: readFailure(error), expected: "a file in PEM" });
      return null;
    }
  };
  const tls = {
    cert: read(["tls", "cert"]),
    key: read(["tls", "key"]),
    clientCa: read(["tls", "client_ca"]),
  };
  flaws.push(
    ...pairFlaws(["tls"], tls.cert, tls.key),
    ...authorityFlaws(["tls", "client_ca"], tls.clientCa),
    ...unprovable(file),
  );
  const upstream = {
    ca: read(["upstream", "tls", "ca"]),
    cert: read(["upstream", "tls", "cert"]),
    key: read(["upstream", "tls", "key"]),
  };
  flaws.push(
    ...pairFlaws(["upstream", "tls"], upstream.cert, upstream.key),
    ...authorityFlaws(["upstream", "tls", "ca"], upstream.ca),
    ...upstreamFlaws(file),
  );
  return {
    listener: tls.cert === null || tls.key === null
      ? null
      : { ...tls, cert: tls.cert, key: tls.key },
    upstream: isMapping(valueAt(file, ["upstream", "tls"])) ? upstream : null,
    flaws,
  };
}

/** A certificate and its key, each for itself and then together. */
function pairFlaws(at: Path, cert: string | null, key: string | null): Flaw[] {
  const certificates = cert === null ? null : readCertificates(cert);
  const privateKey = key === null ? null : readPrivateKey(key);
  const flaws: Flaw[] = [];
  if (typeof certificates === "string") {
    flaws.push({
      path: [...at, "cert"],
      found: certificates,
      expected: "a certificate in PEM, and below it those that lead to its authority",
    });
  }
  if (typeof privateKey === "string") {
    flaws.push({
      path: [...at, "key"],
      found: privateKey,
      expected: "a private key in PEM that is not encrypted",
      ...(privateKey.includes("encrypted")
        ? { suggestion: "decrypt it: openssl pkey -in FILE -out NEW, mode 0600" }
        : {}),
    });
  }
  if (flaws.length > 0 || certificates === null || privateKey === null) return flaws;
  const own = (certificates as Exclude<typeof certificates, string>)[0]!;
  if (belongsTo(privateKey as Exclude<typeof privateKey, string>, own)) return [];
  return [{
    path: [...at, "key"],
    found: "the key of another certificate",
    expected: "the key of the first certificate in cert",
  }];
}

function authorityFlaws(path: Path, ca: string | null): Flaw[] {
  if (ca === null) return [];
  const certificates = readCertificates(ca);
  const expected = "certificates of authorities in PEM";
  if (typeof certificates === "string") return [{ path, found: certificates, expected }];
  if (certificates.every((certificate) => certificate.ca)) return [];
  return [{ path, found: "a certificate that is no authority's", expected }];
}

/** Fingerprints that nobody could prove, since nobody is asked for a certificate. */
function unprovable(file: unknown): Flaw[] {
  if (typeof valueAt(file, ["tls", "client_ca"]) === "string") return [];
  const keys = valueAt(file, ["keys"]);
  return (Array.isArray(keys) ? keys : []).flatMap((key, index): Flaw[] => {
    const certificates = valueAt(key, ["certificates"]);
    if (!Array.isArray(certificates) || certificates.length === 0) return [];
    return [{
      path: ["keys", index, "certificates"],
      found: "certificates that no client is asked for",
      expected: "tls.client_ca, which says who vouches for them",
      atKey: true,
    }];
  });
}

function upstreamFlaws(file: unknown): Flaw[] {
  const tls = valueAt(file, ["upstream", "tls"]);
  if (!isMapping(tls)) return [];
  const flaws: Flaw[] = [];
  const url = valueAt(file, ["upstream", "url"]);
  if (typeof url === "string" && /^http:/i.test(url)) {
    flaws.push({
      path: ["upstream", "tls"],
      found: "TLS for an upstream that is asked over plain HTTP",
      expected: "https in upstream.url",
      atKey: true,
    });
  }
  const [has, lacks] = isNamed(tls, "cert") ? ["cert", "key"] : ["key", "cert"];
  if (isNamed(tls, has!) && !isNamed(tls, lacks!)) {
    flaws.push({
      path: ["upstream", "tls", has!],
      found: `${has} without ${lacks}`,
      expected: "both, or neither",
      atKey: true,
    });
  }
  return flaws;
}

function isNamed(mapping: object, member: string): boolean {
  return (valueAt(mapping, [member]) ?? null) !== null;
}

function isMapping(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
