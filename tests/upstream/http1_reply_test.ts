/** How replies are read: what is one, what is none, and both wherever the bytes are split. */
import assert from "node:assert/strict";
import { ReplyHeadReader } from "../../src/upstream/http1_reply_head.ts";
import { eventually } from "../support/eventually.ts";
import { cutAt, MemorySocket, readFrom, type Reading, readReply, wire } from "./memory_socket.ts";
import { RECORDED } from "./recorded_replies.ts";
import { CHUNKED, OK, READ, REFUSED } from "./reply_forms.ts";

/** The reading of `bytes`, having made sure that it is the same wherever they are split. */
async function readSplit(bytes: string): Promise<Reading> {
  const all = wire(bytes);
  const whole = await readReply([all]);
  for (let cut = 1; cut < all.length; cut++) {
    assert.deepEqual(await readReply(cutAt(all, [cut])), whole, `cut at ${cut}`);
  }
  const single = cutAt(all, Array.from({ length: all.length - 1 }, (_, i) => i + 1));
  assert.deepEqual(await readReply(single), whole, "byte by byte");
  return whole;
}

for (const { name, bytes, status, body, isKept } of RECORDED) {
  Deno.test(`Http1Connection reads what was recorded, wherever it is split: ${name}`, async () => {
    const reading = await readSplit(bytes);
    assert.ok("status" in reading, JSON.stringify(reading));
    assert.deepEqual({ status: reading.status, body: reading.body }, { status, body });
    assert.equal(reading.keepMs > 0, isKept);
  });
}

for (const { name, bytes, body = "", kept } of READ) {
  Deno.test(`Http1Connection reads, wherever it is split: ${name}`, async () => {
    const reading = await readSplit(bytes);
    assert.ok("status" in reading, JSON.stringify(reading));
    assert.deepEqual(reading.body, body);
    assert.equal(reading.keepMs, kept ?? Infinity);
  });
}

for (const { name, bytes, why } of REFUSED) {
  Deno.test(`Http1Connection refuses, wherever it is split: ${name}`, async () => {
    const reading = await readSplit(bytes);
    assert.ok("refused" in reading, JSON.stringify(reading));
    assert.match(reading.refused, why);
  });
}

Deno.test("Http1Connection reads a head at its bound, and none beyond it", async () => {
  const head = `${OK}X: ${"y".repeat(100)}\r\nContent-Length: 1\r\n\r\n`;
  const bytes = wire(`${head}a`);
  for (let cut = 0; cut < bytes.length; cut++) {
    const pieces = cutAt(bytes, [cut]);
    assert.ok("status" in await readReply(pieces, "end", head.length), `cut at ${cut}`);
    const beyond = await readReply(pieces, "end", head.length - 1);
    assert.ok("refused" in beyond && /too large/.test(beyond.refused), `cut at ${cut}`);
  }
});

Deno.test("Http1Connection counts informational heads with the one that follows them", async () => {
  const endless = wire("HTTP/1.1 100 Continue\r\n\r\n".repeat(100));
  const reading = await readReply([endless], "silence", 1000);
  assert.ok("refused" in reading && /too large/.test(reading.refused));
});

Deno.test("Http1Connection reads a hundred fields, and no more", async () => {
  const fields = Array.from({ length: 99 }, (_, i) => `X-${i}: ${i}\r\n`).join("");
  const reading = await readReply([wire(`${OK}${fields}Content-Length: 0\r\n\r\n`)]);
  assert.ok("status" in reading && reading.fields.length === 100);
  const more = await readReply([wire(`${OK}${fields}A: b\r\nContent-Length: 0\r\n\r\n`)]);
  assert.ok("refused" in more && /too many fields/.test(more.refused));
});

Deno.test("Http1Connection refuses trailers that never end", async () => {
  const endless = wire(`${CHUNKED}0\r\n${"A: b\r\n".repeat(5000)}`);
  const reading = await readReply([endless], "silence");
  assert.ok("refused" in reading && /chunks/.test(reading.refused));
});

Deno.test("Http1Connection makes one piece of the many small chunks that come at once", async () => {
  const body = Array.from({ length: 300 }, (_, i) => `data: ${i}\n\n`);
  const chunks = body.map((data) => `${data.length.toString(16)}\r\n${data}\r\n`).join("");
  const reading = await readReply([wire(`${CHUNKED}${chunks}0\r\n\r\n`)]);
  assert.ok("status" in reading);
  assert.equal(reading.body, body.join(""));
});

Deno.test("ReplyHeadReader looks at each byte a bounded number of times, however slowly they come", () => {
  const head = wire(`${OK}X: ${"y".repeat(20_000)}\r\nContent-Length: 0\r\n\r\n`);
  let looked = 0;
  const counting = new Proxy(head, {
    get(target, key) {
      if (typeof key === "string" && /^\d+$/.test(key)) looked++;
      const value: unknown = Reflect.get(target, key);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const reader = new ReplyHeadReader(64 * 1024);
  for (let to = 1; to < head.length; to++) assert.equal(reader.push(counting, 0, to), null);
  // What is whole is turned into text, which takes real bytes.
  assert.equal(reader.push(head, 0, head.length)?.status, 200);
  assert.ok(looked < 4 * head.length, `${looked} looks at ${head.length} bytes`);
});

Deno.test("ReplyHeadReader reads a head that comes again as the one before, and another as another", () => {
  const reader = new ReplyHeadReader(64 * 1024);
  const heads = [
    `${OK}X: a\r\nContent-Length: 3\r\n\r\n`,
    `${OK}X: b\r\nContent-Length: 3\r\n\r\n`,
    `${OK}X: b\r\nContent-Length: 33\r\n\r\n`,
    `${OK}X: b\r\nTransfer-Encoding: chunked\r\n\r\n`,
    `HTTP/1.1 100 Continue\r\n\r\n${OK}X: b\r\nContent-Length: 3\r\n\r\n`,
    `HTTP/1.1 204 No Content\r\n\r\n`,
    `${OK}X: ${"y".repeat(3000)}\r\nContent-Length: 3\r\n\r\n`,
    `${OK}X: a\r\n\r\n`,
  ];
  for (const first of heads) {
    for (const next of [first, ...heads, first]) {
      for (const text of [first, next]) {
        const lone = new ReplyHeadReader(64 * 1024);
        const bytes = wire(`${text}abc`);
        const read = reader.push(bytes, 0, bytes.length);
        const expected = lone.push(bytes, 0, bytes.length);
        assert.deepEqual(read, expected, `${first}, then ${text}`);
        assert.equal(reader.bytes, lone.bytes);
        // A body is its own reply's.
        read?.body.take(bytes, reader.bytes, bytes.length);
        reader.reset();
      }
    }
  }
});

for (const surplus of ["HTTP/1.1 200 OK\r\n\r\n", "\r\n", "x"]) {
  for (const reply of [`${OK}Content-Length: 1\r\n\r\na`, `${CHUNKED}1\r\na\r\n0\r\n\r\n`]) {
    const what = JSON.stringify(reply.slice(17, 34) + "…" + surplus);
    Deno.test(`Http1Connection keeps no connection on which bytes follow a reply: ${what}`, async () => {
      const together = await readReply([wire(reply + surplus)]);
      assert.ok("status" in together && together.body === "a" && together.keepMs === 0);
      const apart = new MemorySocket([wire(reply), wire(surplus)], "silence");
      const { reading, connection } = await readFrom(apart);
      assert.ok("status" in reading && reading.body === "a" && reading.keepMs > 0);
      await eventually("the end of the connection", () => !connection.isOpen && apart.isClosed);
    });
  }
}

Deno.test("Http1Connection reads a long head in short pieces, and a body behind it", async () => {
  const fields = Array.from({ length: 90 }, (_, i) => `X-${i}: ${"y".repeat(i * 13)}`);
  const bytes = wire(
    `${OK}${fields.join("\r\n")}\r\nContent-Length: 9000\r\n\r\n${"z".repeat(9000)}`,
  );
  for (const size of [7, 100, 1023, 1024, 4095, 5000, 40_000]) {
    const cuts = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => (i + 1) * size);
    const reading = await readReply(cutAt(bytes, cuts));
    assert.ok("status" in reading, JSON.stringify(reading));
    assert.deepEqual(reading.fields[89], ["x-89", "y".repeat(89 * 13)]);
    assert.equal(reading.body, "z".repeat(9000));
  }
});
