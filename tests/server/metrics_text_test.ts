/** Metrics in the text format of Prometheus, read by its own tool and by a reader of ours. */
import assert from "node:assert/strict";
import { metricsText } from "../../src/server/metrics_text.ts";
import { program, testNeeding } from "../support/absent.ts";
import { HOSTILE, PaintedSight, paintedSnapshot } from "./painted_sight.ts";

async function textOf(sight = new PaintedSight()): Promise<string> {
  return metricsText(sight.picture, await sight.readiness(), sight.program);
}

/** The samples of `name`, by what stands between the braces. */
function samples(text: string, name: string): Record<string, number> {
  const found: Record<string, number> = {};
  for (const line of text.split("\n")) {
    const [, labels = "", value] = line.match(/^([^ {]+(?:\{.*\})?) (\S+)$/) ?? [];
    if (labels.split("{")[0] !== name) continue;
    found[labels.slice(name.length).replace(/^\{|\}$/g, "")] = Number(value);
  }
  return found;
}

Deno.test("exchanges are told by label, method, decision and stage", async () => {
  const text = await textOf();
  const escaped = HOSTILE.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
  assert.deepEqual(samples(text, "mcpgate_exchanges_total"), {
    'label="laptop",method="tools/call",decision="allow",stage=""': 40,
    'label="laptop",method="tools/call",decision="error",stage="upstream"': 2,
    [`label="${escaped}",method="other",decision="deny",stage="allowlist"`]: 5,
    'label="",method="none",decision="deny",stage="auth"': 7,
  });
});

Deno.test("no label's value ends its line or its quotes", async () => {
  for (const line of (await textOf()).trimEnd().split("\n")) {
    assert.match(
      line,
      /^# (?:HELP|TYPE) \w+ .+$|^\w+(?:\{\w+="(?:[^"\\\n]|\\["\\n])*"(?:,\w+="(?:[^"\\\n]|\\["\\n])*")*\})? -?[\d.e+-]+$/,
    );
  }
});

Deno.test("histograms are cumulative, and their last step holds all", async () => {
  const buckets = samples(await textOf(), "mcpgate_gate_seconds_bucket");
  assert.deepEqual(
    ["0.0001", "0.00025", "0.0025", "0.005", "60", "+Inf"].map((le) =>
      buckets[`method="tools/call",le="${le}"`]
    ),
    [0, 2, 2, 3, 3, 3],
  );
  assert.equal(samples(await textOf(), "mcpgate_gate_seconds_count")['method="tools/call"'], 3);
});

Deno.test("states are 1 or 0", async () => {
  const sight = new PaintedSight();
  sight.reasons = ["stopping"];
  sight.isReachable = false;
  sight.picture = paintedSnapshot({
    audit: { waitingBytes: 5, isFailing: true, lostLines: 2 },
  });
  const text = await textOf(sight);
  const states = ["ready", "upstream_reachable", "audit_failing", "audit_lost_lines_total"];
  assert.deepEqual(states.map((name) => samples(text, `mcpgate_${name}`)[""]), [0, 0, 1, 2]);
});

testNeeding(program("promtool"), "promtool finds nothing to object to", async (promtool) => {
  const child = new Deno.Command(promtool, {
    args: ["check", "metrics"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(await textOf()));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assert.deepEqual([code, said], [0, ""]);
});
