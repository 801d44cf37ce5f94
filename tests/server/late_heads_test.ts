/** Heads of streams that go out on their own: soon, once, and only where nothing went before. */
import assert from "node:assert/strict";
import { type LateHead, LateHeads } from "../../src/server/late_heads.ts";
import { eventually } from "../support/eventually.ts";

class Head implements LateHead {
  isHeadWaiting = true;
  sent = 0;

  sendHead(): void {
    this.sent++;
    this.isHeadWaiting = false;
  }
}

Deno.test("LateHeads sends each head that nothing went out with, once", async () => {
  const heads = new LateHeads();
  const [written, alone, other] = [new Head(), new Head(), new Head()];
  for (const head of [written, alone, other]) heads.add(head);
  written.isHeadWaiting = false;
  await eventually("both heads", () => alone.sent === 1 && other.sent === 1);
  const later = new Head();
  heads.add(later);
  await eventually("the later head", () => later.sent === 1);
  assert.deepEqual([written.sent, alone.sent, other.sent], [0, 1, 1]);
  heads.close();
});

Deno.test("LateHeads leaves one alone that has gone out while it waited", async () => {
  const heads = new LateHeads();
  const [caughtUp, alone] = [new Head(), new Head()];
  heads.add(caughtUp);
  heads.add(alone);
  // By now they wait for the timer.
  await Promise.resolve();
  await Promise.resolve();
  caughtUp.isHeadWaiting = false;
  await eventually("the head that waits", () => alone.sent === 1);
  assert.equal(caughtUp.sent, 0);
  heads.close();
});

Deno.test("LateHeads takes heads in while it sends others, and none is sent after its end", async () => {
  const heads = new LateHeads();
  const [second, never] = [new Head(), new Head()];
  const first = new Head();
  first.sendHead = () => {
    first.isHeadWaiting = false;
    heads.add(second);
  };
  heads.add(first);
  await eventually("the second head", () => second.sent === 1);
  heads.add(never);
  await Promise.resolve();
  await Promise.resolve();
  heads.close();
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(never.sent, 0);
});
