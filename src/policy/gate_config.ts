/**
 * The configuration as the program uses it: every default filled in, durations in milliseconds,
 * sizes in bytes, frozen. It carries no secret, so that stages may read all of it; what is secret
 * travels beside it (`Config` in the config room).
 */

/** A token bucket: `rps` tokens a second flow in, at most `burst` are held. */
export interface RateLimit {
  /** Tokens a second; above 0. */
  readonly rps: number;
  /** Capacity, and what a new bucket holds; a whole number of at least 1. */
  readonly burst: number;
}

/** What a key may use. Patterns are exact names or contain `*`; a lone `*` names everything. */
export interface Grant {
  readonly allow: readonly string[];
  /** Taken out of `allow`. */
  readonly deny: readonly string[];
  /** Prompt names. Filled with `["*"]` where the key has none and `allow` is `["*"]`. */
  readonly prompts: readonly string[];
  /** Resource URIs, filled likewise. */
  readonly resources: readonly string[];
}

/** What is known of one key that a caller may send. */
export interface KeyHash {
  /** Lower-case hexadecimal SHA-256 of the whole key, as sent. */
  readonly hash: string;
  /** Milliseconds since the epoch of the day it was minted; null: not said. */
  readonly createdMs: number | null;
  /** Milliseconds since the epoch from which on it is refused, its entry's end counted in; null: never. */
  readonly expiresMs: number | null;
}

/** One entry of `keys`. */
export interface Key extends Grant {
  /** Unique; what logs, audit lines and handles call the caller. */
  readonly label: string;
  /** The keys that prove it; while they are exchanged for others, several. */
  readonly hashes: readonly KeyHash[];
  /** SHA-256 of client certificates that prove it too, lower-case hexadecimal. */
  readonly certificates: readonly string[];
  readonly rateLimit: RateLimit;
  /** Milliseconds since the epoch from which on each of its keys is refused; null: never. */
  readonly expiresMs: number | null;
}

/** One entry of `pipeline`. */
export interface StageConfig {
  /** A built-in's name, or the file name of a user module without its ending. Unique. */
  readonly name: string;
  /** Absolute path of a user module; null for a built-in. */
  readonly use: string | null;
  /** As written in the file; checked by the module's own schema. */
  readonly options: unknown;
  /** Time limit of one decision, for what awaits. Default 1000. */
  readonly timeoutMs: number;
}

/** Upper bounds; PROTOCOL appendix. Sizes in bytes, times in milliseconds. */
export interface Limits {
  /** A request body. Default 4 MiB. */
  readonly bodyBytes: number;
  /** All request bodies held at once. Default 64 MiB. */
  readonly heldBytes: number;
  /** Connections at once, in all. Default 16 384. */
  readonly connections: number;
  /** Connections at once from one address that is no trusted proxy. Default 512. */
  readonly connectionsPerAddress: number;
  /** Time for a request's head to arrive, from its first byte. Default 10 s. */
  readonly headerDeadlineMs: number;
  /** Time for a body to arrive. Default 10 s. */
  readonly bodyDeadlineMs: number;
  /** Time without progress of a write to the client. Default 60 s. */
  readonly writeDeadlineMs: number;
  /** Nesting of a request body. Default 128. */
  readonly depth: number;
  /** Members and containers of a request body. Default 250 000. */
  readonly members: number;
  /** Members of `params`. Default 64. */
  readonly params: number;
  /** Length of a method. Default 128. */
  readonly method: number;
  /** Length of a tool or prompt name. Default 256. */
  readonly name: number;
  /** Length of a string id. Default 256. */
  readonly id: number;
  /** One header value. Default 8 KiB. */
  readonly headerValueBytes: number;
  /** `Mcp-Param-*` headers of one request. Default 32. */
  readonly mcpParams: number;
  /** Elements of a batch. Default 32. */
  readonly batch: number;
  /** One event or JSON body from the upstream. Default 16 MiB. */
  readonly replyBytes: number;
  /** Time for a JSON body from the upstream to arrive, from its head. Default 10 min. */
  readonly replyDeadlineMs: number;
  /** GET and listen streams open at once for one key. Default 128. */
  readonly streamsPerKey: number;
  /** One audit line. Default 2 KiB. */
  readonly auditLineBytes: number;
}

/** The whole configuration without its secrets. */
export interface GateConfig {
  readonly upstream: {
    /** Absolute http or https URL without credentials, query or fragment. */
    readonly url: string;
    /** `http`: Streamable HTTP; `sse`: the HTTP+SSE transport of 2024-11-05. */
    readonly transport: "http" | "sse";
    /** Time to the head of a reply. Default 60 s; streams then have no limit. */
    readonly timeoutMs: number;
    /** Client headers passed on, lower-case. */
    readonly forwardHeaders: readonly string[];
    /** Header, lower-case, that tells the upstream the caller's label; null: none. */
    readonly identityHeader: string | null;
    /** The files of TLS to it, by absolute path; null: the system's trust and no certificate. */
    readonly tls: {
      readonly ca: string | null;
      readonly cert: string | null;
      readonly key: string | null;
    } | null;
  };
  readonly listen: { readonly hostname: string; readonly port: number };
  /** The operator's listener, or null for none. */
  readonly admin: {
    readonly listen: { readonly hostname: string; readonly port: number };
    /** Allowed Host names, lower-case, beside loopback ones. */
    readonly hosts: readonly string[];
  } | null;
  /** Threads that share the work; `auto`: one on each core. A stage has an instance in each. */
  readonly workers: number | "auto";
  /** The files of the listener's TLS, by absolute path; null: plain HTTP. */
  readonly tls: {
    readonly cert: string;
    readonly key: string;
    /** Who vouches for clients' certificates; null: none is asked for. */
    readonly clientCa: string | null;
  } | null;
  /** The one path served, compared byte for byte. Default `/mcp`, or `/sse` with that transport. */
  readonly path: string;
  /** Allowed Host names, lower-case; empty: any, or loopback names on a loopback listener. */
  readonly hosts: readonly string[];
  /** Allowed browser origins, beside loopback ones on a loopback listener. */
  readonly origins: readonly string[];
  /** CIDRs whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[];
  readonly graceMs: number;
  /** Absolute path of the file that holds the number of the gate's process; null: none. */
  readonly pidFile: string | null;
  readonly keys: readonly Key[];
  readonly defaults: { readonly rateLimit: RateLimit; readonly rateLimitReply: "http" | "jsonrpc" };
  /** Failed authentications, per address. */
  readonly authFailures: RateLimit;
  readonly audit: {
    /** `stdout`, `stderr` or an absolute path. */
    readonly output: string;
    readonly onError: "refuse" | "continue";
    /** Whether each line carries a keyed hash of the one before. Default false. */
    readonly chain: boolean;
  };
  readonly mcp: {
    readonly batch: "reject" | "allow";
    readonly resume: "on" | "off";
    readonly instructions: "pass" | "strip";
    readonly samplingTools: "filter" | "deny" | "pass";
  };
  readonly limits: Limits;
  readonly pipeline: readonly StageConfig[];
}
