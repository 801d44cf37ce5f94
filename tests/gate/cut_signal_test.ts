/** The signal of an exchange tells what an `AbortSignal` would, as far as it goes. */
import assert from "node:assert/strict";
import { CutSignal } from "../../src/gate/cut_signal.ts";

Deno.test("CutSignal tells each listener once, and none that has left", () => {
  const signal = new CutSignal();
  const told: string[] = [];
  const listener = (name: string) => ({ handleEvent: () => void told.push(name) });
  const left = listener("left");
  signal.addEventListener("abort", listener("one"));
  signal.addEventListener("abort", left);
  signal.addEventListener("abort", listener("other"));
  signal.removeEventListener("abort", left);
  assert.equal(signal.aborted, false);
  signal.abort();
  signal.abort();
  assert.equal(signal.aborted, true);
  assert.deepEqual(told, ["one", "other"]);
});

Deno.test("CutSignal tells all, also where one leaves when it is told", () => {
  const signal = new CutSignal();
  const told: number[] = [];
  for (const number of [1, 2, 3]) {
    const listener = {
      handleEvent() {
        told.push(number);
        signal.removeEventListener("abort", listener);
      },
    };
    signal.addEventListener("abort", listener);
  }
  signal.abort();
  assert.deepEqual(told, [1, 2, 3]);
});
