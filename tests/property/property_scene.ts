/**
 * The test bench of the properties (PROTOCOL §3.1): the whole gate in memory with the keys that the
 * properties speak of, and so much rate that only the properties about rate meet a limit.
 */
import type { Config } from "../../src/config/config.ts";
import type { Key } from "../../src/policy/contract.ts";
import { A, B, D, keyEntry, Scene, type Setting } from "../gate/support/gate_scene.ts";
import { echo, eventReply } from "../gate/support/memory_upstream.ts";

/** May do what {@link B} may, and is another caller. */
export const C = "KEY-C-0123456789abcdef";
/** May use something of every family, and not all of any. */
export const E = "KEY-E-0123456789abcdef";

/** Everybody, by label. */
export const HOLDERS: Readonly<Record<string, string>> = { a: A, b: B, c: C, d: D, e: E };

const UNLIMITED = { rps: 1e9, burst: 1e9 };

/** What each may use. */
const GRANTS: readonly (readonly [key: string, grant: Partial<Key>])[] = [
  [A, { allow: ["*"], prompts: ["*"], resources: ["*"] }],
  [B, { allow: ["read_file"] }],
  [C, { allow: ["read_file"] }],
  [D, {}],
  [E, {
    allow: ["read_file", "search_*"],
    deny: ["search_secrets"],
    prompts: ["greet"],
    resources: ["file:///docs/*"],
  }],
];

/** The entries of all, with `changes` to those of the labels named. */
export function holders(changes: Readonly<Record<string, Partial<Key>>> = {}): readonly Key[] {
  return GRANTS.map(([key, grant]) => {
    const entry = keyEntry(key, { rateLimit: UNLIMITED, ...grant });
    return { ...entry, ...changes[entry.label] };
  });
}

/** A gate with these keys, before an upstream that answers everything at once. */
export async function openProperty(setting: Setting = {}): Promise<Scene> {
  const config: Partial<Config> = {
    keys: holders(),
    authFailures: UNLIMITED,
    ...setting.config,
  };
  const scene = await Scene.open({ ...setting, config });
  scene.upstream.otherwise = (request) =>
    request.method === "GET" ? eventReply([]).end() : echo(request);
  return scene;
}
