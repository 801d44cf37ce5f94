/** Pairs that look right, and whether the engine can serve them. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { proveTls } from "../../src/server/tls_proof.ts";
import { testNeeding } from "../support/absent.ts";
import { OPENSSL } from "../support/certificates.ts";
import { FILES } from "./listener_fixture.ts";

Deno.test("proveTls finds nothing wrong with a pair that can be served", async () => {
  assert.equal(await proveTls(FILES), null);
});

Deno.test("proveTls finds that a key belongs to another certificate, or is none", async () => {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const other = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  for (const key of [other, "", FILES.cert]) {
    const fault = await proveTls({ ...FILES, key });
    assert.equal(typeof fault, "string");
  }
  assert.equal(typeof await proveTls({ ...FILES, cert: "" }), "string");
});

const KINDS = [
  { name: "RSA of 2048 bits", options: ["rsa:2048"], canBeServed: true },
  { name: "RSA of 512 bits", options: ["rsa:512"], canBeServed: false },
  {
    name: "EC on P-384",
    options: ["ec", "-pkeyopt", "ec_paramgen_curve:P-384"],
    canBeServed: true,
  },
  {
    name: "EC on secp256k1",
    options: ["ec", "-pkeyopt", "ec_paramgen_curve:secp256k1"],
    canBeServed: false,
  },
  { name: "Ed25519", options: ["ed25519"], canBeServed: true },
];
for (const { name, options, canBeServed } of KINDS) {
  testNeeding(
    OPENSSL,
    `proveTls says ${canBeServed ? "yes" : "no"} to ${name}`,
    async (openssl) => {
      const folder = await Deno.makeTempDir();
      try {
        const [cert, key] = [`${folder}/cert.pem`, `${folder}/key.pem`];
        const { success, stderr } = await new Deno.Command(openssl, {
          args: [
            ...["req", "-x509", "-nodes", "-newkey", ...options, "-subj", "/CN=localhost"],
            ...["-keyout", key, "-out", cert, "-days", "1"],
          ],
          stdin: "null",
        }).output();
        assert.ok(success, new TextDecoder().decode(stderr));
        const fault = await proveTls({
          cert: await Deno.readTextFile(cert),
          key: await Deno.readTextFile(key),
          clientCa: null,
        });
        assert.equal(fault === null, canBeServed, fault ?? "");
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  );
}
