/**
 * The gate over TLS as its users run it: official clients that trust the operator's own authority,
 * renewed certificates under load, files that cannot be served, and nothing of a key in any output.
 */
import assert from "node:assert/strict";
import { NginxProcess } from "../bench/nginx_process.ts";
import { both, program, testNeeding } from "../support/absent.ts";
import { Authority, type Identity, OPENSSL } from "../support/certificates.ts";
import { eventually, inTime } from "../support/eventually.ts";
import { FixtureServer } from "../support/fixture_server.ts";
import { GateProcess, type Settings, testKey } from "../support/gate_process.ts";
import { FIRST, MODERN, SECOND } from "../support/sdk_client.ts";

const { key, entry } = testKey("secure", {
  allow: ["echo", "hold"],
  rate_limit: { rps: 100_000, burst: 100_000 },
});

/** A gate with a certificate of its own authority's. */
class Scene implements AsyncDisposable {
  private constructor(
    readonly authority: Authority,
    readonly identity: Identity,
    readonly server: FixtureServer,
    readonly gate: GateProcess,
  ) {}

  static async start(openssl: string): Promise<Scene> {
    const authority = await Authority.found(openssl);
    const identity = await authority.issue({ name: "gate" });
    const server = new FixtureServer();
    const gate = await GateProcess.start(settings(server, identity));
    return new Scene(authority, identity, server, gate);
  }

  /** How the official clients connect. */
  get connection() {
    return { url: this.gate.url, key, tls: { ca: this.authority.pem } };
  }

  get settings(): Settings {
    return settings(this.server, this.identity);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gate[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
    await this.authority[Symbol.asyncDispose]();
  }
}

function settings(server: FixtureServer, { certPath, keyPath }: Identity): Settings {
  return {
    upstream: { url: server.url },
    keys: [entry],
    grace: "1s",
    tls: { cert: certPath, key: keyPath },
  };
}

for (const client of [FIRST, SECOND, MODERN]) {
  testNeeding(
    OPENSSL,
    `${client.name}: lists, calls and hears progress over TLS`,
    async (openssl) => {
      await using scene = await Scene.start(openssl);
      assert.match(scene.gate.url, /^https:\/\/127\.0\.0\.1:\d+\/mcp$/);
      await using mcp = await client.connect(scene.connection);
      assert.deepEqual((await mcp.tools()).sort(), ["echo", "hold"]);
      assert.equal(await mcp.call("echo", { text: "secret" }), "secret");
      await assert.rejects(mcp.call("wipe"), /Unknown tool: wipe/);
      const progress: number[] = [];
      const held = mcp.call("hold", {}, { onProgress: (step) => progress.push(step) });
      await eventually("progress", () => progress.length === 1);
      scene.server.release();
      assert.equal(await inTime("the held result", held), "held");
    },
  );
}

testNeeding(OPENSSL, "a client that does not know the authority sends nothing", async (openssl) => {
  await using scene = await Scene.start(openssl);
  await using other = await Authority.found(openssl);
  await assert.rejects(FIRST.connect({ ...scene.connection, tls: { ca: other.pem } }));
  assert.deepEqual(await scene.gate.audit(), []);
});

testNeeding(
  OPENSSL,
  "renewing under load fails no request, and open streams live on",
  async (openssl) => {
    await using scene = await Scene.start(openssl);
    await using listener = await SECOND.connect(scene.connection);
    const progress: number[] = [];
    const held = listener.call("hold", {}, { onProgress: (step) => progress.push(step) });
    await eventually("progress", () => progress.length === 1);
    let renewing = true;
    let answered = 0;
    const load = Promise.all([1, 2, 3].map(async () => {
      while (renewing) {
        // A connection of its own for each few calls, so that handshakes meet every reload.
        await using mcp = await SECOND.connect(scene.connection);
        for (let i = 0; i < 3; i++) {
          assert.equal(await mcp.call("echo", { text: "under load" }), "under load");
          answered++;
        }
      }
    }));
    const { certPath, keyPath } = scene.identity;
    for (let round = 2; round < 7; round++) {
      const before = answered;
      const renewed = await scene.authority.issue({ name: `gate ${round}` });
      await Deno.writeTextFile(certPath, renewed.cert);
      await Deno.writeTextFile(keyPath, renewed.key);
      const said = await scene.gate.reload(scene.settings);
      assert.equal(said, `mcpgate: reloaded, generation ${round}`);
      assert.equal(await shownTo(openssl, scene.gate.port), `gate ${round}`);
      await eventually("calls between reloads", () => answered > before + 6, 20_000);
    }
    assert.match(await scene.gate.reload(scene.settings), /unchanged, generation 6/);
    renewing = false;
    await load;
    scene.server.release();
    assert.equal(await inTime("the held result", held), "held");
    const lines = await scene.gate.audit();
    assert.ok(lines.every((line) => line.decision === "allow"), "no exchange was refused");
  },
);

const BROKEN: readonly {
  readonly name: string;
  readonly cert: (own: Identity, other: Identity) => string;
  readonly key: (own: Identity, other: Identity) => string;
  readonly says: RegExp;
}[] = [
  {
    name: "the key of another certificate",
    cert: (own) => own.cert,
    key: (_own, other) => other.key,
    says: /tls\.key[^]*found: the key of another certificate/,
  },
  {
    name: "a certificate that is cut short",
    cert: (own) => own.cert.slice(0, own.cert.length / 2),
    key: (own) => own.key,
    says: /tls\.cert[^]*found: a file without a certificate in PEM/,
  },
  {
    name: "a certificate that is no longer one",
    cert: (own) => own.cert.replace(/^M.*$/m, "AAAA"),
    key: (own) => own.key,
    says: /tls\.cert[^]*found: a file with a broken certificate/,
  },
  {
    name: "an empty key",
    cert: (own) => own.cert,
    key: () => "",
    says: /tls\.key[^]*found: a file without a private key in PEM/,
  },
  {
    name: "a certificate where the key should be",
    cert: (own) => own.cert,
    key: (own) => own.cert,
    says: /tls\.key[^]*found: a file without a private key in PEM/,
  },
];
for (const { name, cert, key: keyText, says } of BROKEN) {
  testNeeding(OPENSSL, `a reload with ${name} changes nothing`, async (openssl) => {
    await using scene = await Scene.start(openssl);
    const { identity, gate } = scene;
    const other = await scene.authority.issue({ name: "other" });
    await Deno.writeTextFile(identity.certPath, cert(identity, other));
    await Deno.writeTextFile(identity.keyPath, keyText(identity, other));
    assert.match(await gate.reload(scene.settings), /not reloaded/);
    await eventually("the reason", async () => says.test(await gate.stderr()));
    assert.equal(await shownTo(openssl, gate.port), "gate");
    await using mcp = await FIRST.connect(scene.connection);
    assert.equal(await mcp.call("echo", { text: "as before" }), "as before");
    await nothingOfKeys(scene, [identity, other]);
  });
}

testNeeding(
  OPENSSL,
  "a reload with a kind of key that no connection can be secured with changes nothing",
  async (openssl) => {
    await using scene = await Scene.start(openssl);
    const { certPath, keyPath } = scene.identity;
    const odd = await scene.authority.issue({ name: "odd", curve: "secp256k1" });
    await Deno.writeTextFile(certPath, odd.cert);
    await Deno.writeTextFile(keyPath, odd.key);
    assert.match(await scene.gate.reload(scene.settings), /not reloaded/);
    await eventually(
      "the reason",
      async () => /tls\.cert[^]*no connection can be secured with/.test(await scene.gate.stderr()),
    );
    assert.equal(await shownTo(openssl, scene.gate.port), "gate");
    await nothingOfKeys(scene, [odd]);
  },
);

testNeeding(OPENSSL, "an expired certificate is served, and told", async (openssl) => {
  await using scene = await Scene.start(openssl);
  const { certPath, keyPath } = scene.identity;
  const day = 24 * 60 * 60 * 1000;
  const now = Date.now();
  const old = await scene.authority.issue({
    name: "old",
    fromMs: now - 2 * day,
    untilMs: now - day,
  });
  await Deno.writeTextFile(certPath, old.cert);
  await Deno.writeTextFile(keyPath, old.key);
  assert.match(await scene.gate.reload(scene.settings), /reloaded, generation 2/);
  await eventually("the warning", async () => /has expired/.test(await scene.gate.stderr()));
  assert.equal(await shownTo(openssl, scene.gate.port), "old");
});

testNeeding(OPENSSL, "whether there is TLS is fixed at the start", async (openssl) => {
  await using scene = await Scene.start(openssl);
  const plain = { ...scene.settings, tls: null };
  assert.match(await scene.gate.reload(plain), /not reloaded/);
  await eventually("the reason", async () => /restart/.test(await scene.gate.stderr()));
  await using mcp = await FIRST.connect(scene.connection);
  assert.equal(await mcp.call("echo", { text: "still secure" }), "still secure");
});

testNeeding(OPENSSL, "no output holds anything of a private key", async (openssl) => {
  await using scene = await Scene.start(openssl);
  await using mcp = await FIRST.connect(scene.connection);
  await mcp.call("echo", { text: "here" });
  await scene.gate.reload({ ...scene.settings, grace: "2s" });
  await scene.gate.reload({ ...scene.settings, tls: { cert: scene.identity.keyPath, key: "x" } });
  await nothingOfKeys(scene, [scene.identity]);
});

testNeeding(
  both(OPENSSL, program("nginx")),
  "a reload takes another authority for the upstream, also at the same path",
  async ([openssl, nginx]) => {
    await using ours = await Authority.found(openssl);
    await using other = await Authority.found(openssl);
    const upstream = await ours.issue({ name: "upstream" });
    const shown = await ours.issue({ name: "gate", use: "clientAuth" });
    await using server = new FixtureServer();
    const port = Number(new URL(server.url).port);
    await using front = await NginxProcess.proxyTls(nginx, port, {
      cert: upstream.certPath,
      key: upstream.keyPath,
      clientCa: ours.path,
    });
    const trust = `${ours.folder}/trust.pem`;
    await Deno.writeTextFile(trust, ours.pem);
    const settings: Settings = {
      upstream: {
        url: `https://localhost:${front.port}/mcp`,
        tls: { ca: trust, cert: shown.certPath, key: shown.keyPath },
      },
      keys: [entry],
      grace: "1s",
    };
    await using gate = await GateProcess.start(settings);
    await using mcp = await MODERN.connect({ url: gate.url, key });
    assert.equal(await mcp.call("echo", { text: "both ends known" }), "both ends known");
    await Deno.writeTextFile(trust, other.pem);
    assert.equal(await gate.reload(settings), "mcpgate: reloaded, generation 2");
    await assert.rejects(mcp.call("echo", { text: "to a stranger" }));
    await Deno.writeTextFile(trust, ours.pem);
    assert.equal(await gate.reload(settings), "mcpgate: reloaded, generation 3");
    assert.equal(await mcp.call("echo", { text: "known again" }), "known again");
    await Deno.writeTextFile(shown.keyPath, (await ours.issue({ name: "x" })).key);
    assert.match(await gate.reload(settings), /not reloaded/);
    assert.equal(await mcp.call("echo", { text: "as before" }), "as before");
  },
);

async function nothingOfKeys({ gate }: Scene, identities: readonly Identity[]): Promise<void> {
  const output = await gate.stderr() + await gate.auditText();
  for (const { key } of identities) {
    const lines = key.split("\n").filter((line) => !line.startsWith("---") && line !== "");
    for (const line of lines) assert.ok(!output.includes(line.slice(0, 12)), output);
  }
}

/** The name in the certificate that a new connection is shown. */
async function shownTo(openssl: string, port: number): Promise<string> {
  const { stdout } = await new Deno.Command(openssl, {
    args: ["s_client", "-connect", `127.0.0.1:${port}`],
    stdin: "null",
  }).output();
  return /subject=CN = (.*)/.exec(new TextDecoder().decode(stdout))?.[1] ?? "nobody";
}
