/**
 * A configuration in a few lines, for the eye: where from, where to, who may use what. Shows no
 * secret.
 */
import type { Config } from "../config/config.ts";
import { lastEndMs, timeText } from "./key_times.ts";

const MAX_KEYS = 50;
const MAX_NAMES = 12;

type Key = Config["keys"][number];

/** The summary of `config`, ending in a line feed; `now` tells which keys have expired. */
export function configSummary(config: Config, now: number): string {
  const { upstream, listen, tls, admin, path, keys, pipeline, audit } = config;
  const asks = tls !== null && tls.clientCa !== null ? ", asking for certificates" : "";
  const lines = [
    `upstream  ${upstream.url}${upstream.transport === "sse" ? " (HTTP+SSE)" : ""}`,
    `listen    ${addressText(listen)}, ${path}${tls === null ? "" : `, TLS${asks}`}`,
    ...(admin === null ? [] : [`admin     ${addressText(admin.listen)}`]),
    `pipeline  ${pipeline.map((stage) => stage.name).join(", ")}`,
    `audit     ${audit.output}${audit.onError === "continue" ? ", and on without it" : ""}`,
    `keys      ${keys.length}`,
    ...keys.slice(0, MAX_KEYS).flatMap((key) => keyLines(key, now)),
    ...more(keys.length - MAX_KEYS).map((text) => `  ${text}`),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

function addressText({ hostname, port }: Config["listen"]): string {
  if (hostname === "0.0.0.0" || hostname === "::") return `all interfaces, port ${port}`;
  return `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
}

function keyLines(key: Key, now: number): string[] {
  const { rps, burst } = key.rateLimit;
  const end = lastEndMs(key);
  const expiry = end === null
    ? "never expires"
    : `${end <= now ? "expired" : "expires"} ${timeText(end)}`;
  const taken = key.deny.length === 0 ? "" : `; not ${some(key.deny)}`;
  return [
    `  ${key.label}`,
    `    tools      ${some(key.allow)}${taken}`,
    `    prompts    ${some(key.prompts)}`,
    `    resources  ${some(key.resources)}`,
    `    limits     ${rps} a second, ${burst} at once; ${expiry}`,
  ];
}

function some(names: readonly string[]): string {
  if (names.length === 0) return "none";
  if (names.includes("*")) return "all";
  return [...names.slice(0, MAX_NAMES), ...more(names.length - MAX_NAMES)].join(", ");
}

function more(count: number): string[] {
  return count > 0 ? [`and ${count} more`] : [];
}
