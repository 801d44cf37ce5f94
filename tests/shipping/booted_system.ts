/**
 * A booted systemd of its own: PID 1 in namespaces, on a throw-away layer over this machine's files,
 * with this machine's loopback. Units start, reload and stop in it as they do on a server, and nothing
 * of it is left when it is disposed of. Needs root, overlayfs and cgroups. Knows nothing of what is run.
 */
import type { Need } from "../support/absent.ts";
import { ChildProgram } from "../support/child_program.ts";
import { eventually } from "../support/eventually.ts";

const SYSTEMD = "/lib/systemd/systemd";

/** What a command printed, and how it ended. */
export interface Printed {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Files and folders of this machine that take the place of those of the system. */
export type Places = Readonly<Record<string, string>>;

/** Whether this machine can boot one; found by mounting what it would need. */
export function bootable(): Need<string> {
  const what = "root and systemd, overlayfs and cgroups in namespaces";
  try {
    Deno.statSync(SYSTEMD);
    const folder = Deno.makeTempDirSync({ prefix: "mcpgate_boot_" });
    const script = `${MOUNT_LAYER}\nmount -t cgroup2 none root/mnt`;
    const { success } = new Deno.Command("unshare", {
      args: ["--mount", "--pid", "--cgroup", "--fork", "sh", "-euc", script, folder],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).outputSync();
    Deno.removeSync(folder, { recursive: true });
    return { what, found: success && Deno.uid() === 0 ? SYSTEMD : null };
  } catch {
    return { what, found: null };
  }
}

/** In the folder $0, with all that the system writes in memory. */
const MOUNT_LAYER = `
mount --make-rprivate /
mount -t tmpfs none "$0"
cd "$0"
mkdir upper work root
mount -t overlay -o lowerdir=/,upperdir=upper,workdir=work none root`;

/**
 * The system gets a cgroup of its own, since it makes itself at home in the topmost that it sees.
 * Nothing that this machine would start by itself is wanted, and its settings stay as they are.
 */
const KEEP = `
mkdir "$0/cgroup"
mount --make-rprivate /
mount -t cgroup2 none "$0/cgroup"
own="$0/cgroup/mcpgate_test_$$_$(basename "$0")"
mkdir "$own"
sh -c 'echo $$ >"$0/cgroup.procs"; shift; exec "$@"' "$own" - unshare --mount --pid --uts --ipc --cgroup \\
  --fork --kill-child sh -euc "$BOOT" "$0" "$@" || true
find "$own" -depth -type d -exec rmdir {} +
umount "$0/cgroup"`;

const BOOT = `${MOUNT_LAYER}
cd root
mount -t proc none proc
mount --bind proc/sys proc/sys
mount -o remount,ro,bind proc/sys
mount -t sysfs -o ro none sys
mount -t cgroup2 none sys/fs/cgroup
mount -t tmpfs none dev
for name in null zero full random urandom tty; do touch dev/$name; mount --bind /dev/$name dev/$name; done
ln -s /proc/self/fd dev/fd
ln -s /proc/self/fd/2 dev/stderr
mkdir dev/shm dev/pts
mount -t devpts -o newinstance,ptmxmode=0666 none dev/pts
ln -s pts/ptmx dev/ptmx
mount -t tmpfs none run
rm -rf etc/systemd/system/*.wants etc/machine-id var/log/journal
: >etc/machine-id
while [ $# -gt 0 ]; do
  if [ -d "$1" ]; then mkdir -p "./$2"; else mkdir -p "./$(dirname "$2")"; touch "./$2"; fi
  mount --bind "$1" "./$2"
  shift 2
done
mount -t tmpfs none tmp
mkdir before
pivot_root . before
umount -l /before
hostname mcpgate-test
container=mcpgate-test exec setpriv --bounding-set=-sys_time,-sys_module,-sys_rawio ${SYSTEMD} --unit=basic.target`;

/** A running one. */
export class BootedSystem implements AsyncDisposable {
  readonly #folder: string;
  readonly #program: ChildProgram;
  readonly #pid: number;

  private constructor(folder: string, program: ChildProgram, pid: number) {
    this.#folder = folder;
    this.#program = program;
    this.#pid = pid;
  }

  /** Boots one in which `places` stand where their keys say, and waits until it is up. */
  static async boot(places: Places): Promise<BootedSystem> {
    await using stack = new AsyncDisposableStack();
    const folder = await Deno.makeTempDir({ prefix: "mcpgate_boot_" });
    stack.defer(() => Deno.remove(folder, { recursive: true }));
    const pairs = Object.entries(places).flatMap(([inside, outside]) => [outside, inside]);
    const program = stack.use(
      await ChildProgram.start({
        command: "unshare",
        args: ["--mount", "--pid", "--fork", "--kill-child", "sh", "-euc", KEEP, folder, ...pairs],
        env: { BOOT },
      }),
    );
    let pid = 0;
    try {
      await eventually("systemd runs", () => (pid = systemdUnder(program.pid)) > 0, 20_000);
    } catch (cause) {
      throw new Error(`${cause}\n${await program.stderr()}`, { cause });
    }
    stack.move();
    const system = new BootedSystem(folder, program, pid);
    // Degraded is enough: some of this machine's own units may not like it here.
    await eventually("systemd is up", async () => {
      const { stdout } = await system.run("systemctl", "is-system-running");
      return /^(running|degraded)$/m.test(stdout);
    }, 30_000);
    return system;
  }

  /** Runs a command inside, as root. */
  async run(command: string, ...args: string[]): Promise<Printed> {
    const { code, stdout, stderr } = await new Deno.Command("nsenter", {
      args: [
        `--target=${this.#pid}`,
        "--mount",
        "--pid",
        "--uts",
        "--ipc",
        "--cgroup",
        command,
        ...args,
      ],
      env: { SYSTEMD_COLORS: "0", SYSTEMD_PAGER: "", LC_ALL: "C.UTF-8" },
      stdin: "null",
    }).output();
    const decoder = new TextDecoder();
    return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Its PID 1 gone, all of it is; what kept it then clears up and ends.
    Deno.kill(this.#pid, "SIGKILL");
    await this.#program.status;
    await this.#program[Symbol.asyncDispose]();
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** The process id of the systemd below `pid`, or 0 while there is none. */
function systemdUnder(pid: number): number {
  try {
    if (Deno.readTextFileSync(`/proc/${pid}/comm`) === "systemd\n") return pid;
    const children = Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`);
    return children.trim().split(" ").filter(Boolean).map((child) => systemdUnder(Number(child)))
      .find((found) => found > 0) ?? 0;
  } catch {
    return 0;
  }
}
