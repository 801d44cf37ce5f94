/**
 * The policy contract: everything the author of a stage imports, built-in or user module alike.
 * A policy is a typed function from what is asked to a decision. It has no `next`, no response and
 * no shared bag; what must happen later travels in the decision as a closure.
 *
 * Failing is denying: a policy that throws, runs out of time or returns anything that is not a
 * decision denies the exchange.
 */
import type { z, ZodType } from "zod";
import type { Call, Era, Id, Message } from "../mcp/message.ts";
import type { GateConfig } from "./gate_config.ts";

export type * from "./gate_config.ts";
export type { Call, Era, Id, Message };

/** Who is calling. */
export interface Principal {
  /** The key's label; grants, limits and handles belong to it. */
  readonly label: string;
  /**
   * SHA-256 of the key or certificate that proved it, as configured, or null where a user module
   * vouches.
   * When a reload removes that hash, the open exchanges it proved end.
   */
  readonly hash: string | null;
}

/** The principal until a stage says otherwise; refused with 401 when the body would be read. */
export const ANONYMOUS: Principal = Object.freeze({ label: "", hash: null });

/** What is known before the body is read. */
export interface Head {
  /** Opaque id that joins log lines, audit records and the `mcpgate-exchange` header. */
  readonly exchange: string;
  readonly principal: Principal;
  readonly http: {
    readonly method: string;
    /** The value of header `name` (lower-case), or null. Repeated fields are joined by `", "`. */
    header(name: string): string | null;
    /** The client's address, without port; behind a trusted proxy the one it names. */
    readonly remote: string;
    /**
     * One object for all requests of a connection whose heads are the same but for the length of the
     * body: what follows from a head alone can be remembered under it, in a `WeakMap`.
     */
    readonly sameHead: object;
    /**
     * SHA-256, in lower-case hexadecimal, of the certificate that the client has proved to hold the
     * key of, where it leads to `tls.client_ca` and is valid now; else null.
     */
    readonly certificate: string | null;
    /** Why a certificate that the client has sent is not the above, for the audit log; else null. */
    readonly certificateFault: string | null;
  };
  /** Aborted when the client is gone or this stage's time is up. */
  readonly signal: AbortSignal;
}

/** What a stage is asked about. Stages `at: "head"` see a {@link Head} only. */
export interface Context extends Head {
  readonly call: Call;
  readonly era: Era;
  /** Size of the request body that carried the call. */
  readonly bodyBytes: number;
}

/**
 * Why a stage denies. It fixes status, JSON-RPC code and form of the answer:
 * - `unauthenticated`: 401; the text is fixed
 * - `rate_limited`: 429, or 200 with -31429 where the configuration says so
 * - `unknown_tool`, `unknown_prompt`, `unknown_resource`, `unknown_method`: as if there were none
 * - `invalid_params`: -32602 with the reason
 * - `forbidden`: -31403 with the reason, in-band where the request has an id
 * - `unavailable`: 503
 */
export type DenialKind =
  | "unauthenticated"
  | "rate_limited"
  | "unknown_tool"
  | "unknown_prompt"
  | "unknown_resource"
  | "unknown_method"
  | "invalid_params"
  | "forbidden"
  | "unavailable";

/** The exchange may go on, as far as this stage is concerned. */
export interface Allow {
  readonly verdict: "allow";
  /** Says who is calling, from here on. */
  readonly principal?: Principal;
  /** Sees every message on its way to the client. */
  readonly onReply?: ReplyFilter;
  /**
   * Member names: a message whose text has none of them as a member, at any depth and however
   * spelled, would pass `onReply` untouched and need not be parsed. Absent: every message is shown.
   * Names consist of letters, digits and `_ . / : -`.
   */
  readonly touches?: readonly string[];
  readonly onFinish?: FinishHook;
}

/** The exchange ends here. */
export interface Deny {
  readonly verdict: "deny";
  readonly kind: DenialKind;
  /** Told to the caller. */
  readonly reason: string;
  /** For the audit log only. */
  readonly detail?: string;
  /** Milliseconds after which trying again may help. */
  readonly retryAfterMs?: number;
}

/** What a policy answers. */
export type Decision = Allow | Deny;

/** The same object: untouched. Another: sent in its place. Null: it does not pass. */
export type ReplyFilter = (message: Message) => Message | null;

/**
 * Told once, last stage first, when the exchange has ended, whatever ended it. The hook of a stage
 * that ran out of time counts too: what it holds would never be released otherwise. It is told as
 * soon as both the exchange has ended and the late decision is in.
 */
export type FinishHook = (outcome: Outcome) => void;

/** How an exchange ended. */
export interface Outcome {
  readonly exchange: string;
  /** Number of the generation that ruled. */
  readonly generation: number;
  /** Null before authentication. */
  readonly label: string | null;
  /** HTTP method. */
  readonly http: string;
  /** JSON-RPC method; null where there was no readable call. */
  readonly method: string | null;
  /** The tool's or prompt's name or the resource's URI. */
  readonly subject: string | null;
  readonly decision: "allow" | "deny" | "error";
  /** The stage that denied; `door` for the gate's own checks, `upstream` for its failures. */
  readonly stage: string | null;
  readonly reason: string | null;
  readonly detail: string | null;
  /** HTTP status sent; 0 where none was. */
  readonly status: number;
  readonly startedMs: number;
  readonly latencyMs: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly remote: string;
  /** 12 hex digits of the SHA-256 of the upstream's session id. */
  readonly session: string | null;
  /** MCP revision, where the request names one. */
  readonly protocol: string | null;
  readonly end: "complete" | "client_gone" | "upstream_error" | "revoked" | "shutdown";
}

/**
 * Asked once per exchange (stages that see calls: once per message). Synchronous where it can. A
 * decision is a plain object with the members of {@link Allow} or {@link Deny} and no others.
 */
export type Policy<Asked extends Head = Context> = (asked: Asked) => Decision | Promise<Decision>;

/**
 * The schema library handed to {@link PolicyModule.options}. `z.object` is strict there: an option
 * that the schema does not name is an error of the configuration.
 */
export type Zod = typeof z;

/**
 * A stage as its author writes it: the default export of a user module, which ends in
 * `satisfies PolicyModule<Options>`, or `PolicyModule<Options, "head">` with `at: "head"`.
 */
export interface PolicyModule<Options = unknown, At extends "head" | "call" = "call"> {
  readonly name: string;
  /** `head`: asked before the body is read, sees no call. Default `call`. */
  readonly at?: At;
  /** The schema of `options` in the configuration. */
  options(z: Zod): ZodType<Options>;
  /** Builds the policy, once per generation. Throwing refuses the configuration. */
  create(options: Options, host: Host): AnyPolicy<At> | Promise<AnyPolicy<At>>;
}

/** A policy of a stage `at: "head"` or `at: "call"`. */
export type AnyPolicy<At extends "head" | "call"> = At extends "head" ? Policy<Head>
  : Policy<Context>;

/** Any stage, whatever it is asked about and however it is configured. */
export type AnyPolicyModule = PolicyModule<unknown, "head" | "call">;

/** What the gate lends a stage. Time, chance, log and lifetime come from here, never from globals. */
export interface Host {
  readonly clock: Clock;
  readonly log: Log;
  readonly config: GateConfig;
  /** Disposed when the generation is retired. */
  readonly scope: AsyncDisposableStack;
  /**
   * The stage's one thing of this name, made once and kept across reloads: a reload is no amnesty.
   * When no generation uses it any more it is disposed of, if it can be. With `workers`, each of them
   * has its own.
   */
  keep<T>(name: string, make: () => T): T;
  /**
   * 256 bits that are the stage's own for `purpose`, the same in each start; null where the
   * configuration has no `secret`, from which they are made and which they do not tell.
   */
  key(purpose: string): Uint8Array | null;
  /** `bytes` random bytes, fit for keys. */
  random(bytes: number): Uint8Array;
  /** Runs `hook` at every reload, also where nothing has changed: files are reopened then. */
  onReload(hook: () => void): void;
}

/** The two clocks. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds on a clock that never goes back. */
  monotonic(): number;
}

/** Lines for the operator on stderr, prefixed with the stage's name. Never give it a secret. */
export interface Log {
  info(text: string): void;
  warn(text: string): void;
}

/** The decision to let pass, with what shall happen later. */
export function allow(later: Omit<Allow, "verdict"> = {}): Allow {
  return { verdict: "allow", ...later };
}

/** The decision to refuse. */
export function deny(
  kind: DenialKind,
  reason: string,
  more: Pick<Deny, "detail" | "retryAfterMs"> = {},
): Deny {
  return { verdict: "deny", kind, reason, ...more };
}
