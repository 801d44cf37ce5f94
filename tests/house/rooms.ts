/**
 * The rooms of the house and what may pass between them: the import table of the design as one
 * constant, and where input and output are done. Reads no file: the tests beside it hold the source
 * against this table, and the lint rules ask it which room a file is in.
 */

/** What the files under one path may import, beside each other. Paths are relative to the root. */
export interface Room {
  /** The start of the paths of its files; the first room that fits is a file's room. */
  readonly files: string;
  /** Starts of the paths it may import. */
  readonly imports: readonly string[];
  /** Starts of the paths it may import with `import type` only. */
  readonly types: readonly string[];
  /** Starts of the paths it may not import, although the above or its own path would have it. */
  readonly never: readonly string[];
  /** Whether it does input and output, or reads clock, randomness and network on its own. */
  readonly io: boolean;
  /** Whether it may import what it only learns at run time: user modules. */
  readonly loads: boolean;
}

/** What a room has where the table below says nothing else. */
const CLOSED = { imports: [], types: [], never: [], io: false, loads: false } as const;

/** The stages that ship. They never import each other; what two of them need is a file of its own. */
const STAGES = ["audit", "auth", "ratelimit", "allowlist"].map((stage) => `policies/${stage}.ts`);

/** The import table. What is in no room here is not part of the program. */
export const ROOMS: readonly Room[] = [
  { ...CLOSED, files: "src/mcp/" },
  {
    ...CLOSED,
    files: "src/policy/plugins",
    imports: ["src/policy/"],
    types: ["src/mcp/"],
    io: true,
    loads: true,
  },
  { ...CLOSED, files: "src/policy/", types: ["src/mcp/"] },
  // TLS over a connection, for both ends of the gate.
  { ...CLOSED, files: "src/tls/", io: true },
  { ...CLOSED, files: "src/upstream/", imports: ["src/mcp/headers.ts", "src/tls/"], io: true },
  // What a live server says that it has, for commands that look and call nothing.
  {
    ...CLOSED,
    files: "src/survey/",
    imports: ["src/mcp/", "src/upstream/upstream.ts"],
    types: ["src/config/"],
  },
  // Exchanges as others see them who follow requests through several programs.
  {
    ...CLOSED,
    files: "src/telemetry/",
    imports: ["src/mcp/"],
    types: ["src/gate/", "src/policy/"],
  },
  { ...CLOSED, files: "src/config/", types: ["src/policy/"] },
  {
    ...CLOSED,
    files: "src/gate/",
    imports: ["src/mcp/", "src/policy/", "src/upstream/upstream.ts"],
    types: ["src/config/"],
  },
  { ...CLOSED, files: "src/server/", imports: ["src/gate/", "src/config/", "src/tls/"], io: true },
  {
    ...CLOSED,
    files: "src/cli/",
    imports: ["src/gate/", "src/config/", "deno.json"],
    types: ["src/survey/"],
    io: true,
  },
  // Gates in threads of their own, and what they share: between the rooms of one gate and the roots.
  {
    ...CLOSED,
    files: "src/workers/",
    imports: ["src/gate/", "src/server/", "src/config/", "src/policy/", "policies/"],
    types: ["src/cli/"],
    io: true,
  },
  // The root of a worker, and what it has in common with that of the program.
  { ...CLOSED, files: "src/worker_main.ts", imports: ["src/", "policies/"], io: true },
  { ...CLOSED, files: "src/gate_parts.ts", imports: ["src/", "policies/"], io: true },
  { ...CLOSED, files: "src/main.ts", imports: ["src/", "policies/", "deno.json"], io: true },
  {
    ...CLOSED,
    files: "policies/mod.ts",
    imports: ["policies/"],
    types: ["src/policy/contract.ts"],
  },
  {
    ...CLOSED,
    files: "policies/audit",
    imports: ["src/policy/contract.ts", "src/mcp/", "policies/"],
    never: STAGES,
    io: true,
  },
  {
    ...CLOSED,
    files: "policies/",
    imports: ["src/policy/contract.ts", "src/mcp/"],
    never: STAGES,
  },
];

/** Where a package from npm may be imported. */
export interface Package {
  readonly name: string;
  /** Starts of the paths of the files that may import it. */
  readonly files: readonly string[];
  /** Whether several files may: it is that room's language. Else one file does, behind which it is kept. */
  readonly language: boolean;
  /** Starts of the paths that may import it with `import type`. */
  readonly types: readonly string[];
}

/** The packages of the program. One that is not here may not be imported by it. */
export const PACKAGES: readonly Package[] = [
  { name: "@opentelemetry/api", files: ["src/telemetry/"], language: false, types: [] },
  { name: "amaro", files: ["src/policy/plugins"], language: false, types: [] },
  { name: "hono", files: ["src/server/"], language: true, types: [] },
  { name: "yaml", files: ["src/config/"], language: true, types: [] },
  {
    name: "zod",
    files: ["src/config/", "src/policy/stage_options.ts"],
    language: true,
    types: ["src/policy/"],
  },
];

/** Modules of `node:` that only compute, so that every room may import them. */
export const PURE_MODULES: readonly string[] = [
  "node:buffer",
  "node:crypto",
  "node:path",
  "node:url",
  "node:util",
];

/** The room of the file at `path`, or null for what is not part of the program. */
export function roomOf(path: string): Room | null {
  return ROOMS.find((room) => path.startsWith(room.files)) ?? null;
}
