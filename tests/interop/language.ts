/**
 * The languages that the programs beside this file are written in, clients and a few servers: what
 * each needs, how its programs are built into `.cache/interop/` (never into the tree), and how they
 * are started. Knows nothing of what the programs do.
 */
import { fileURLToPath } from "node:url";
import { type Need, program } from "../support/absent.ts";

const SOURCES = fileURLToPath(new URL("./", import.meta.url));
const BUILT = fileURLToPath(new URL("../../.cache/interop/", import.meta.url));

/** The Inspector as it is tested. Its tree of packages is too large for a lock file here. */
const INSPECTOR = "@modelcontextprotocol/inspector@2.12.0";

/** The bridge from stdio as it is tested. */
const MCP_REMOTE = "mcp-remote@0.15.1";

/** One language. */
export interface Language {
  readonly name: string;
  /** What builds the program. */
  readonly toolchain: Need<string>;
  /** Whether it is built in minutes from nothing, so that CI does it each time. */
  readonly quick: boolean;
  /** Builds them with `toolchain`, anew only where something has changed. */
  build(toolchain: string): Promise<void>;
  /** How the client is started once it is built; its arguments follow. */
  readonly command: readonly string[];
  /** The same of the server, where there is one. */
  readonly server?: readonly string[];
}

/** All of them. */
export const LANGUAGES: readonly Language[] = [
  {
    name: "typescript",
    toolchain: { what: "Deno", found: Deno.execPath() },
    quick: true,
    build: () => Promise.resolve(),
    command: denoProgram("typescript/client.ts"),
    server: denoProgram("typescript/server.ts"),
  },
  {
    name: "inspector",
    toolchain: program("npm"),
    quick: true,
    build: (npm) => run(npm, ["install", "--silent", "--prefix", `${BUILT}inspector`, INSPECTOR]),
    command: [
      ...denoProgram("inspector/client.ts"),
      `${BUILT}inspector/node_modules/.bin/mcp-inspector`,
    ],
  },
  {
    name: "mcp_remote",
    toolchain: program("npm"),
    quick: true,
    build: (npm) => run(npm, ["install", "--silent", "--prefix", `${BUILT}mcp_remote`, MCP_REMOTE]),
    command: [
      ...denoProgram("mcp_remote/client.ts"),
      `${BUILT}mcp_remote/node_modules/.bin/mcp-remote`,
    ],
  },
  {
    name: "python",
    toolchain: program("python3"),
    quick: true,
    async build(python) {
      await run(python, ["-m", "venv", `${BUILT}python`]);
      await run(`${BUILT}python/bin/python`, [
        ...["-m", "pip", "install", "--quiet", "--disable-pip-version-check"],
        ...["--requirement", `${SOURCES}python/requirements.txt`],
      ]);
    },
    command: [`${BUILT}python/bin/python`, `${SOURCES}python/client.py`],
    server: [`${BUILT}python/bin/python`, `${SOURCES}python/server.py`],
  },
  {
    name: "go",
    toolchain: program("go"),
    quick: true,
    async build(go) {
      await run(go, ["build", "-C", `${SOURCES}go`, "-o", `${BUILT}go/client`, "."]);
      await run(go, ["build", "-C", `${SOURCES}go`, "-o", `${BUILT}go/server`, "./server"]);
    },
    command: [`${BUILT}go/client`],
    server: [`${BUILT}go/server`],
  },
  {
    name: "rust",
    toolchain: program("cargo"),
    quick: false,
    build: (cargo) =>
      run(cargo, [
        ...["build", "--locked", "--quiet"],
        ...["--manifest-path", `${SOURCES}rust/Cargo.toml`, "--target-dir", `${BUILT}rust`],
      ]),
    command: [`${BUILT}rust/debug/client`],
  },
  {
    name: "java",
    toolchain: program("mvn"),
    quick: false,
    build: (maven) =>
      run(maven, [
        ...["--quiet", "--batch-mode", "--file", `${SOURCES}java/pom.xml`],
        ...[`-Dbuilt=${BUILT}java`, "compile", "dependency:copy-dependencies"],
      ]),
    command: ["java", "-classpath", `${BUILT}java/classes:${BUILT}java/lib/*`, "Client"],
  },
];

/** Builds `language`; false, with a line on stderr that says so, where its toolchain is absent. */
export async function built(language: Language): Promise<boolean> {
  const { found, what } = language.toolchain;
  if (found === null) {
    console.error(`did not build: ${language.name} (needs ${what})`);
    return false;
  }
  await Deno.mkdir(`${BUILT}${language.name}`, { recursive: true });
  await language.build(found);
  return true;
}

function denoProgram(file: string): string[] {
  return [Deno.execPath(), "run", "--allow-all", "--quiet", `${SOURCES}${file}`];
}

/** Runs a command; what it prints goes to stderr, for stdout is the caller's. */
async function run(command: string, args: string[]): Promise<void> {
  const shown = ["-c", 'exec "$0" "$@" >&2', command, ...args];
  const { success, code } = await new Deno.Command("sh", { args: shown, stdin: "null" })
    .spawn().status;
  if (!success) throw new Error(`${command} ${args.join(" ")}: exit code ${code}`);
}
