/**
 * Which tools could do the work of others, and so reach around an allowlist: told by the words of their
 * names and of their inputs, so some are missed and others suspected wrongly. Knows no key.
 */
import type { OfferedTool } from "../survey/offer.ts";

/** Words for what runs whatever it is told. */
const RUNNERS = new Set(
  ("exec execute eval shell bash sh zsh powershell pwsh terminal tty command commands cmd " +
    "subprocess spawn repl interpreter ssh sudo").split(" "),
);

/** Words that together say so: one of the first list, and one of the second. */
const CALLERS = new Set("call run use invoke dispatch proxy forward batch".split(" "));
const CALLED = new Set("tool tools code script python javascript js program binary mcp".split(" "));

/** Inputs that are run, and such that together name a tool and what to call it with. */
const RUN_INPUTS = new Set(
  "command commands cmd shellcommand bashcommand script shellscript pythoncode javascriptcode"
    .split(" "),
);
const TOOL_INPUTS = new Set("tool toolname toolid targettool".split(" "));
const ARGUMENT_INPUTS = new Set(
  "arguments args params parameters input inputs toolarguments toolargs toolinput toolparams"
    .split(" "),
);

/** Why `tool` may reach around an allowlist, in words that quote it; null where nothing says so. */
export function metaReason({ name, inputs }: Pick<OfferedTool, "name" | "inputs">): string | null {
  const words = name.replace(/([a-z0-9])([A-Z])/g, "$1 $2").toLowerCase().split(/[^a-z0-9]+/);
  const runner = words.find((word) => RUNNERS.has(word));
  if (runner !== undefined) return `its name says "${runner}"`;
  const caller = words.find((word) => CALLERS.has(word));
  const called = words.find((word) => CALLED.has(word));
  if (caller !== undefined && called !== undefined) {
    return `its name says "${caller}" and "${called}"`;
  }
  const run = inputs.find((input) => RUN_INPUTS.has(plain(input)));
  if (run !== undefined) return `it has an input "${run}"`;
  const target = inputs.find((input) => TOOL_INPUTS.has(plain(input)));
  const passed = inputs.find((input) => ARGUMENT_INPUTS.has(plain(input)));
  return target !== undefined && passed !== undefined
    ? `it has inputs "${target}" and "${passed}"`
    : null;
}

/** `tool_name`, `toolName` and `tool-name` are one. */
function plain(input: string): string {
  return input.toLowerCase().replace(/[^a-z0-9]/g, "");
}
