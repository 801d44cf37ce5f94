/** The shape of `audit` in the configuration file. */
import { nearest } from "./nearest.ts";
import { choice, mapping, written } from "./value.ts";

const output = written(
  '"stdout", "stderr" or the path of a file',
  (text) =>
    text === "" || /\p{Cc}/u.test(text) || nearest(text, ["stdout", "stderr"]) !== undefined
      ? null
      : text,
  {
    pattern: String.raw`^[^\x00-\x1f\x7f-\x9f]+$`,
    examples: ["stdout", "stderr", "/var/log/mcpgate/audit.jsonl"],
  },
);

/** Where audit lines go. */
export const audit = mapping({
  output: output.prefault("stdout").describe("Where they go."),
  on_error: choice("refuse", "continue").prefault("refuse").describe(
    "What happens to exchanges that cannot be recorded.",
  ),
});
