/**
 * Ports for programs that cannot be told to take any: one that was free a moment ago, tried again
 * with another where somebody else was quicker.
 */

/** A port that is free on loopback now. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** What `start` makes of a free port; where that fails, of another, up to five of them. */
export async function onFreePort<T>(start: (port: number) => Promise<T>): Promise<T> {
  for (let attempt = 1;; attempt++) {
    try {
      return await start(freePort());
    } catch (error) {
      if (attempt === 5) throw error;
    }
  }
}
