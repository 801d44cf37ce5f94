/** `mcpgate audit`: looks into the audit log. Finds the subcommand; each has a file of its own. */
import type { AuditParts } from "./audit_arguments.ts";
import { FILTER_HELP } from "./audit_filter.ts";
import { SOURCE_HELP } from "./audit_source.ts";
import { auditStats, STATS_HELP } from "./audit_stats.ts";
import { auditTail, TAIL_HELP } from "./audit_tail.ts";
import { auditTop, TOP_HELP } from "./audit_top.ts";
import { auditVerify, type ChainParts, VERIFY_HELP } from "./audit_verify.ts";
import { CONFIG_FLAG_HELP } from "./config_path.ts";
import { suggestion, UsageError } from "./usage.ts";
import type { Command } from "./world.ts";

const SUBCOMMANDS = {
  tail: auditTail,
  top: auditTop,
  stats: auditStats,
  verify: auditVerify,
} as const;

const NAMES = Object.keys(SUBCOMMANDS);

/** `mcpgate audit`. */
export function auditCommand(parts: AuditParts & ChainParts): Command {
  return {
    name: "audit",
    summary: "look into the audit log: tail, top, stats, verify",
    help: `Usage: mcpgate audit ${NAMES.join("|")} [FLAGS] [FILE]

Reads the audit log in a stream, however long it is, compressed or not. Lines that are no records of
the gate's are counted and told.

${TAIL_HELP}${TOP_HELP}${STATS_HELP}${VERIFY_HELP}
For tail, top and stats:
${FILTER_HELP}
For all:
  --json              for programs; of tail the lines as they stand in the log
${SOURCE_HELP}${CONFIG_FLAG_HELP}
Examples:
  mcpgate audit tail -f --decision deny
  mcpgate audit top --by tool --label ci --since 24h
  journalctl -u mcpgate -o cat | mcpgate audit stats -
`,
    run(world, [name, ...args]) {
      if (name === undefined) {
        throw new UsageError(`audit needs one of ${NAMES.join(", ")}`);
      }
      if (!Object.hasOwn(SUBCOMMANDS, name)) {
        throw new UsageError(
          `audit ${JSON.stringify(name)} is none of ${NAMES.join(", ")}${suggestion(name, NAMES)}`,
        );
      }
      return SUBCOMMANDS[name as keyof typeof SUBCOMMANDS](world, args, parts);
    },
  };
}
