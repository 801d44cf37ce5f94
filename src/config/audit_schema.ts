/** The shape of `audit` in the configuration file, and what it needs of the rest of the file. */
import { z } from "zod";
import type { Flaw } from "./document.ts";
import { nearest } from "./nearest.ts";
import { choice, mapping, written } from "./value.ts";

const STREAMS = ["stdout", "stderr"];

/** What the runtime opens for nobody who may not do everything; a log that goes nowhere is none. */
const DEVICE = /^\/(?:dev|proc|sys)\//;

const output = written(
  '"stdout", "stderr" or the path of a file',
  (text) =>
    text === "" || /\p{Cc}/u.test(text) || nearest(text, STREAMS) !== undefined ||
      DEVICE.test(text)
      ? null
      : text,
  {
    suggest: (found) => {
      const stream = STREAMS.find((name) => found === `/dev/${name}`);
      return stream === undefined ? undefined : `did you mean ${stream}?`;
    },
    pattern: String.raw`^(?!/(?:dev|proc|sys)/)[^\x00-\x1f\x7f-\x9f]+$`,
    examples: ["stdout", "stderr", "/var/log/mcpgate/audit.jsonl"],
  },
);

/** Where audit lines go. */
export const audit = mapping({
  output: output.prefault("stdout").describe("Where they go."),
  on_error: choice("refuse", "continue").prefault("refuse").describe(
    "What happens to exchanges that cannot be recorded.",
  ),
  chain: z.boolean("true or false").prefault(false).describe(
    "Each line carries a keyed hash of the one before, so that mcpgate audit verify finds lines that were altered, removed or moved. The key comes from secret, else from a file beside the log.",
  ),
});

/** A chain that nobody else could verify: without `secret` its key is kept beside the log. */
export function chainFlaws(settings: unknown, hasSecret: boolean): Flaw[] {
  const read = audit.safeParse(settings ?? {});
  if (!read.success || !read.data.chain || hasSecret) return [];
  if (read.data.output !== "stdout" && read.data.output !== "stderr") return [];
  return [{
    path: ["audit", "chain"],
    found: `a chain on ${read.data.output} without a key that somebody else could verify it with`,
    expected: "a secret, or a file as audit.output, beside which the key is kept",
  }];
}
