/**
 * Our reading of replies against those of undici and `node:http`: whatever ours accepts, they read the
 * same, or refuse it for a reason that stands here. So what ours refuses is more than what they do;
 * that it is not too much is shown by what real servers were recorded to send.
 */
import assert from "node:assert/strict";
import { fuzzAsync } from "../support/fuzz.ts";
import { fieldOf } from "../support/http_reader.ts";
import { type Ending, raw, RecordingUpstream, type Wire } from "../support/recording_upstream.ts";
import { type LibraryReading, readByNode, readByUndici } from "./library_readings.ts";
import { Http1Connection, type Socket } from "../../src/upstream/http1_connection.ts";
import {
  cutAt,
  LASTING,
  type Reading,
  readNext,
  readReply,
  type Understood,
  wire as bytesOf,
} from "./memory_socket.ts";
import { randomReply } from "./random_reply.ts";
import { RECORDED } from "./recorded_replies.ts";
import { READ, REFUSED } from "./reply_forms.ts";

const LIBRARIES = [
  { library: "undici", read: readByUndici },
  { library: "node:http", read: readByNode },
];

/** What a library refuses although it is a reply. */
const REFUSED_BY_LIBRARY: readonly {
  readonly why: string;
  readonly libraries: readonly string[];
  readonly applies: (bytes: string, reading: Understood) => boolean;
}[] = [
  {
    why: "100 without having asked for it, which RFC 9110 §15.2 has a client expect",
    libraries: ["undici"],
    applies: (bytes) => /^HTTP\/1\.1 100 /m.test(bytes),
  },
  {
    why: "a length beside a status that has no body, which RFC 9110 §8.6 allows for 304",
    libraries: ["undici"],
    applies: (_, { status, fields }) =>
      (status === 204 || status === 304) && Number(fieldOf(fields, "content-length")) > 0,
  },
  {
    why: "a whole reply, since bytes follow it: ours closes the connection behind it",
    libraries: ["node:http"],
    applies: (_, { hasSurplus }) => hasSurplus,
  },
  {
    why: "a chunk's extension that is not of its grammar: ours drops any text",
    libraries: ["undici", "node:http"],
    applies: (bytes) => /\n[0-9a-f]{1,8};/i.test(bytes),
  },
  {
    why: "fields of framing among the trailers, which ours drops",
    libraries: ["undici", "node:http"],
    applies: (bytes) => /\r\n0\r\n(?:.*\r\n)*(?:content-length|transfer-encoding):/i.test(bytes),
  },
];

/** Asserts that the libraries read `bytes` as ours does, all of them in the same pieces. */
async function compare(
  server: RecordingUpstream,
  bytes: string,
  cuts: readonly number[] = [],
): Promise<Reading> {
  const pieces = cutAt(bytesOf(bytes), cuts);
  // In one piece, so that it shows whether bytes follow the end.
  const ours = await readReply([bytesOf(bytes)]);
  assert.deepEqual(meaning(await readReply(pieces)), meaning(ours));
  if ("refused" in ours) return ours;
  for (const { library, read } of LIBRARIES) {
    let sent: Promise<Ending> | null = null;
    server.next((_request, wire) => sent = sendInTurns(pieces, wire));
    assertSame(library, bytes, ours, await read(server.port));
    await sent;
  }
  return ours;
}

function assertSame(
  library: string,
  bytes: string,
  ours: Understood,
  theirs: LibraryReading | null,
): void {
  const { status, fields, body } = ours;
  if (theirs !== null) return assert.deepEqual(theirs, { status, fields, body }, library);
  const reason = REFUSED_BY_LIBRARY.find(({ libraries, applies }) =>
    libraries.includes(library) && applies(bytes, ours)
  );
  assert.ok(reason !== undefined, `${library} refuses what ours reads: ${JSON.stringify(bytes)}`);
}

/** Sends each of `pieces` in a turn of the event loop of its own, then closes. */
async function sendInTurns(pieces: readonly Uint8Array[], wire: Wire): Promise<Ending> {
  for (const piece of pieces) {
    await wire.write(piece);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  return "close";
}

Deno.test("Http1Connection reads what was recorded, and every form of the tables, as the libraries do", async () => {
  await using server = await RecordingUpstream.start();
  for (const { name, bytes } of [...RECORDED, ...READ, ...REFUSED]) {
    const reading = await compare(server, bytes);
    assert.equal("refused" in reading, REFUSED.some((form) => form.name === name), name);
  }
});

Deno.test("no library refuses a recorded reply, so that no reason above hides one", async () => {
  await using server = await RecordingUpstream.start();
  for (const { name, bytes } of RECORDED) {
    for (const { library, read } of LIBRARIES) {
      server.next(raw([bytesOf(bytes)]));
      assert.notEqual(await read(server.port), null, `${library}: ${name}`);
    }
  }
});

Deno.test("Http1Connection reads generated and broken replies as the libraries do, or refuses them", async () => {
  await using server = await RecordingUpstream.start();
  let read = 0;
  let refused = 0;
  await fuzzAsync(400, async (random) => {
    const bytes = randomReply(random);
    const places = Array.from({ length: random.below(3) }, () => random.below(bytes.length + 1));
    const reading = await compare(server, bytes, places.sort((a, b) => a - b));
    if ("refused" in reading) refused++;
    else read++;
  });
  // With other seeds and few rounds there may be none of one kind.
  assert.ok(read + refused < 100 || Math.min(read, refused) > 20, `${read} read, ${refused} not`);
});

Deno.test("Http1Connection reads generated and broken replies the same wherever they are split", async () => {
  await fuzzAsync(150, async (random) => {
    const bytes = bytesOf(randomReply(random));
    const whole = meaning(await readReply([bytes]));
    for (let cut = 1; cut < bytes.length; cut++) {
      assert.deepEqual(meaning(await readReply(cutAt(bytes, [cut]))), whole, `cut at ${cut}`);
    }
    const single = cutAt(bytes, Array.from({ length: bytes.length }, (_, i) => i + 1));
    assert.deepEqual(meaning(await readReply(single)), whole, "byte by byte");
  });
});

/** Says nothing until it is told what, as a server does between requests. */
class TurnSocket implements Socket {
  readonly #pieces: Uint8Array[] = [];
  #waiting: ((count: number | null) => void) | null = null;
  #into = new Uint8Array(0);

  say(pieces: readonly Uint8Array[]): void {
    this.#pieces.push(...pieces.filter(({ length }) => length > 0));
    this.#deliver();
  }

  read(into: Uint8Array<ArrayBuffer>): Promise<number | null> {
    this.#into = into;
    return new Promise((resolve) => {
      this.#waiting = resolve;
      this.#deliver();
    });
  }

  write(bytes: Uint8Array): Promise<number> {
    return Promise.resolve(bytes.length);
  }

  close(): void {
    this.#waiting?.(null);
  }

  #deliver(): void {
    const piece = this.#waiting === null ? undefined : this.#pieces.shift();
    if (piece === undefined) return;
    const count = Math.min(this.#into.length, piece.length);
    this.#into.set(piece.subarray(0, count));
    if (count < piece.length) this.#pieces.unshift(piece.subarray(count));
    this.#waiting?.(count);
    this.#waiting = null;
  }
}

Deno.test("Http1Connection reads replies one after the other as a new connection reads each", async () => {
  let followed = 0;
  await fuzzAsync(400, async (random) => {
    const socket = new TurnSocket();
    const connection = new Http1Connection(socket, LASTING, 64 * 1024);
    const replies = Array.from({ length: 3 }, () => randomReply(random))
      .concat(RECORDED.map((recorded) => recorded.bytes));
    for (let turn = 0; turn < 12 && connection.isOpen; turn++) {
      const bytes = bytesOf(random.pick(replies));
      const alone = await readReply([bytes]);
      // Those that end by the connection's end, or never, are not followed by others.
      if ("refused" in alone || alone.keepMs === 0) continue;
      const cuts = Array.from({ length: random.below(4) }, () => random.below(bytes.length + 1));
      const reading = readNext(connection);
      socket.say(cutAt(bytes, cuts.sort((a, b) => a - b)));
      assert.deepEqual(meaning(await reading), meaning(alone));
      followed++;
    }
    connection.close();
  });
  assert.ok(followed > 0);
});

/** What does not depend on when bytes came: those behind the end may come too late to matter. */
function meaning(reading: Reading): unknown {
  if ("refused" in reading) return reading;
  const { status, fields, body } = reading;
  return { status, fields, body };
}
