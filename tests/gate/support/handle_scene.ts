/**
 * A gate for tests of handles: two keys that may do the same, so that what one is refused is refused
 * for whose it is; requests of both eras; and what the upstream saw of them.
 */
import { type Agreement, nameMember, TASKS_EXTENSION } from "../../../src/mcp/era.ts";
import { member } from "../../../src/mcp/json.ts";
import type { JsonObject } from "../../../src/mcp/json.ts";
import { encodeName } from "../../../src/mcp/mcp_name.ts";
import type { Key } from "../../../src/policy/contract.ts";
import { A, B, bodyOf, keyEntry, rpc, Scene, type Setting } from "./gate_scene.ts";
import type { MemoryExchange, Request } from "./memory_exchange.ts";

export { A, B };

/** May do what B may. */
export const C = "KEY-C-0123456789abcdef";

const GRANT = { allow: ["read_file", "search"], prompts: ["*"], resources: ["*"] };

/** The keys: A may do everything, B and C the same. */
export const HANDLE_KEYS: readonly Key[] = [
  keyEntry(A, { allow: ["*"], prompts: ["*"], resources: ["*"] }),
  keyEntry(B, GRANT),
  keyEntry(C, GRANT),
];

/** Opens a gate with the keys above. */
export function openScene(setting: Setting = {}): Promise<Scene> {
  return Scene.open({ ...setting, config: { keys: HANDLE_KEYS, ...setting.config } });
}

const MODERN = "2026-07-28";

/** A request of a client of `era`, with the fields that belong to it. */
export function asked(
  era: Agreement["era"],
  method: string,
  params: JsonObject = {},
  id: string | number = 1,
): Request {
  if (era === "legacy") return { body: bodyOf(rpc(method, params, id)) };
  const meta = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientCapabilities": { extensions: { [TASKS_EXTENSION]: {} } },
  };
  const name = member(params, nameMember(method) ?? "");
  return {
    body: bodyOf(rpc(method, { ...params, _meta: { ...meta, ...asObject(params["_meta"]) } }, id)),
    fields: [
      ["mcp-protocol-version", MODERN],
      ["mcp-method", method],
      ...(typeof name === "string" ? [["mcp-name", encodeName(name)] as const] : []),
    ],
  };
}

/** `request` in the session that the client knows as `session`. */
export function inSession(request: Request, session: string): Request {
  return { ...request, fields: [...(request.fields ?? []), ["mcp-session-id", session]] };
}

/** The texts that went up in bodies, in order. */
export function bodiesUp(scene: Scene): string[] {
  return scene.upstream.requests.map(({ body }) => new TextDecoder().decode(body ?? undefined));
}

/** What a client is told, but for the exchange's own id. */
export function told(exchange: MemoryExchange): unknown {
  const fields = exchange.answerFields.filter(([name]) => name !== "mcpgate-exchange");
  return { status: exchange.status, fields, text: exchange.text };
}

function asObject(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {};
}
