/** An audit log of any length, summed up: how many lines, whether any exchange has two, how they end. */

/** What a log holds. */
export interface AuditAccount {
  readonly lines: number;
  /** Exchanges that have more than one line. */
  readonly repeated: number;
  /** Lines by decision and end, such as `allow complete`. */
  readonly endings: Readonly<Record<string, number>>;
}

/** Reads the log in `path`. Throws where a whole line is no JSON. */
export async function auditAccount(path: string): Promise<AuditAccount> {
  const ids: bigint[] = [];
  const endings: Record<string, number> = {};
  for await (const line of linesOf(path)) {
    const { exchange, decision, end } = JSON.parse(line);
    // 64 of the 72 random bits tell millions of exchanges apart.
    const bytes = Uint8Array.fromBase64(exchange, { alphabet: "base64url" });
    ids.push(new DataView(bytes.buffer).getBigUint64(0));
    const ending = `${decision} ${end}`;
    endings[ending] = (endings[ending] ?? 0) + 1;
  }
  const sorted = BigUint64Array.from(ids).sort();
  let repeated = 0;
  for (let at = 1; at < sorted.length; at++) if (sorted[at] === sorted[at - 1]) repeated++;
  return { lines: ids.length, repeated, endings };
}

async function* linesOf(path: string): AsyncGenerator<string> {
  using file = await Deno.open(path);
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(1024 * 1024);
  let rest = "";
  for (;;) {
    const count = await file.read(buffer);
    if (count === null) return;
    const lines = (rest + decoder.decode(buffer.subarray(0, count), { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}
