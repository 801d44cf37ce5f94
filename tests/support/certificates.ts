/**
 * Certificates made for one test by the real `openssl`: authorities, what they vouch for, and what is
 * wrong with some of it. Everything lies in a folder that goes with the test.
 */
import { X509Certificate } from "node:crypto";
import { type Need, program } from "./absent.ts";

/** The program that makes them. */
export const OPENSSL: Need<string> = program("openssl");

/** A certificate with its key, as texts and as files. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
  readonly certPath: string;
  readonly keyPath: string;
  /** SHA-256 of the certificate, lower-case hexadecimal. */
  readonly fingerprint: string;
}

/** What a certificate says; by default a server's on this machine, for a day. */
export interface Wanted {
  readonly name: string;
  /** In the words of openssl, such as `DNS:localhost`. */
  readonly names?: string;
  readonly use?: "serverAuth" | "clientAuth";
  /** The curve of its key. Default P-256. */
  readonly curve?: string;
  readonly fromMs?: number;
  readonly untilMs?: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;

const SETTINGS = `[ca]
default_ca = ours
[ours]
new_certs_dir = .
database = index.txt
serial = serial
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
`;

/** Who vouches for others. */
export class Authority implements AsyncDisposable {
  /** Its own certificate, in PEM. */
  readonly pem: string;
  readonly path: string;
  readonly folder: string;
  readonly #openssl: string;
  #issued = 0;

  private constructor(openssl: string, folder: string, pem: string) {
    this.#openssl = openssl;
    this.folder = folder;
    this.pem = pem;
    this.path = `${folder}/ca.pem`;
  }

  /** A new one, whose name another may have, too. */
  static async found(openssl: string, name = "Test authority"): Promise<Authority> {
    const folder = await Deno.makeTempDir({ prefix: "mcpgate_ca_" });
    await Deno.writeTextFile(`${folder}/ca.cnf`, SETTINGS);
    await Deno.writeTextFile(`${folder}/index.txt`, "");
    await Deno.writeTextFile(`${folder}/serial`, "01\n");
    await run(openssl, folder, [..."req -x509 -new -nodes -newkey ec".split(" "), ...CURVE, ...[
      "-keyout",
      "ca.key",
      "-out",
      "ca.pem",
      "-days",
      "30",
      "-subj",
      `/CN=${name}`,
      "-addext",
      "keyUsage=critical,keyCertSign",
    ]]);
    return new Authority(openssl, folder, await Deno.readTextFile(`${folder}/ca.pem`));
  }

  /** Vouches for somebody. */
  async issue(wanted: Wanted): Promise<Identity> {
    const { name, names = "DNS:localhost,IP:127.0.0.1", use = "serverAuth" } = wanted;
    const fromMs = wanted.fromMs ?? Date.now() - DAY_MS;
    const file = `${this.#issued++}`;
    const [certPath, keyPath] = [`${this.folder}/${file}.pem`, `${this.folder}/${file}.key.pem`];
    await Deno.writeTextFile(
      `${this.folder}/${file}.ext`,
      `subjectAltName=${names}\nextendedKeyUsage=${use}\n`,
    );
    await run(this.#openssl, this.folder, [
      ..."req -new -nodes -newkey ec".split(" "),
      ...(wanted.curve === undefined ? CURVE : ["-pkeyopt", `ec_paramgen_curve:${wanted.curve}`]),
      ...["-keyout", keyPath, "-out", `${file}.csr`, "-subj", `/CN=${name}`],
    ]);
    await run(this.#openssl, this.folder, [
      ..."ca -batch -notext -config ca.cnf -cert ca.pem -keyfile ca.key".split(" "),
      ...["-in", `${file}.csr`, "-out", certPath, "-extfile", `${file}.ext`],
      ...["-startdate", moment(fromMs), "-enddate", moment(wanted.untilMs ?? fromMs + 30 * DAY_MS)],
    ]);
    const [cert, key] = [await Deno.readTextFile(certPath), await Deno.readTextFile(keyPath)];
    return { cert, key, certPath, keyPath, fingerprint: fingerprintOf(cert) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

const CURVE = ["-pkeyopt", "ec_paramgen_curve:P-256"];

function fingerprintOf(cert: string): string {
  return new X509Certificate(cert).fingerprint256.replaceAll(":", "").toLowerCase();
}

function moment(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replaceAll(/[-T:]/g, "")}Z`;
}

async function run(openssl: string, cwd: string, args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(openssl, {
    args: [...args],
    cwd,
    stdin: "null",
  }).output();
  if (!success) throw new Error(`openssl ${args[0]}: ${new TextDecoder().decode(stderr)}`);
}
