/**
 * A root file system with the compiled program and the C library in it, and nothing else: what a
 * container of the image has, run by bubblewrap. Knows nothing of what the program does.
 */
import { ChildProgram } from "../support/child_program.ts";

/** What the image's base has of shared libraries, as far as programs like ours use them. */
const IN_THE_BASE: ReadonlySet<string> = new Set([
  "ld-linux-x86-64.so.2",
  "libc.so.6",
  "libdl.so.2",
  "libgcc_s.so.1",
  "libm.so.6",
  "libpthread.so.0",
  "librt.so.1",
]);

/** Where things are inside, as the Dockerfile puts them. */
const PROGRAM = "/usr/local/bin/mcpgate";
const CONFIG = "/etc/mcpgate/config.yaml";

/** The user of the image's base. */
const NONROOT = "65532";

/** A root for one program with one configuration. */
export class BareRoot {
  readonly #args: readonly string[];

  private constructor(private readonly bwrap: string, args: readonly string[]) {
    this.#args = args;
  }

  /**
   * Makes one.
   *
   * @param bwrap bubblewrap's path
   * @param program The compiled program
   * @param config The configuration that is mounted into it
   * @param more Other files, by where they are inside
   */
  static async of(
    bwrap: string,
    program: string,
    config: string,
    more: Readonly<Record<string, string>> = {},
  ): Promise<BareRoot> {
    const others = Object.entries(more).flatMap(([inside, path]) => ["--ro-bind", path, inside]);
    const libraries = (await librariesOf(program)).flatMap((path) => ["--ro-bind", path, path]);
    return new BareRoot(bwrap, [
      ...["--unshare-all", "--share-net", "--die-with-parent", "--as-pid-1", "--cap-drop", "ALL"],
      ...["--uid", NONROOT, "--gid", NONROOT, "--clearenv", "--setenv", "HOME", "/"],
      ...["--ro-bind", program, PROGRAM, ...libraries, "--ro-bind", config, CONFIG, ...others],
      ...[
        "--proc",
        "/proc",
        "--dev",
        "/dev",
        "--tmpfs",
        "/tmp",
        "--remount-ro",
        "/",
        "--chdir",
        "/",
      ],
    ]);
  }

  /** Starts the program in it with `args`; its process id is that of bubblewrap. */
  start(...args: string[]): Promise<ChildProgram> {
    return ChildProgram.start({ command: this.bwrap, args: [...this.#args, PROGRAM, ...args] });
  }
}

/** The process that `child`, a bubblewrap, has started. */
export function insideOf(child: ChildProgram): number {
  const children = Deno.readTextFileSync(`/proc/${child.pid}/task/${child.pid}/children`);
  const [pid] = children.trim().split(" ");
  if (!pid) throw new Error("Nothing runs inside");
  return Number(pid);
}

/** The paths of the libraries that `program` asks for. Throws for one that the image would lack. */
async function librariesOf(program: string): Promise<string[]> {
  const { stdout } = await new Deno.Command("ldd", { args: [program], stdin: "null" }).output();
  const paths = [...new TextDecoder().decode(stdout).matchAll(/(\/\S+) \(0x/g)]
    .map(([, path = ""]) => path);
  const missing = paths.filter((path) => !IN_THE_BASE.has(path.slice(path.lastIndexOf("/") + 1)));
  if (missing.length > 0) throw new Error(`The image has no ${missing}`);
  return paths;
}
