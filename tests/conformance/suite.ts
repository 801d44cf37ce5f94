/**
 * The official conformance suite as a program: the versions it is run in, which of its scenarios, and
 * what it says of a server, check by check. Knows nothing of the gate.
 */
import { inTime } from "../support/eventually.ts";
import type { Need } from "../support/absent.ts";
import { ChildProgram } from "../support/child_program.ts";

const STABLE = "npm:@modelcontextprotocol/conformance@0.1.16";
const NEXT = "npm:@modelcontextprotocol/conformance@0.2.0-alpha.12";

/** A lock of its own: what deno.json names, whoever starts the program downloads. */
const LOCKED = ["--no-config", "--lock=tests/conformance/suite.lock", "--frozen", "--quiet"];

/** One run of the suite. */
export interface SuiteRun {
  readonly name: string;
  /** The suite's package. */
  readonly suite: string;
  /** What it is told to run. */
  readonly scenarios: readonly string[];
  /** How many checks a server can pass. */
  readonly passing: number;
  /** Checks that a server cannot pass, or ours does not: how they end, and why. */
  readonly known?: readonly Known[];
}

interface Known {
  readonly check: string;
  readonly status: Status;
  readonly why: string;
}

/** How a check ends. */
export type Status = "SUCCESS" | "INFO" | "SKIPPED" | "WARNING" | "FAILURE";

/** How each check ended, by scenario, check and occurrence. */
export type Checks = ReadonlyMap<string, { readonly status: Status; readonly message: string }>;

/** Every run: both lines of the suite, and with the newer one each revision it can tell apart. */
export const RUNS: readonly SuiteRun[] = [
  {
    name: "0.1.16, all of 2025-11-25",
    suite: STABLE,
    scenarios: ["--suite", "all", "--spec-version", "2025-11-25"],
    passing: 44,
    known: ["priming-event", "retry-field"].map((field) => ({
      check: `server-sse-polling/server-sse-${field}`,
      status: "WARNING",
      why: "asks with a header that names 2025-03-26, which has no priming events",
    })),
  },
  {
    name: "0.2.0-alpha.12, all of 2025-03-26",
    suite: NEXT,
    scenarios: ["--suite", "all", "--spec-version", "2025-03-26"],
    passing: 3,
  },
  {
    name: "0.2.0-alpha.12, all of 2025-06-18",
    suite: NEXT,
    scenarios: ["--suite", "all", "--spec-version", "2025-06-18"],
    passing: 56,
  },
  {
    name: "0.2.0-alpha.12, required by 2025-11-25",
    suite: NEXT,
    scenarios: ["--requirements", "2025-11-25"],
    passing: 84,
  },
  {
    name: "0.2.0-alpha.12, required by 2026-07-28",
    suite: NEXT,
    scenarios: ["--requirements", "2026-07-28"],
    passing: 196,
    known: [{
      check: "tasks-status-notifications/tasks-status-notifications",
      status: "SKIPPED",
      why: "the suite skips it for every server",
    }],
  },
  ...["directory", "enumeration", "manifest"].map((part, at) => ({
    name: `0.2.0-alpha.12, ${part} of skills`,
    suite: NEXT,
    scenarios: ["--scenario", `sep-2640-skills-${part}`],
    passing: [7, 32, 6][at] ?? 0,
  })),
];

/** The suite's packages, where this machine has them or can get them. */
export async function suitePackages(): Promise<Need<true>> {
  const program = await ChildProgram.start({
    command: Deno.execPath(),
    args: ["cache", ...LOCKED, STABLE, NEXT],
  });
  try {
    const { success } = await inTime("the suite's packages", program.status, 120_000);
    const complaint = await program.stderr();
    // A lock that does not fit, or a version that is no more, is no absence.
    if (!success && !/error sending request/.test(complaint)) {
      throw new Error(`Cannot load the conformance suite: ${complaint}`);
    }
    return { what: "the npm packages of the conformance suite", found: success || null };
  } finally {
    await program[Symbol.asyncDispose]();
  }
}

/**
 * What the suite says of the server at `url`. Started again where it does not come to its end: on a
 * busy machine Deno 2.9.6 now and then never finishes loading CommonJS packages.
 */
export async function runSuite(run: SuiteRun, url: string): Promise<Checks> {
  for (let attempt = 1;; attempt++) {
    await using stack = new AsyncDisposableStack();
    const folder = await Deno.makeTempDir({ prefix: "mcpgate_conformance_" });
    stack.defer(() => Deno.remove(folder, { recursive: true }));
    const program = stack.use(
      await ChildProgram.start({
        command: Deno.execPath(),
        args: [
          ...["run", "--allow-all", ...LOCKED, run.suite, "server"],
          ...["--url", url, "--output-dir", folder, ...run.scenarios],
        ],
      }),
    );
    const what = `the conformance suite, ${run.name}`;
    const late = await inTime(what, program.status, 45_000).then(() => null, (error) => error);
    const checks = await checksIn(folder);
    if (late === null && checks.size > 0) return checks;
    // Once it has judged anything it is not Deno that hangs.
    if (late === null || checks.size > 0 || attempt === 3) {
      throw new Error(`${late ?? what}\n${await program.stdout()}\n${await program.stderr()}`);
    }
  }
}

/** Reads the suite's results: a folder for each scenario, its time at the end of the name. */
async function checksIn(folder: string): Promise<Checks> {
  const checks = new Map<string, { status: Status; message: string }>();
  for await (const { name } of Deno.readDir(folder)) {
    const scenario = name.replace(/^server-/, "").replace(/-\d{4}-\d{2}-\d{2}T[^/]*$/, "");
    const ended = JSON.parse(await Deno.readTextFile(`${folder}/${name}/checks.json`));
    for (const { id, status, errorMessage: message = "" } of ended) {
      checks.set(freeName(checks, `${scenario}/${id}`), { status, message });
    }
  }
  return checks;
}

/** `name`, counted on where a check of that name occurred before. */
function freeName(taken: Checks, name: string): string {
  for (let occurrence = 2, free = name;; free = `${name} ${occurrence++}`) {
    if (!taken.has(free)) return free;
  }
}
