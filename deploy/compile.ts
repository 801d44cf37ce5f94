/**
 * `deno task compile`: the program as one file, with the permissions it has for good. What the
 * configuration will name is not known yet, so network, files and environment stay general; it
 * starts no program, loads no native library and imports nothing from the network.
 *
 * Where the base runtime cannot be downloaded, DENORT_BIN names one that matches the Deno in use.
 */
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

/** The platforms that releases are made for. */
export const TARGETS = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
  "x86_64-pc-windows-msvc",
] as const;

const PERMISSIONS = [
  "--allow-net",
  "--allow-read",
  "--allow-write",
  "--allow-env",
  // For --reload and the doctor. Whatever else is asked for, main.ts gives it up at once.
  "--allow-run",
  "--deny-import",
  // What else it would need is a mistake: it fails, and never waits for somebody to answer.
  "--no-prompt",
];

const USAGE = `Usage: deno task compile [--target TRIPLE] [--output FILE]
       deno task compile --all

Makes dist/mcpgate, or with --all dist/mcpgate-TRIPLE for each of
${TARGETS.map((target) => `  ${target}`).join("\n")}
`;

if (import.meta.main) process.exitCode = await run(Deno.args);

async function run(args: string[]): Promise<number> {
  const flags = readFlags(args);
  if (flags === null) {
    console.error(USAGE);
    return 2;
  }
  if (!flags.all) return await compile(flags.target, flags.output ?? "dist/mcpgate");
  for (const target of TARGETS) {
    const code = await compile(target, `dist/mcpgate-${target}`);
    if (code !== 0) return code;
  }
  return 0;
}

interface Flags {
  readonly all: boolean;
  readonly target: string | null;
  readonly output: string | null;
}

/** Null where they make no sense. */
function readFlags(args: string[]): Flags | null {
  try {
    const { values: { all = false, target = null, output = null } } = parseArgs({
      args,
      options: {
        all: { type: "boolean" },
        target: { type: "string" },
        output: { type: "string" },
      },
    });
    return all && (target !== null || output !== null) ? null : { all, target, output };
  } catch {
    return null;
  }
}

async function compile(target: string | null, output: string): Promise<number> {
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: [
      "compile",
      // Types are what `deno task ok` checks.
      "--no-check",
      ...withoutUnused(),
      ...PERMISSIONS,
      // What a worker runs is named by its URL, where no import leads to it.
      "--include",
      "src/worker_main.ts",
      ...(target === null ? [] : ["--target", target]),
      "--output",
      output,
      "src/main.ts",
    ],
    cwd: fileURLToPath(new URL("../", import.meta.url)),
    stdin: "null",
  }).spawn().status;
  return code;
}

/** Keeps the packages that only tests use out of the program. Deno 2.6 knows no such flag. */
function withoutUnused(): string[] {
  return Deno.version.deno.startsWith("2.6.") ? [] : ["--exclude-unused-npm"];
}
