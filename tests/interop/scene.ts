/**
 * What a scenario is played on: a server with tools that one may see and others that one may not, a
 * gate before it and one client, each a part of its own. Judges no client; knows how a gate is
 * called beside its endpoint.
 */
import assert from "node:assert/strict";
import { FixtureServer } from "../support/fixture_server.ts";
import { type AuditEntry, GateProcess, type Settings, testKey } from "../support/gate_process.ts";
import { askOnce } from "../support/raw_http.ts";
import { type Client, commandOf } from "./client.ts";
import { ClientProcess } from "./client_process.ts";

/** The client's key; it may use two of the server's tools. */
const GUEST = testKey("guest", { allow: ["echo", "hold"] });
/** Stays when the guest has to go. */
const OTHER = testKey("other", { allow: ["echo"] });

/** A key that no gate knows. */
export const WRONG_KEY = testKey("stranger", { allow: ["*"] }).key;

/** How a scene differs from the usual. */
export interface SceneOptions {
  /** Members of the gate's configuration. */
  readonly settings?: Omit<Settings, "upstream" | "keys">;
  /** Where another server than the usual one is. */
  readonly upstream?: string;
}

/** A scene. */
export class Scene implements AsyncDisposable {
  readonly #parts: AsyncDisposableStack;

  private constructor(
    readonly server: FixtureServer,
    readonly gate: GateProcess,
    private readonly settings: Settings,
    parts: AsyncDisposableStack,
  ) {
    this.#parts = parts;
  }

  /** Sets one up. */
  static async start(options: SceneOptions = {}): Promise<Scene> {
    await using parts = new AsyncDisposableStack();
    const server = parts.use(new FixtureServer());
    const settings = {
      ...options.settings,
      upstream: { url: options.upstream ?? server.url },
      keys: [GUEST.entry, OTHER.entry],
    };
    const gate = parts.use(await GateProcess.start(settings));
    return new Scene(server, gate, settings, parts.move());
  }

  /** Lets `client` in, to take `steps` after it has connected. */
  async play(
    client: Client,
    steps: readonly string[],
    { key = GUEST.key, env = {} }: { key?: string; env?: Record<string, string> } = {},
  ): Promise<ClientProcess> {
    const task = { url: this.gate.url, key, steps };
    return this.#parts.use(await ClientProcess.start(commandOf(client), task, env));
  }

  /** Takes the client's key out of the gate. */
  async revoke(): Promise<void> {
    const line = await this.gate.reload({ ...this.settings, keys: [OTHER.entry] });
    assert.match(line, /^mcpgate: reloaded/);
  }

  /**
   * The audit lines of all that `client` has asked. Fails where it has asked for anything but the
   * endpoint, or has tried the older transport, which begins with a GET.
   */
  async straightLines(client: Client): Promise<AuditEntry[]> {
    const all = await this.lines();
    const lines = client.discovers === true ? all.filter((line) => !isDiscovery(line)) : all;
    const detours = lines.filter((line) => line.label === null && line.stage !== "auth");
    assert.deepEqual(detours, [], "asked beside the endpoint");
    const opened = lines.findIndex((line) => line.method === "initialize" && line.status === 200);
    const firstGet = lines.findIndex((line) => line.http === "GET");
    assert.ok(
      client.eager === true || firstGet === -1 || (opened !== -1 && opened < firstGet),
      "tried another transport",
    );
    return lines;
  }

  /** All audit lines so far: those before one that is asked for now. */
  async lines(): Promise<AuditEntry[]> {
    const isBarrier = (line: AuditEntry) => line.http === "DELETE" && line.label === null;
    await askOnce(this.gate.port, { method: "DELETE", target: "/barrier" });
    const lines = await this.gate.auditWhen("the barrier", (all) => all.some(isBarrier));
    return lines.slice(0, lines.findIndex(isBarrier));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.disposeAsync();
  }
}

/** Whether it is one of the questions for a login, and was told that there is none (§1.11, D26, D27). */
function isDiscovery({ label, stage, http, status }: AuditEntry): boolean {
  const isTold = http === "GET" ? status === 404 : http === "POST" && status === 400;
  return label === null && stage !== "auth" && isTold;
}
