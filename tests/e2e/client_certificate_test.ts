/**
 * Callers known by certificates, seen by the official clients: who counts, who does not, what a key
 * beside a certificate changes, and what ends when a certificate does.
 */
import assert from "node:assert/strict";
import { connect } from "node:tls";
import { testNeeding } from "../support/absent.ts";
import { Authority, type Identity, OPENSSL } from "../support/certificates.ts";
import { eventually, inTime } from "../support/eventually.ts";
import { FixtureServer } from "../support/fixture_server.ts";
import { type AuditEntry, GateProcess, type Settings, testKey } from "../support/gate_process.ts";
import { FIRST, SECOND } from "../support/sdk_client.ts";

const alice = testKey("alice", { allow: ["echo", "hold"] });
const bob = testKey("bob", { allow: ["echo"] });

/** A gate that asks for certificates of one authority, and one that it does not know. */
class Scene implements AsyncDisposable {
  readonly #stack: AsyncDisposableStack;

  private constructor(
    readonly ours: Authority,
    readonly foreign: Authority,
    readonly own: Identity,
    readonly server: FixtureServer,
    readonly gate: GateProcess,
    stack: AsyncDisposableStack,
  ) {
    this.#stack = stack;
  }

  /** @param keys The entries, given the authority that may vouch for them */
  static async start(
    openssl: string,
    keys: (ours: Authority, foreign: Authority) => Promise<Settings["keys"]>,
    more: Readonly<Record<string, unknown>> = {},
  ): Promise<Scene> {
    await using stack = new AsyncDisposableStack();
    const ours = stack.use(await Authority.found(openssl));
    const foreign = stack.use(await Authority.found(openssl));
    const own = await ours.issue({ name: "gate" });
    const server = stack.use(new FixtureServer());
    const settings = Scene.#settings(server, own, ours, await keys(ours, foreign));
    const gate = stack.use(await GateProcess.start({ ...settings, ...more }));
    return new Scene(ours, foreign, own, server, gate, stack.move());
  }

  static #settings(
    server: FixtureServer,
    own: Identity,
    ours: Authority,
    keys: Settings["keys"],
  ): Settings {
    return {
      upstream: { url: server.url },
      keys,
      grace: "1s",
      tls: { cert: own.certPath, key: own.keyPath, client_ca: ours.path },
    };
  }

  /** The configuration with these keys, and whoever vouches now. */
  settings(keys: Settings["keys"], ca: Authority = this.ours): Settings {
    return Scene.#settings(this.server, this.own, ca, keys);
  }

  /** How a client connects who shows `identity` and sends `key`. */
  connection(identity: Identity | null, key?: string) {
    const { pem: ca } = this.ours;
    const shown = identity === null ? {} : { cert: identity.cert, key: identity.key };
    return { url: this.gate.url, tls: { ca, ...shown }, ...(key === undefined ? {} : { key }) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack[Symbol.asyncDispose]();
  }
}

const DAY_MS = 24 * 60 * 60 * 1000;

type Who = "right" | "foreign" | "expired" | "future" | "unnamed" | "of a server";

/** Certificates of every kind, all but one named in the entry of alice. */
async function identities(ours: Authority, foreign: Authority): Promise<Record<Who, Identity>> {
  const client = { name: "alice", names: "DNS:alice", use: "clientAuth" } as const;
  const now = Date.now();
  return {
    right: await ours.issue(client),
    foreign: await foreign.issue(client),
    expired: await ours.issue({ ...client, fromMs: now - 2 * DAY_MS, untilMs: now - DAY_MS }),
    future: await ours.issue({ ...client, fromMs: now + DAY_MS, untilMs: now + 2 * DAY_MS }),
    unnamed: await ours.issue(client),
    "of a server": await ours.issue({ ...client, use: "serverAuth" }),
  };
}

const MATRIX: readonly {
  readonly shows: Who | null;
  readonly sends?: "alice" | "bob";
  /** Who it is then, or why it is nobody. */
  readonly is: "alice" | "bob" | RegExp;
}[] = [
  { shows: "right", is: "alice" },
  { shows: "right", sends: "alice", is: "alice" },
  { shows: "right", sends: "bob", is: /^key of bob beside the certificate of alice$/ },
  { shows: "foreign", is: /^no key; certificate: untrusted$/ },
  { shows: "foreign", sends: "bob", is: "bob" },
  { shows: "expired", is: /^no key; certificate: expired$/ },
  { shows: "expired", sends: "alice", is: "alice" },
  { shows: "future", is: /^no key; certificate: not yet valid$/ },
  { shows: "of a server", is: /^no key; certificate: (untrusted|not for clients)$/ },
  { shows: "unnamed", is: /^no key; certificate of nobody: [0-9a-f]{64}$/ },
  { shows: "unnamed", sends: "bob", is: "bob" },
  { shows: null, is: /^no key$/ },
  { shows: null, sends: "alice", is: "alice" },
];

testNeeding(OPENSSL, "who is who, by certificate, by key and by both", async (openssl, t) => {
  let shown: Record<Who, Identity> | null = null;
  await using scene = await Scene.start(openssl, async (ours, foreign) => {
    shown = await identities(ours, foreign);
    const { unnamed: _, ...named } = shown;
    const certificates = Object.values(named).map(({ fingerprint }) => fingerprint);
    return [{ ...alice.entry, certificates }, bob.entry];
  });
  for (const { shows, sends, is } of MATRIX) {
    const name = `shows ${shows ?? "none"}, sends ${sends === undefined ? "none" : `${sends}'s`}`;
    await t.step(name, async () => {
      const identity = shows === null ? null : shown![shows];
      const key = sends === undefined ? undefined : { alice, bob }[sends].key;
      const before = (await scene.gate.audit()).length;
      const attempt = FIRST.connect(scene.connection(identity, key));
      if (typeof is === "string") {
        await using mcp = await attempt;
        assert.equal(await mcp.call("echo", { text: "hi" }), "hi");
      } else await assert.rejects(attempt, /Missing or unknown API key/);
      const isTold = ({ label, tool, detail }: AuditEntry) =>
        typeof is === "string"
          ? label === is && tool === "echo"
          : label === null && is.test(detail ?? "");
      await scene.gate.auditWhen("its line", (all) => all.slice(before).some(isTold));
    });
  }
});

testNeeding(
  OPENSSL,
  "a certificate in place of a key needs no hash, and its label's limits hold",
  async (openssl) => {
    let mine: Identity | null = null;
    await using scene = await Scene.start(openssl, async (ours) => {
      mine = await ours.issue({ name: "alice", use: "clientAuth" });
      // As openssl prints it.
      const certificates = [mine.fingerprint.toUpperCase().match(/../g)!.join(":")];
      return [{ label: "alice", allow: ["echo"], certificates }] as unknown as Settings["keys"];
    });
    await using mcp = await SECOND.connect(scene.connection(mine));
    assert.deepEqual(await mcp.tools(), ["echo"]);
    await assert.rejects(mcp.call("wipe"), /Unknown tool: wipe/);
  },
);

/** What a raw client gets that shows `identity`, and the session with which it may come again. */
async function visit(scene: Scene, identity: Identity, session: Uint8Array | null) {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect({
    host: "127.0.0.1",
    port: scene.gate.port,
    ca: scene.ours.pem,
    cert: identity.cert,
    key: identity.key,
    ALPNProtocols: ["http/1.1"],
    ...(session === null ? {} : { session: session as never }),
  });
  const closed = new Promise((done) => socket.once("close", done));
  let ticket: Uint8Array | null = null;
  let text = "";
  socket.on("session", (next) => ticket = next);
  socket.on("data", (bytes) => text += new TextDecoder().decode(bytes));
  socket.on("error", reject);
  socket.on("end", () => resolve(text));
  socket.write("GET /mcp HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n");
  socket.write("Connection: close\r\n\r\n");
  try {
    const answer = await inTime("the answer", promise);
    const status = Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);
    return { status, isResumed: socket.isSessionReused(), ticket };
  } finally {
    socket.destroy();
    await inTime("the close", closed);
  }
}

testNeeding(
  OPENSSL,
  "a session that is resumed proves no more than the one before it",
  async (openssl) => {
    let mine: Identity | null = null;
    let stranger: Identity | null = null;
    const entries = () => [{
      ...alice.entry,
      certificates: [mine!.fingerprint, stranger!.fingerprint],
    }];
    await using scene = await Scene.start(openssl, async (ours, foreign) => {
      mine = await ours.issue({ name: "alice", use: "clientAuth" });
      stranger = await foreign.issue({ name: "alice", use: "clientAuth" });
      return entries();
    });
    const first = await visit(scene, mine!, null);
    assert.notEqual(first.status, 401);
    const again = await visit(scene, mine!, first.ticket);
    assert.deepEqual([again.isResumed, again.status === 401], [true, false]);
    // Though named in the configuration, nobody whom the gate trusts vouches for this one.
    const foreign = await visit(scene, stranger!, null);
    assert.equal(foreign.status, 401);
    const back = await visit(scene, stranger!, foreign.ticket);
    assert.deepEqual([back.isResumed, back.status], [true, 401]);
    // Another authority: what was trusted is so no more, also for those who come with a session.
    await scene.gate.reload(scene.settings(entries(), scene.foreign));
    assert.equal((await visit(scene, mine!, again.ticket)).status, 401);
    assert.notEqual((await visit(scene, stranger!, back.ticket)).status, 401);
    // And an entry that is gone is gone.
    await scene.gate.reload(scene.settings([alice.entry], scene.foreign));
    assert.equal((await visit(scene, stranger!, back.ticket)).status, 401);
  },
);

const ENDINGS: readonly {
  readonly name: string;
  readonly untilMs?: number;
  readonly end?: (scene: Scene, mine: Identity) => Promise<unknown>;
}[] = [
  {
    name: "its certificate is taken out of the entry",
    end: (scene) => scene.gate.reload(scene.settings([alice.entry])),
  },
  {
    name: "its authority is trusted no more",
    end: (scene, mine) => {
      const keys = [{ ...alice.entry, certificates: [mine.fingerprint] }];
      return scene.gate.reload(scene.settings(keys, scene.foreign));
    },
  },
  { name: "its certificate expires", untilMs: 5000 },
];
for (const { name, untilMs, end } of ENDINGS) {
  testNeeding(OPENSSL, `an open call ends within a second when ${name}`, async (openssl) => {
    let mine: Identity | null = null;
    let expiresMs = Infinity;
    await using scene = await Scene.start(openssl, async (ours) => {
      if (untilMs !== undefined) expiresMs = Math.ceil((Date.now() + untilMs) / 1000) * 1000;
      mine = await ours.issue({
        name: "alice",
        use: "clientAuth",
        ...(untilMs === undefined ? {} : { untilMs: expiresMs }),
      });
      return [{ ...alice.entry, certificates: [mine.fingerprint] }];
    });
    await using mcp = await FIRST.connect(scene.connection(mine));
    const progress: number[] = [];
    const held = mcp.call("hold", {}, { onProgress: (step) => progress.push(step) });
    const ended = assert.rejects(held);
    await eventually("progress", () => progress.length === 1);
    await end?.(scene, mine!);
    const leftMs = Number.isFinite(expiresMs) ? Math.max(0, expiresMs - Date.now()) : 0;
    await inTime("the end of the call", ended, leftMs + 1000);
    const isHold = (line: AuditEntry) => line.tool === "hold";
    const lines = await scene.gate.auditWhen("its line", (all) => all.some(isHold));
    assert.equal(lines.find(isHold)?.end, "revoked");
    await assert.rejects(
      FIRST.connect(scene.connection(mine)),
      /Missing or unknown API key|certificate/,
    );
  });
}

testNeeding(
  OPENSSL,
  "several workers know callers by certificates as one does",
  async (openssl) => {
    let mine: Identity | null = null;
    await using scene = await Scene.start(openssl, async (ours) => {
      mine = await ours.issue({ name: "alice", use: "clientAuth" });
      return [{ ...alice.entry, certificates: [mine.fingerprint] }];
    }, { workers: 2 });
    for (let round = 0; round < 6; round++) {
      await using mcp = await SECOND.connect(scene.connection(mine));
      assert.equal(await mcp.call("echo", { text: "any worker" }), "any worker");
    }
    await assert.rejects(SECOND.connect(scene.connection(null)), /Missing or unknown API key/);
    let ticket: Uint8Array | null = null;
    for (let round = 0; round < 6; round++) {
      const visited = await visit(scene, mine!, ticket);
      assert.notEqual(visited.status, 401);
      ticket = visited.ticket;
    }
  },
);
