/** Reading in slices: the same as at once, with as many rests as there are keys at least. */
import assert from "node:assert/strict";
import { loadConfig, loadConfigInSlices } from "../../src/config/load.ts";
import { memorySources, told } from "./sources.ts";

function text(keys: number, more = ""): string {
  const entries = Array.from({ length: keys }, (_, index) => {
    const hash = index.toString(16).padStart(64, "0");
    return `  - { label: "key-${index}", hash: "${hash}", allow: ["read_file"] }\n`;
  });
  return `upstream: { url: "http://x/mcp" }\nkeys:\n${entries.join("")}${more}`;
}

Deno.test("loadConfigInSlices reads what loadConfig reads, and rests with every key", async () => {
  const sources = memorySources({ c: text(1000) });
  const whole = loadConfig("c", sources);
  let rests = 0;
  const sliced = await loadConfigInSlices("c", sources, () => {
    rests++;
    return rests % 50 === 0 ? Promise.resolve() : undefined;
  });
  assert.ok(whole.ok && sliced.ok);
  assert.deepEqual(sliced.config, whole.config);
  assert.ok(rests >= 2 * 1000, `${rests} rests`);
});

Deno.test("loadConfigInSlices says what loadConfig says of a file that is not right", async () => {
  for (const more of ['  - { label: "key-7" }\n', "limits: { body: 4 }\n", "keys: []\n", "  x\n"]) {
    const sources = memorySources({ c: text(1000, more) });
    const sliced = await loadConfigInSlices("c", sources, () => {});
    assert.ok(!sliced.ok);
    assert.equal(told(sliced), told(loadConfig("c", sources)));
  }
});

Deno.test("loadConfig lets keys that say the same share what says it", () => {
  const result = loadConfig("c", memorySources({ c: text(1000) }));
  assert.ok(result.ok);
  const [one, other] = result.config.keys;
  assert.equal(one?.allow, other?.allow);
  assert.equal(one?.deny, other?.deny);
  assert.equal(one?.rateLimit, other?.rateLimit);
});
