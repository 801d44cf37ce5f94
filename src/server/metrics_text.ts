/**
 * What is seen of a gate, in the text format that Prometheus reads. Every name, what it counts and
 * its unit stand here once. The number of series is bounded by what the snapshot holds.
 */
import { countOf, STEPS_S } from "../gate/histogram.ts";
import type { Readiness, Sight } from "../gate/sight.ts";
import type { MethodTimes, Snapshot } from "../gate/snapshot.ts";

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number];

/** The metrics of one moment. */
export function metricsText(
  snapshot: Snapshot,
  readiness: Readiness,
  program: Sight["program"],
): string {
  const { audit, buckets, connections, memory, reloads } = snapshot;
  return [
    family("mcpgate_build_info", "gauge", "Constantly 1; the labels say what runs.", [
      [{ version: program.version, runtime: program.runtime }, 1],
    ]),
    one(
      "mcpgate_generation",
      "gauge",
      "Number of the configuration that rules.",
      snapshot.generation,
    ),
    one("mcpgate_ready", "gauge", "1 where exchanges are served.", Number(readiness.ready)),
    one(
      "mcpgate_upstream_reachable",
      "gauge",
      "1 where the MCP server answers.",
      Number(readiness.upstream.isReachable),
    ),
    family(
      "mcpgate_exchanges_total",
      "counter",
      "Exchanges that have ended, by the label of their key, method, decision and the stage that refused.",
      snapshot.exchanges.map(({ count, ...labels }) => [labels, count]),
    ),
    family(
      "mcpgate_refusals_total",
      "counter",
      "Exchanges that were refused or failed, by stage and kind of reason.",
      snapshot.refusals.map(({ stage, kind, count }) => [{ stage, reason: kind }, count]),
    ),
    family(
      "mcpgate_ends_total",
      "counter",
      "Exchanges that have ended, by what ended them.",
      snapshot.ends.map(({ end, count }) => [{ end }, count]),
    ),
    histogram(
      "mcpgate_gate_seconds",
      "Time from a request's head to its going up, its body and the judgement included; to its answer where it does not go up.",
      snapshot.gateTimes,
    ),
    histogram(
      "mcpgate_upstream_seconds",
      "Time from a request's going up to the head of its reply, or to its being given up.",
      snapshot.upstreamTimes,
    ),
    one("mcpgate_request_bytes_total", "counter", "Bytes of request bodies.", snapshot.bytesIn),
    one("mcpgate_reply_bytes_total", "counter", "Bytes of answers.", snapshot.bytesOut),
    one("mcpgate_exchanges_open", "gauge", "Exchanges under way.", snapshot.openCount),
    family(
      "mcpgate_streams_open",
      "gauge",
      "Open streams that wait for what the MCP server has to say, by the label of their key.",
      snapshot.streams.map(({ label, count }) => [{ label }, count]),
    ),
    family(
      "mcpgate_ratelimit_tokens",
      "gauge",
      "Tokens left in the bucket of a key; at 0 it is refused.",
      buckets.map(({ label, tokens }) => [{ label }, tokens]),
    ),
    family(
      "mcpgate_ratelimit_burst_tokens",
      "gauge",
      "Tokens that the bucket of a key holds at most.",
      buckets.map(({ label, burst }) => [{ label }, burst]),
    ),
    family(
      "mcpgate_reloads_total",
      "counter",
      "Reloads that were asked for, by what came of them.",
      [
        [{ outcome: "reloaded" }, reloads.reloaded],
        [{ outcome: "unchanged" }, reloads.unchanged],
        [{ outcome: "refused" }, reloads.refused],
      ],
    ),
    one("mcpgate_audit_waiting_bytes", "gauge", "Audit lines not written yet.", audit.waitingBytes),
    one(
      "mcpgate_audit_failing",
      "gauge",
      "1 while the audit log cannot be written.",
      Number(audit.isFailing),
    ),
    one(
      "mcpgate_audit_lost_lines_total",
      "counter",
      "Audit lines that were lost.",
      audit.lostLines,
    ),
    one("mcpgate_connections_open", "gauge", "Connections of clients.", connections.open),
    one("mcpgate_connections_total", "counter", "Connections accepted.", connections.accepted),
    one(
      "mcpgate_connections_refused_total",
      "counter",
      "Connections that were one too many.",
      connections.refused,
    ),
    one(
      "mcpgate_heap_bytes",
      "gauge",
      "Memory in use on the JavaScript heap.",
      memory.heapBytes,
    ),
    one(
      "process_resident_memory_bytes",
      "gauge",
      "Resident memory size in bytes.",
      memory.residentBytes,
    ),
    one(
      "process_start_time_seconds",
      "gauge",
      "Start time of the process since the epoch in seconds.",
      program.startedMs / 1000,
    ),
  ].join("");
}

function one(name: string, type: "counter" | "gauge", help: string, value: number): string {
  return family(name, type, help, [[{}, value]]);
}

function family(
  name: string,
  type: "counter" | "gauge" | "histogram",
  help: string,
  samples: readonly Sample[],
): string {
  const lines = samples.map(([labels, value]) => line(name, labels, value));
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("")}`;
}

function histogram(name: string, help: string, all: readonly MethodTimes[]): string {
  const lines = all.map(({ method, times }) => {
    let reached = 0;
    const buckets = STEPS_S.map((bound, step) => {
      reached += times.steps[step] ?? 0;
      return line(`${name}_bucket`, { method, le: String(bound) }, reached);
    });
    const count = countOf(times);
    return buckets.join("") + line(`${name}_bucket`, { method, le: "+Inf" }, count) +
      line(`${name}_sum`, { method }, times.sumS) + line(`${name}_count`, { method }, count);
  });
  return family(name, "histogram", help, []) + lines.join("");
}

function line(name: string, labels: Labels, value: number): string {
  let pairs = "";
  for (const label in labels) {
    pairs += `${pairs === "" ? "{" : ","}${label}="${escaped(labels[label] ?? "")}"`;
  }
  return `${name}${pairs === "" ? "" : `${pairs}}`} ${value}\n`;
}

/** A label's value as the format has it: what would end it or the line is escaped. */
function escaped(text: string): string {
  if (!/["\\\n]/.test(text)) return text;
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
