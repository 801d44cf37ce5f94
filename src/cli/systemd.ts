/**
 * What a program owes systemd, beside doing its work: telling it how the program stands
 * (sd_notify(3)), and lines in the journal with their urgency (sd-daemon(3)). Elsewhere both are
 * silent.
 */
import { fstatSync } from "node:fs";
import { join } from "node:path";

/** Tells the supervisor how the program stands: assignments such as `READY=1`, a line each. */
export type Notify = (assignments: string) => Promise<void>;

/** Where systemd listens, in the environment of what it starts as `Type=notify`. */
export const NOTIFY_SOCKET = "NOTIFY_SOCKET";

/**
 * Tells the systemd that listens at `socket`; nobody where it is undefined. A notice that cannot be
 * sent is told to `complain` and otherwise forgotten: serving matters more than saying so.
 */
export function systemdNotify(
  socket: string | undefined,
  complain: (text: string) => void,
): Notify {
  if (socket === undefined || socket === "") return () => Promise.resolve();
  return async (assignments) => {
    try {
      await send(socket, assignments);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      complain(`systemd could not be told ${assignments.split("\n")[0]}: ${why}`);
    }
  };
}

/** One datagram. The runtime sends from a socket with a name only: it has one until it is open. */
async function send(socket: string, text: string): Promise<void> {
  if (!socket.startsWith("/")) throw new TypeError(`${socket} is no path`);
  const folder = await Deno.makeTempDir({ prefix: "mcpgate_notify_" });
  const path = join(folder, "socket");
  try {
    const own = Deno.listenDatagram({ transport: "unixpacket", path });
    try {
      await own.send(new TextEncoder().encode(text), { transport: "unixpacket", path: socket });
    } finally {
      own.close();
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/**
 * Whether stderr is the journal: `stream` is the value of JOURNAL_STREAM, device and inode of the
 * socket that systemd connected. A child that redirects stderr inherits the variable, but not that.
 */
export function isJournal(stream: string | undefined): boolean {
  if (stream === undefined) return false;
  try {
    const { dev, ino } = fstatSync(2, { bigint: true });
    return stream === `${dev}:${ino}`;
  } catch {
    return false;
  }
}
