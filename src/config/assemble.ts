/** A file that fits the schema as the configuration the program uses: other names, paths resolved. */
import { dirname } from "node:path";
import type { GateConfig, Key, KeyHash, RateLimit, StageConfig } from "../policy/gate_config.ts";
import { moduleName } from "./pipeline_rules.ts";
import type { ConfigFile } from "./schema.ts";

/** One list for all who have none: keys may be very many. */
const NONE: readonly string[] = Object.freeze([]);

/** Turns a path of the file into an absolute one. */
export type ResolvePath = (path: string) => string;

/** The configuration that `file` describes. */
export function assemble(file: ConfigFile, resolve: ResolvePath): GateConfig {
  const { upstream, limits, mcp } = file;
  const rateLimit = { rps: file.defaults.rate_limit.rps, burst: file.defaults.rate_limit.burst };
  const resolved = (path: string | null) => path === null ? null : resolve(path);
  return {
    upstream: {
      url: upstream.url,
      transport: upstream.transport,
      timeoutMs: upstream.timeout,
      forwardHeaders: [...new Set(upstream.forward_headers)],
      identityHeader: upstream.identity_header,
      tls: upstream.tls === null ? null : {
        ca: resolved(upstream.tls.ca),
        cert: resolved(upstream.tls.cert),
        key: resolved(upstream.tls.key),
      },
    },
    listen: file.listen,
    admin: file.admin,
    workers: file.workers,
    tls: file.tls === null ? null : {
      cert: resolve(file.tls.cert),
      key: resolve(file.tls.key),
      clientCa: resolved(file.tls.client_ca),
    },
    path: file.path ?? (upstream.transport === "sse" ? "/sse" : "/mcp"),
    hosts: file.hosts,
    origins: file.origins,
    trustedProxies: file.trusted_proxies,
    graceMs: file.grace,
    pidFile: file.pid_file === null ? null : resolve(file.pid_file),
    keys: (file.keys ?? []).map((key) => assembleKey(key, rateLimit)),
    defaults: { rateLimit, rateLimitReply: file.defaults.rate_limit.reply },
    authFailures: file.auth_failures,
    audit: {
      output: isStandardStream(file.audit.output) ? file.audit.output : resolve(file.audit.output),
      onError: file.audit.on_error,
      chain: file.audit.chain,
    },
    mcp: {
      batch: mcp.batch,
      resume: mcp.resume,
      instructions: mcp.instructions,
      samplingTools: mcp.sampling_tools,
    },
    limits: {
      bodyBytes: limits.body,
      heldBytes: limits.held,
      connections: limits.connections,
      connectionsPerAddress: limits.connections_per_address,
      headerDeadlineMs: limits.header_deadline,
      bodyDeadlineMs: limits.body_deadline,
      writeDeadlineMs: limits.write_deadline,
      depth: limits.depth,
      members: limits.members,
      params: limits.params,
      method: limits.method,
      name: limits.name,
      id: limits.id,
      headerValueBytes: limits.header_value,
      mcpParams: limits.mcp_params,
      batch: limits.batch,
      replyBytes: limits.reply,
      replyDeadlineMs: limits.reply_deadline,
      streamsPerKey: limits.streams_per_key,
      auditLineBytes: limits.audit_line,
    },
    pipeline: file.pipeline.map((stage) => assembleStage(stage, resolve)),
  };
}

/** How paths of `file` are seen from its folder. */
export function pathsOf(file: string, resolve: (folder: string, path: string) => string) {
  const folder = dirname(file);
  return (path: string): string => resolve(folder, path);
}

/** One entry of `keys` that fits the schema. */
export type KeyInFile = NonNullable<ConfigFile["keys"]>[number];

/** The key that `key` describes. Keys that say the same share what says it: there may be very many. */
export function assembleKey(key: KeyInFile, defaults: RateLimit): Key {
  const everything = key.allow.length === 1 && key.allow[0] === "*" ? EVERYTHING : NOTHING;
  const { rps = defaults.rps, burst = defaults.burst } = key.rate_limit;
  const isDefault = rps === defaults.rps && burst === defaults.burst;
  return {
    label: key.label,
    hashes: assembleHashes(key),
    certificates: key.certificates.length === 0 ? NONE : key.certificates,
    allow: key.allow,
    deny: key.deny.length === 0 ? NOTHING : key.deny,
    prompts: key.prompts ?? everything,
    resources: key.resources ?? everything,
    rateLimit: isDefault ? defaults : { rps, burst },
    expiresMs: key.expires,
  };
}

const NOTHING: readonly string[] = Object.freeze([]);
const EVERYTHING: readonly string[] = Object.freeze(["*"]);

function assembleHashes({ hash, hashes, created, expires }: KeyInFile): KeyHash[] {
  if (hash !== undefined) return [{ hash, createdMs: created, expiresMs: expires }];
  return (hashes ?? []).map((each) => ({
    hash: each.hash,
    createdMs: each.created,
    expiresMs: each.expires === null ? expires : Math.min(each.expires, expires ?? Infinity),
  }));
}

function assembleStage(stage: ConfigFile["pipeline"][number], resolve: ResolvePath): StageConfig {
  if (typeof stage === "string") return { name: stage, use: null, options: {}, timeoutMs: 1000 };
  return {
    name: moduleName(stage.use),
    use: resolve(stage.use),
    options: stage.options ?? {},
    timeoutMs: stage.timeout,
  };
}

function isStandardStream(output: string): boolean {
  return output === "stdout" || output === "stderr";
}
