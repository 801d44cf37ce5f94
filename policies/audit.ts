/**
 * `audit`: one line for each exchange, whatever ended it. It is the first stage, so that its hook
 * runs last and sees what all others have done. An exchange that could not be recorded is not begun:
 * who fills the disk must not become invisible.
 */
import { allow, deny } from "../src/policy/contract.ts";
import type { Host, PolicyModule } from "../src/policy/contract.ts";
import { keyBeside } from "./audit_beside.ts";
import { AuditChain } from "./audit_chain.ts";
import { auditLine } from "./audit_line.ts";
import { ChainKey, LINK_LENGTH } from "./audit_link.ts";
import { isStream, openOutput } from "./audit_output.ts";
import { AuditSink } from "./audit_sink.ts";
import type { LineSink } from "./audit_sink.ts";

/** What opening an output takes. */
export type SinkHost = Pick<Host, "log" | "clock">;

/**
 * Opens what takes the lines for `output`; throws where that cannot be. `chainKey` is what they are
 * chained with; null: they are not.
 */
export type SinkOpener = (
  output: string,
  chainKey: Uint8Array | null,
  host: SinkHost,
) => LineSink;

/** What the chain's key is made for, of the configured secret. */
export const CHAIN_PURPOSE = "audit chain";

/** The module of the stage `audit`, whose lines go where `open` says. */
export function auditWith(open: SinkOpener): PolicyModule<Record<never, never>, "head"> {
  return {
    name: "audit",
    at: "head",
    options: (z) => z.object({}),
    create(_options, host) {
      const { audit: { output, onError, chain }, limits } = host.config;
      const key = chain ? host.key(CHAIN_PURPOSE) ?? keyBeside(output, host.random) : null;
      const limitBytes = limits.auditLineBytes - (chain ? LINK_LENGTH : 0);
      const sink = host.keep(`sink ${output}`, () => open(output, key, host));
      host.onReload(() => sink.reopen(key));
      const recorded = Object.freeze(
        allow({ onFinish: (outcome) => sink.push(auditLine(outcome, limitBytes)) }),
      );
      return () => sink.isFailing && onError === "refuse" ? REFUSED : recorded;
    },
  };
}

/** Opens `output` for one writer, which chains its lines with `chainKey`. */
export function openSink(
  output: string,
  chainKey: Uint8Array | null,
  host: SinkHost,
): AuditSink {
  const chainWith = (now: AuditChain | null, key: Uint8Array | null) =>
    key === null ? null : chainAfter(now, new ChainKey(key), output, host);
  return new AuditSink(() => openOutput(output), host.log, chainWith, chainKey);
}

/** The module of the stage `audit` of a program that writes its own lines. */
export const audit = auditWith(openSink);

/** The chain that follows `now`: the same one, as long as the key is. */
function chainAfter(
  now: AuditChain | null,
  key: ChainKey,
  output: string,
  host: SinkHost,
): AuditChain {
  if (now !== null) {
    return now.keyName === key.name ? now : now.continuedWith(key, output, host);
  }
  return isStream(output) ? AuditChain.onStream(key, host) : AuditChain.inFile(output, key, host);
}

const REFUSED = Object.freeze(deny("unavailable", "The audit log cannot be written"));
