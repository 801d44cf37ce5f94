/** A chained audit log on disk: runs that are appended to it, and what the verifier makes of it. */
import { markPath } from "../../policies/audit_beside.ts";
import { AuditChain } from "../../policies/audit_chain.ts";
import { auditLine } from "../../policies/audit_line.ts";
import { ChainKey } from "../../policies/audit_link.ts";
import { ChainVerifier } from "../../policies/audit_verifier.ts";
import type { Verdict } from "../../policies/audit_verifier.ts";
import { LentHost, outcome } from "./lent_host.ts";

/** What the key of logs here is made of. */
export const SECRET = new Uint8Array(32).fill(7);

/** What another key is made of. */
export const OTHER_SECRET = new Uint8Array(32).fill(8);

/** The key of logs here. */
export const KEY = new ChainKey(SECRET);

/** A folder of its own for a log and what is beside it. */
export class ChainedLog implements Disposable {
  readonly folder = Deno.makeTempDirSync({ prefix: "mcpgate_chain_" });
  readonly path = `${this.folder}/audit.jsonl`;
  readonly host = new LentHost();

  /** A run of `count` lines appended to the file; `end` says how it ends. */
  run(count: number, end: "closed" | "killed" = "closed", key = KEY): string[] {
    const chain = AuditChain.inFile(this.path, key, this.later());
    const written = Array.from({ length: count }, () => chain.link(plain()));
    Deno.writeTextFileSync(this.path, written.join(""), { append: true });
    if (end === "killed") chain.close(null, false);
    else chain.close(count === 0 ? null : chain.last, true);
    return written;
  }

  /** The host, a second later. */
  later(): LentHost {
    this.host.clock.ms += 1000;
    return this.host;
  }

  get text(): string {
    return Deno.readTextFileSync(this.path);
  }

  verify(text = this.text): Verdict {
    return verified(text, [SECRET], Deno.readTextFileSync(markPath(this.path)));
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.folder, { recursive: true });
  }
}

let names = 0;

/** A line without link. */
export function plain(): string {
  return auditLine(outcome({ exchange: `x${++names}` }), 2048);
}

/** What the verifier says of `text`, whose lines are called by their numbers. */
export function verified(
  text: string,
  secrets: readonly Uint8Array[] = [SECRET],
  mark: string | null = null,
  isOneFile = false,
): Verdict {
  const verifier = new ChainVerifier(secrets, mark);
  const pieces = text.split("\n");
  const rest = pieces.pop() ?? "";
  const lines = pieces.map((line) => ({ line, isWhole: true }));
  if (rest !== "") lines.push({ line: rest, isWhole: false });
  for (const [index, { line, isWhole }] of lines.entries()) {
    const isGoingOn = verifier.take({
      text: line,
      isWhole,
      isEntry: isEntry(line),
      place: String(index + 1),
      isFirst: isOneFile ? index === 0 : null,
    });
    if (!isGoingOn) break;
  }
  return verifier.verdict("end");
}

function isEntry(line: string): boolean {
  try {
    return typeof JSON.parse(line).exchange === "string";
  } catch {
    return false;
  }
}

/** The place and kind of what was found. */
export function found({ finding }: Verdict): string | null {
  return finding === null ? null : `${finding.place}: ${finding.what}`;
}
