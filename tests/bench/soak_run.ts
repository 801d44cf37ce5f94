/**
 * The soak: clients that do everything that clients do, right and wrong, while the configuration
 * changes and the upstream restarts; and the accounts at its end. Times are for the report only.
 */
import { eventually } from "../support/eventually.ts";
import { GateProcess, testKey } from "../support/gate_process.ts";
import { Random } from "../support/random.ts";
import { UNLIMITED } from "./gate_scene.ts";
import { residentKiB } from "./process_cost.ts";
import { type AuditAccount, auditAccount } from "./soak_audit.ts";
import { SoakClient, type SoakTally } from "./soak_client.ts";
import { SoakUpstream } from "./soak_upstream.ts";

/** How long, and how often something happens. */
export interface SoakOptions {
  readonly requests: number;
  /** It ends then, also where there were fewer requests. */
  readonly minutes: number;
  readonly clients: number;
  /** Requests between two reloads, and between two restarts of the upstream. */
  readonly reloadEvery: number;
  readonly restartEvery: number;
  readonly seed: number;
  /** Told now and then how far it is. */
  readonly onProgress?: (text: string) => void;
}

/** Memory at a moment. */
export interface Sample {
  readonly requests: number;
  readonly residentKiB: number;
}

/** What came of it. */
export interface SoakReport extends SoakTally {
  readonly seconds: number;
  readonly reloads: number;
  readonly restarts: number;
  readonly samples: readonly Sample[];
  readonly audit: AuditAccount;
  /** Descriptors of the gate before the first client, and after the last has gone. */
  readonly descriptors: { readonly before: number; readonly after: number };
}

/** Runs one. Throws where a reload fails, or the gate does not come to rest. */
export async function soak(options: SoakOptions): Promise<SoakReport> {
  await using upstream = new SoakUpstream();
  const key = testKey("soak", { allow: ["tool_0"], rate_limit: UNLIMITED });
  const settings = (generation: number) => ({
    upstream: { url: upstream.url },
    auth_failures: UNLIMITED,
    limits: { streams_per_key: 10_000, connections_per_address: 10_000 },
    keys: [key.entry, testKey(`other-${generation}`, { allow: ["*"] }).entry],
  });
  await using gate = await GateProcess.start(settings(0));
  const before = descriptors(gate.pid);
  const tally: SoakTally = { requests: 0, lines: 0, failures: [], excused: 0 };
  const samples: Sample[] = [];
  const target = { port: gate.port, key: key.key, watch: () => upstream.watch(), tally };
  const started = performance.now();
  const deadline = started + options.minutes * 60_000;

  let reloads = 0;
  let restarts = 0;
  const disturb = async () => {
    if (tally.requests >= (reloads + 1) * options.reloadEvery) {
      const said = await gate.reload(settings(++reloads));
      if (!said.startsWith("mcpgate: reloaded")) throw new Error(`Reload ${reloads}: ${said}`);
    }
    if (tally.requests >= (restarts + 1) * options.restartEvery) {
      restarts++;
      await upstream.restart();
    }
  };
  const clients = Array.from({ length: options.clients }, async (_, index) => {
    const client = new SoakClient(target, new Random(options.seed + index));
    while (tally.requests < options.requests && performance.now() < deadline) await client.step();
    client.close();
  });
  let isOver = false;
  const watching = (async () => {
    while (!isOver) {
      await disturb();
      const sample = { requests: tally.requests, residentKiB: residentKiB(gate.pid) };
      if (sample.requests >= (samples.length + 1) * options.requests / 200) {
        samples.push(sample);
        options.onProgress?.(`${sample.requests} requests, ${sample.residentKiB} KiB`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  await Promise.all(clients);
  isOver = true;
  await watching;
  const seconds = (performance.now() - started) / 1000;

  let audit = await auditAccount(gate.auditPath);
  await eventually("each exchange has its audit line", async () => {
    if (audit.lines < tally.lines) audit = await auditAccount(gate.auditPath);
    return audit.lines >= tally.lines;
  }, 60_000);
  // Unused connections to the upstream are kept for four seconds.
  let after = descriptors(gate.pid);
  await eventually("all descriptors are given back", () => {
    after = descriptors(gate.pid);
    return after <= before;
  }, 30_000).catch(() => {});
  return { ...tally, seconds, reloads, restarts, samples, audit, descriptors: { before, after } };
}

function descriptors(pid: number): number {
  return [...Deno.readDirSync(`/proc/${pid}/fd`)].length;
}

/** KiB by which memory grows with every 1,000 requests, by the samples of the second half. */
export function slope(samples: readonly Sample[]): number {
  const late = samples.slice(Math.floor(samples.length / 2));
  const mean = (of: (sample: Sample) => number) =>
    late.reduce((sum, sample) => sum + of(sample), 0) / late.length;
  const meanRequests = mean((sample) => sample.requests);
  const meanKiB = mean((sample) => sample.residentKiB);
  const covariance = mean((sample) =>
    (sample.requests - meanRequests) * (sample.residentKiB - meanKiB)
  );
  return 1000 * covariance / mean((sample) => (sample.requests - meanRequests) ** 2);
}
