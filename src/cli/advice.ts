/**
 * What an operator may want to do about a refusal that is not a matter of names: which option it comes
 * from, and what to change, there or at the client. A table: stage and reason in, words out.
 */
import type { AuditEntry } from "./audit_log.ts";

/** What to do, and the option that decides. */
export interface Advice {
  /** The way to the option in the configuration; null: it is not about any. */
  readonly path: readonly string[] | null;
  readonly text: string;
}

interface Row {
  readonly stage: string;
  /** Fits the reason, or the detail where there is one. */
  readonly says: RegExp;
  readonly path: readonly string[] | null;
  readonly text: string;
}

const ROWS: readonly Row[] = [
  {
    stage: "auth",
    says: /^expired key: /,
    path: null,
    text:
      'the key has expired: give it a later "expires", or the client a new key (mcpgate keygen)',
  },
  {
    stage: "auth",
    says: /^unknown key$/,
    path: ["keys"],
    text:
      "no entry has the hash of the key that was sent: mint one (mcpgate keygen --label NAME --add), or reload after adding it",
  },
  {
    stage: "auth",
    says: /^no key$/,
    path: null,
    text: "the client has sent no key: it has to send the header Authorization: Bearer <key>",
  },
  {
    stage: "auth",
    says: /^(malformed|two different)/,
    path: null,
    text: "the client has sent something that is no key, or two that differ: look at its headers",
  },
  {
    stage: "auth",
    says: /Too many failed attempts/,
    path: ["auth_failures"],
    text: "look for the client at this address that tries wrong keys; it may try again in a moment",
  },
  {
    stage: "ratelimit",
    says: /./,
    path: ["defaults", "rate_limit"],
    text: "the client calls faster than its limit: let it wait, or raise rps or burst",
  },
  {
    stage: "allowlist",
    says: /^Method not found/,
    path: null,
    text:
      "MCP has no such method in this revision, or it is about prompts or resources, of which the key may use none",
  },
  {
    stage: "audit",
    says: /./,
    path: ["audit", "output"],
    text: "the audit log could not be written: look at the disk and at the gate's stderr",
  },
  {
    stage: "upstream",
    says: /./,
    path: ["upstream", "url"],
    text: "the MCP server has failed or could not be reached: mcpgate doctor looks at it",
  },
  ...door([
    [/^Host not allowed/, ["hosts"], "add the name that the client uses to hosts, if it is yours"],
    [/^Origin not allowed/, ["origins"], "add the page's origin to origins, if it is yours"],
    [/^No MCP endpoint/, ["path"], "the client has the wrong path in its URL"],
    [/^Use .* or /, null, "the client uses an HTTP method that MCP does not"],
    [
      /batch/i,
      ["mcp", "batch"],
      "the client sends batches: mcp.batch: allow takes them (2025-03-26)",
    ],
    [/^Too many open streams/, ["limits", "streams_per_key"], "the key has that many streams open"],
    [/^Request body too large/, ["limits", "body"], "the request is larger than the limit"],
    [/^Request body did not/, ["limits", "body_deadline"], "the client or its network is too slow"],
    [/^Too many requests in memory/, ["limits", "held"], "the gate holds as much as it may"],
    [/^Header too long/, ["limits", "header_value"], "a header is longer than the limit"],
    [
      /^Too many Mcp-Param/,
      ["limits", "mcp_params"],
      "the request has more of them than the limit",
    ],
    [
      /^Session not found/,
      ["secret"],
      "the session is over, belongs to another key, or was begun before a restart without a secret: the client has to begin a new one",
    ],
    [
      /^Unknown event id/,
      ["secret"],
      "what the client wants to resume is not its own, or from before a restart without a secret",
    ],
    [
      /^(API key is no longer|What this API key)/,
      ["keys"],
      "a reload or an expiry has ended the key",
    ],
    [/^Gateway is shutting down/, null, "the gate was being stopped: the client may try again"],
    [/^Missing or unknown API key/, ["pipeline"], "no stage has said who is calling"],
  ]),
];

function door(
  rows: readonly (readonly [says: RegExp, path: readonly string[] | null, text: string])[],
): Row[] {
  return rows.map(([says, path, text]) => ({ stage: "door", says, path, text }));
}

/** What to do about `entry`; null where it says all there is to say. */
export function adviceOn({ stage, reason, detail }: AuditEntry): Advice | null {
  const row = ROWS.find((row) =>
    row.stage === stage && (row.says.test(detail ?? "") || row.says.test(reason ?? ""))
  );
  return row === undefined ? null : { path: row.path, text: row.text };
}
