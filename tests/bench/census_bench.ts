/** What counting adds to an exchange: the two readings of the clock, and the count at its end. */
import { Census } from "../../src/gate/census.ts";
import { ExchangeRecord } from "../../src/gate/record.ts";
import { MemoryExchange } from "../gate/support/memory_exchange.ts";

const census = new Census();
const record = new ExchangeRecord("abcdefghijkl", new MemoryExchange(), "127.0.0.1", 0, 0);
record.label = "bench";
record.method = "tools/call";
record.askedMs = 0.08;
record.answeredMs = 0.9;
const outcome = record.outcome(1);

Deno.bench("an ended exchange: counted", () => {
  census.ended(record, outcome, true);
});

Deno.bench("an ended exchange: what its upstream took", () => {
  record.askedMs = performance.now();
  record.answeredMs = performance.now();
});
