/** The operator's page: what it says of what is seen, in words, and that all of it is text. */
import assert from "node:assert/strict";
import { adminPage } from "../../src/server/admin_page.ts";
import { Rates } from "../../src/server/admin_rates.ts";
import type { Table } from "../../src/server/admin_tables.ts";
import { AdminView, trendLine } from "../../src/server/admin_view.ts";
import type { View } from "../../src/server/admin_view.ts";
import { countText, durationText, rateText, sizeText } from "../../src/server/admin_words.ts";
import { HOSTILE, PaintedSight, paintedSnapshot, STARTED_MS } from "./painted_sight.ts";

async function viewOf(sight = new PaintedSight()): Promise<View> {
  return await new AdminView(sight, () => STARTED_MS + 65_000).look();
}

function rowsOf(view: View, id: string): string[][] {
  const table = view.tables.find((table): table is Table => table.id === id);
  return (table?.rows ?? []).map(({ cells }) =>
    cells.map(({ text, note }) => note === undefined ? text : `${text} | ${note}`)
  );
}

function tileOf(view: View, id: string): string[] {
  const tile = view.tiles.find((tile) => tile.id === id);
  return [tile?.value ?? "", tile?.note ?? ""];
}

Deno.test("the page says who calls what now", async () => {
  assert.deepEqual(rowsOf(await viewOf(), "open"), [
    [HOSTILE, `tools/call | ${HOSTILE}`, "4.2 s", "waiting for the upstream", "192.0.2.7"],
  ]);
});

Deno.test("the page says what each key did and has left, the busiest first", async () => {
  assert.deepEqual(rowsOf(await viewOf(), "keys"), [
    ["laptop", "–", "5/s", "2 of 10", "40", "0", "2", "1"],
    ["without a key", "–", "–", "–", "0", "7", "0", "0"],
    [HOSTILE, "–", "–", "–", "0", "5", "0", "0"],
  ]);
});

Deno.test("the page says what was refused, and where to ask why", async () => {
  assert.deepEqual(rowsOf(await viewOf(), "refusals"), [[
    "unknown tool",
    "allowlist",
    "5",
    "35.0 s ago",
    HOSTILE,
    `Unknown tool: ${HOSTILE}`,
    "abcdefghijkl",
  ]]);
});

Deno.test("the page's figures stand out", async () => {
  const view = await viewOf();
  assert.deepEqual(tileOf(view, "rate"), ["–", "54 since the start"]);
  assert.deepEqual(tileOf(view, "open"), ["1", "1 waits for a reply"]);
  assert.deepEqual(tileOf(view, "upstream"), ["≤ 25 ms", "95 of 100: ≤ 1.0 s"]);
  assert.deepEqual(tileOf(view, "gate"), ["≤ 0.25 ms", "95 of 100: ≤ 5.0 ms"]);
});

Deno.test("trouble is said first, and marked", async () => {
  const sight = new PaintedSight();
  sight.reasons = ["the upstream does not answer (unreachable: nobody listens)"];
  sight.isReachable = false;
  sight.picture = paintedSnapshot({
    audit: { waitingBytes: 9 * 1024 * 1024, isFailing: true, lostLines: 3 },
  });
  const view = await viewOf(sight);
  assert.deepEqual(view.status, {
    text: "Not ready",
    tone: "bad",
    detail: "The upstream does not answer (unreachable: nobody listens)",
  });
  assert.deepEqual(tileOf(view, "upstream"), ["Away", "does not answer"]);
  assert.deepEqual(tileOf(view, "audit"), ["Failing", "3 lines lost"]);
});

Deno.test("a second look tells rates", async () => {
  const sight = new PaintedSight();
  let nowMs = STARTED_MS;
  const view = new AdminView(sight, () => nowMs);
  await view.look();
  nowMs += 2000;
  const [first, ...others] = sight.picture.exchanges;
  sight.picture = paintedSnapshot({ exchanges: [{ ...first!, count: 50 }, ...others] });
  const later = await view.look();
  assert.equal(tileOf(later, "rate")[0], "5.0/s");
  assert.equal(rowsOf(later, "keys")[0]?.[1], "5.0/s");
});

Deno.test("many keys are cut to the busiest, and it says so", async () => {
  const sight = new PaintedSight();
  const exchanges = Array.from({ length: 150 }, (_, index) => ({
    label: `key-${index}`,
    method: "ping",
    decision: "allow" as const,
    stage: "",
    count: index,
  }));
  sight.picture = paintedSnapshot({ exchanges });
  const table = (await viewOf(sight)).tables.find(({ id }) => id === "keys");
  assert.deepEqual([table?.rows.length, table?.rows[0]?.id], [100, "key-149"]);
  assert.equal(table?.note, "the busiest 100 of 150");
});

Deno.test("the page is whole without a script, and no value is more than text", async () => {
  const page = await adminPage(await viewOf());
  assert.match(page, /^<!doctype html>/);
  assert.match(page, /<noscript><meta http-equiv="refresh" content="5"><\/noscript>/);
  assert.ok(!page.includes("<img src=x"), "markup of a label's");
  assert.ok(!page.includes("</script>\\n") && page.split("</script>").length === 2);
  assert.match(page, /&quot;&gt;&lt;img src=x onerror=alert\(1\)&gt;/);
  assert.doesNotMatch(page, /\son\w+=(?!alert)|style=|javascript:/);
});

Deno.test("a page of a gate that has done nothing says so", async () => {
  const sight = new PaintedSight();
  sight.picture = paintedSnapshot({
    exchanges: [],
    refusals: [],
    open: [],
    openCount: 0,
    gateTimes: [],
    upstreamTimes: [],
  });
  const page = await adminPage(await viewOf(sight));
  for (const said of ["Nothing is under way.", "No exchange has ended yet.", "Nothing has been"]) {
    assert.ok(page.includes(said), said);
  }
});

Deno.test("Rates forgets what was seen long ago, and never goes below nothing", () => {
  const rates = new Rates();
  const at = (atMs: number, count: number) => rates.look(atMs, new Map([["a", count]]));
  at(0, 0);
  assert.equal(rates.perSecond("a"), null);
  at(5000, 100);
  assert.equal(rates.perSecond("a"), 20);
  at(300_000, 100);
  assert.equal(rates.perSecond("a"), null, "nobody has looked meanwhile");
  at(301_000, 0);
  assert.equal(rates.perSecond("a"), 0);
  for (let second = 0; second < 200; second++) at(302_000 + second * 1000, second * 7);
  assert.ok(rates.trend().length <= 61);
  assert.equal(rates.totalPerSecond(), 7);
});

Deno.test("a trend is drawn up to the right edge, inside its picture", () => {
  assert.equal(trendLine([]), "");
  const corners = trendLine([0, 5, 10]).split(" ").map((corner) => corner.split(",").map(Number));
  assert.deepEqual(corners.map(([, y]) => y), [26.5, 14, 1.5]);
  assert.equal(corners.at(-1)?.[0], 120);
});

Deno.test("figures are told in the units of people", () => {
  assert.deepEqual(
    [0.25, 3, 42, 4200, 192_000, 8_040_000, 273_600_000].map(durationText),
    ["0.25 ms", "3.0 ms", "42 ms", "4.2 s", "3 min 12 s", "2 h 14 min", "3 d 4 h"],
  );
  assert.deepEqual([12, 2048, 5.5 * 1024 ** 2].map(sizeText), ["12 B", "2.0 KiB", "5.5 MiB"]);
  assert.deepEqual([null, 0, 3.21, 1234].map(rateText), ["–", "0/s", "3.2/s", "1,234/s"]);
  assert.equal(countText(1234567), "1,234,567");
});
