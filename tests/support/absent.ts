/**
 * Tests that need something a machine may lack: a program, an interpreter, the base runtime of
 * compiled programs. Where it is absent the test is registered as ignored, under a name that says
 * what it needs, and one line on stderr says so too: what did not run never counts as passed. Knows
 * nothing of how the needed thing is used.
 */

/** Something a test needs, looked for once. */
export interface Need<Found> {
  /** How the absence is told: "nginx", "MCPGATE_DENORT". */
  readonly what: string;
  /** What was found, or null where it is absent. */
  readonly found: Found | null;
}

/**
 * The program `name` in one of the folders of `path`.
 *
 * @param path By default the PATH of this process
 * @returns A need whose `found` is the program's absolute path
 */
export function program(name: string, path = Deno.env.get("PATH") ?? ""): Need<string> {
  for (const folder of path.split(Deno.build.os === "windows" ? ";" : ":")) {
    const file = `${folder || "."}/${name}`;
    if (isExecutable(file)) return { what: name, found: file };
  }
  return { what: name, found: null };
}

/**
 * The environment variable `name`, which points to something prepared for the tests.
 *
 * @returns A need whose `found` is the variable's value; an empty one counts as absent
 */
export function variable(name: string): Need<string> {
  return { what: `${name} in the environment`, found: Deno.env.get(name) || null };
}

/** Both needs at once; absent while one of them is. */
export function both<A, B>(one: Need<A>, other: Need<B>): Need<readonly [A, B]> {
  if (one.found !== null && other.found !== null) {
    return { what: `${one.what}, ${other.what}`, found: [one.found, other.found] };
  }
  const missing = [one, other].filter((need) => need.found === null).map((need) => need.what);
  return { what: missing.join(", "), found: null };
}

/**
 * Registers the test `name` that runs with what `need` found, or says plainly that it did not run.
 */
export function testNeeding<Found>(
  need: Need<Found>,
  name: string,
  run: (found: Found, t: Deno.TestContext) => void | Promise<void>,
): void {
  const { found } = need;
  if (found !== null) {
    Deno.test(name, (t) => run(found, t));
    return;
  }
  console.error(`did not run: ${name} (needs ${need.what})`);
  Deno.test({ name: `${name} (did not run: needs ${need.what})`, ignore: true, fn() {} });
}

function isExecutable(path: string): boolean {
  try {
    const entry = Deno.statSync(path);
    return entry.isFile && (entry.mode === null || (entry.mode & 0o111) !== 0);
  } catch {
    return false;
  }
}
