/** Durations and sizes, written and read. */
import assert from "node:assert/strict";
import { durationText, parseDuration, parseSize, sizeText } from "../../src/config/quantity.ts";

const DURATIONS = [
  { text: "500ms", ms: 500 },
  { text: "30s", ms: 30_000 },
  { text: "1m30s", ms: 90_000 },
  { text: "90m", ms: 5_400_000 },
  { text: "2h", ms: 7_200_000 },
  { text: "1h1m1s1ms", ms: 3_661_001 },
  { text: "0s", ms: 0 },
  { text: "", ms: null },
  { text: "30", ms: null },
  { text: "s", ms: null },
  { text: "30 s", ms: null },
  { text: "30S", ms: null },
  { text: " 30s", ms: null },
  { text: "30s\n", ms: null },
  { text: "-1s", ms: null },
  { text: "+1s", ms: null },
  { text: "1.5s", ms: null },
  { text: "1e3s", ms: null },
  { text: "30s1m", ms: null },
  { text: "1s1s", ms: null },
  { text: "1d", ms: null },
  { text: "٣s", ms: null },
  { text: "999999999999h", ms: null },
  { text: "9999999999999s", ms: null },
];

for (const { text, ms } of DURATIONS) {
  Deno.test(`parseDuration reads ${JSON.stringify(text)} as ${ms}`, () => {
    assert.equal(parseDuration(text), ms);
  });
}

const SIZES = [
  { text: "0B", bytes: 0 },
  { text: "512B", bytes: 512 },
  { text: "64KiB", bytes: 65_536 },
  { text: "4MiB", bytes: 4_194_304 },
  { text: "1GiB", bytes: 1_073_741_824 },
  { text: "", bytes: null },
  { text: "64", bytes: null },
  { text: "64KB", bytes: null },
  { text: "64kib", bytes: null },
  { text: "64 KiB", bytes: null },
  { text: "0x4MiB", bytes: null },
  { text: "1.5MiB", bytes: null },
  { text: "-1B", bytes: null },
  { text: "64KiB\n", bytes: null },
  { text: "999999999999999GiB", bytes: null },
];

for (const { text, bytes } of SIZES) {
  Deno.test(`parseSize reads ${JSON.stringify(text)} as ${bytes}`, () => {
    assert.equal(parseSize(text), bytes);
  });
}

Deno.test("durationText writes what parseDuration reads", () => {
  for (const ms of [0, 1, 999, 1000, 1001, 60_000, 90_000, 3_600_000, 86_400_000]) {
    assert.equal(parseDuration(durationText(ms)), ms);
  }
});

Deno.test("sizeText writes what parseSize reads", () => {
  for (const bytes of [0, 1, 1023, 1024, 1025, 1024 ** 2, 5 * 1024 ** 2, 1024 ** 3]) {
    assert.equal(parseSize(sizeText(bytes)), bytes);
  }
});
