/** Durations are counted in the steps they belong to, and add up. */
import assert from "node:assert/strict";
import { addHistograms, countOf, Histogram, quantileS, STEPS_S } from "../../src/gate/histogram.ts";

function histogramOf(...durationsMs: number[]) {
  const histogram = new Histogram();
  for (const ms of durationsMs) histogram.add(ms);
  return histogram.counts;
}

Deno.test("every bound is counted in its own step, and what is longer in the next", () => {
  for (const [step, bound] of STEPS_S.entries()) {
    assert.equal(histogramOf(bound * 1000).steps[step], 1, `${bound} s`);
    assert.equal(histogramOf(bound * 1000 * 1.001).steps[step + 1], 1, `beyond ${bound} s`);
  }
});

Deno.test("a clock that went back counts as no time", () => {
  const { steps, sumS } = histogramOf(-5, NaN);
  assert.deepEqual([steps[0], sumS], [2, 0]);
});

Deno.test("two histograms add up", () => {
  const both = addHistograms(histogramOf(1, 20), histogramOf(20, 90_000));
  assert.deepEqual(both, histogramOf(1, 20, 20, 90_000));
  assert.equal(countOf(both), 4);
});

Deno.test("a share of the durations is told by the bound of its step", () => {
  const histogram = histogramOf(1, 1, 1, 1, 1, 1, 1, 1, 1, 400);
  assert.deepEqual([quantileS(histogram, 0.5), quantileS(histogram, 0.95)], [0.001, 0.5]);
  assert.equal(quantileS(histogramOf(), 0.5), null);
  assert.equal(quantileS(histogramOf(120_000), 0.5), null, "longer than any bound");
});
