/**
 * `audit`: one line for each exchange, whatever ended it. It is the first stage, so that its hook
 * runs last and sees what all others have done. An exchange that could not be recorded is not begun:
 * who fills the disk must not become invisible.
 */
import { allow, deny } from "../src/policy/contract.ts";
import type { GateConfig, Log, PolicyModule } from "../src/policy/contract.ts";
import { auditLine } from "./audit_line.ts";
import { openOutput } from "./audit_output.ts";
import { AuditSink } from "./audit_sink.ts";
import type { LineSink } from "./audit_sink.ts";

/** Opens what takes the lines of one configuration; throws where that cannot be. */
export type SinkOpener = (config: GateConfig, log: Log) => LineSink;

/** The module of the stage `audit`, whose lines go where `open` says. */
export function auditWith(open: SinkOpener): PolicyModule<Record<never, never>, "head"> {
  return {
    name: "audit",
    at: "head",
    options: (z) => z.object({}),
    create(_options, host) {
      const { output, onError } = host.config.audit;
      const limitBytes = host.config.limits.auditLineBytes;
      const sink = host.keep(`sink ${output}`, () => open(host.config, host.log));
      host.onReload(() => sink.reopen());
      const recorded = Object.freeze(
        allow({ onFinish: (outcome) => sink.push(auditLine(outcome, limitBytes)) }),
      );
      return () => sink.isFailing && onError === "refuse" ? REFUSED : recorded;
    },
  };
}

/** Opens the output that the configuration names, for one writer. */
export function openSink({ audit: { output } }: GateConfig, log: Log): AuditSink {
  return new AuditSink(() => openOutput(output), log);
}

/** The module of the stage `audit` of a program that writes its own lines. */
export const audit = auditWith(openSink);

const REFUSED = Object.freeze(deny("unavailable", "The audit log cannot be written"));
