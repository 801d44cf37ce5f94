/**
 * The soak as a program: runs one, prints the accounts, and fails where they are not right.
 *
 * Usage: soak.ts [--requests N] [--minutes N] [--clients N] [--seed N]
 */
import { parseArgs } from "node:util";
import { slope, soak } from "./soak_run.ts";

const { values } = parseArgs({
  args: Deno.args,
  options: {
    requests: { type: "string", default: "2000000" },
    minutes: { type: "string", default: "60" },
    clients: { type: "string", default: "24" },
    seed: { type: "string", default: "1" },
  },
});

const requests = Number(values.requests);
const report = await soak({
  requests,
  minutes: Number(values.minutes),
  clients: Number(values.clients),
  reloadEvery: Math.min(20_000, requests / 5),
  restartEvery: Math.min(50_000, requests / 5),
  seed: Number(values.seed),
  onProgress: (text) => console.error(text),
});

const { samples, audit, descriptors } = report;
const growth = slope(samples);
const half = samples[Math.floor(samples.length / 2)];
const last = samples.at(-1);
console.log(
  `${report.requests} requests in ${report.seconds.toFixed(0)} s, ${report.reloads} reloads, ` +
    `${report.restarts} restarts of the upstream`,
);
console.log(
  `memory: ${half?.residentKiB} KiB at half time, ${last?.residentKiB} KiB at the end, ` +
    `${growth.toFixed(3)} KiB for every 1,000 requests of the second half`,
);
console.log(
  `audit: ${audit.lines} lines for ${report.lines} exchanges, ${audit.repeated} repeated`,
);
console.log(
  `  ${Object.entries(audit.endings).map(([how, count]) => `${how} ${count}`).join(", ")}`,
);
console.log(`descriptors: ${descriptors.before} before, ${descriptors.after} after`);
console.log(`answers that were not right while the upstream was away: ${report.excused}`);
console.log(`others: ${report.failures.length}`);

/** Before this many, memory has not found its level. */
const WARM = 200_000;

const faults = [
  ...report.failures,
  audit.lines === report.lines ? null : "the audit log has not one line for each exchange",
  audit.repeated === 0 ? null : "exchanges have more than one line",
  descriptors.after <= descriptors.before ? null : "descriptors were not given back",
  // What a garbage collector leaves to later comes to less than this.
  report.requests < WARM || growth * report.requests / 2000 < (half?.residentKiB ?? 0) / 10
    ? null
    : "memory grows",
].filter((fault) => fault !== null);
for (const fault of faults) console.log(`FAILED: ${fault}`);
Deno.exit(faults.length === 0 ? 0 : 1);
