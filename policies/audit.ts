/**
 * `audit`: one line for each exchange, whatever ended it. It is the first stage, so that its hook
 * runs last and sees what all others have done. An exchange that could not be recorded is not begun:
 * who fills the disk must not become invisible.
 */
import { allow, deny } from "../src/policy/contract.ts";
import type { PolicyModule } from "../src/policy/contract.ts";
import { auditLine } from "./audit_line.ts";
import { openOutput } from "./audit_output.ts";
import { AuditSink } from "./audit_sink.ts";

/** The module of the stage `audit`. */
export const audit: PolicyModule<Record<never, never>, "head"> = {
  name: "audit",
  at: "head",
  options: (z) => z.object({}),
  create(_options, host) {
    const { output, onError } = host.config.audit;
    const limitBytes = host.config.limits.auditLineBytes;
    const sink = host.keep(
      `sink ${output}`,
      () => new AuditSink(() => openOutput(output), host.log),
    );
    host.onReload(() => sink.reopen());
    const recorded = Object.freeze(
      allow({ onFinish: (outcome) => sink.push(auditLine(outcome, limitBytes)) }),
    );
    return () => sink.isFailing && onError === "refuse" ? REFUSED : recorded;
  },
};

const REFUSED = Object.freeze(deny("unavailable", "The audit log cannot be written"));
