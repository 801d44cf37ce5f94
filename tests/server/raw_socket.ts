/** A client for tests that look at every byte of an answer, and at the pieces in which they come. */
import { inTime } from "../support/eventually.ts";

/** A connection to `port` whose bytes are kept as they come, 1xx replies included. */
export async function rawSocket(port: number) {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const pieces: string[] = [];
  const more = { told: () => {} };
  const reading = (async () => {
    const buffer = new Uint8Array(4096);
    for (let count; (count = await connection.read(buffer).catch(() => null)) !== null;) {
      pieces.push(new TextDecoder().decode(buffer.subarray(0, count)));
      more.told();
    }
  })();
  return {
    pieces,
    get received() {
      return pieces.join("");
    },
    send: (text: string) => connection.write(new TextEncoder().encode(text)),
    async until(part: string) {
      while (!pieces.join("").includes(part)) {
        await inTime(part, new Promise<void>((resolve) => more.told = resolve));
      }
    },
    async [Symbol.asyncDispose]() {
      connection.close();
      await reading;
    },
  };
}
