/** What the doctor says of facts that are handed to it, and of a real gate's surroundings. */
import assert from "node:assert/strict";
import type { Config } from "../../src/config/config.ts";
import {
  type Check,
  clockChecks,
  descriptorLimit,
  fileChecks,
  listenerChecks,
  processChecks,
  secretChecks,
  upstreamChecks,
} from "../../src/cli/doctor_checks.ts";
import type { Health } from "../../src/survey/health.ts";

const NOW = Date.UTC(2026, 10, 22, 12);

function config(url: string, hostname = "127.0.0.1"): Config {
  return {
    upstream: { url, transport: "http" },
    listen: { hostname, port: 8080 },
    limits: { connections: 1000 },
  } as unknown as Config;
}

const healthy: Health = { ok: true, revisions: ["2025-11-25"], dateMs: NOW };
const ill = (trouble: string, location: string | null = null) =>
  ({ ok: false, trouble, detail: "status 1", location }) as Health;

const LOCAL = config("http://127.0.0.1:9000/mcp");

const WITH_HEADERS = {
  ...LOCAL,
  secrets: { seal: null, upstreamHeaders: [["authorization", "x"]], tls: null, upstreamTls: null },
} as Config;
const WITHOUT_HEADERS = {
  ...LOCAL,
  secrets: { seal: null, upstreamHeaders: [], tls: null, upstreamTls: null },
} as Config;

const CASES: readonly { name: string; checks: Check[]; level: string; says: RegExp }[] = [
  {
    name: "an upstream that answers",
    checks: upstreamChecks(LOCAL, healthy),
    level: "ok",
    says: /2025-11-25/,
  },
  {
    name: "a file with credentials of the upstream that everybody can read",
    checks: fileChecks("/etc/mcpgate/config.yaml", 0o644, 0o755, WITH_HEADERS),
    level: "warning",
    says: /chmod o-r \/etc\/mcpgate\/config.yaml/,
  },
  {
    name: "a folder in which others may put another file",
    checks: fileChecks("/srv/config.yaml", 0o640, 0o775, WITH_HEADERS),
    level: "warning",
    says: /chmod go-w on the folder/,
  },
  {
    name: "plain HTTP to another machine",
    checks: upstreamChecks(config("http://tools.example/mcp"), healthy),
    level: "warning",
    says: /use https/,
  },
  {
    name: "a redirect",
    checks: upstreamChecks(LOCAL, ill("redirect", "https://else.example/mcp")),
    level: "failed",
    says: /put https:\/\/else.example\/mcp into upstream.url/,
  },
  {
    name: "the other transport",
    checks: upstreamChecks(LOCAL, ill("wrong_transport")),
    level: "failed",
    says: /upstream.transport: sse/,
  },
  {
    name: "credentials that are missing",
    checks: upstreamChecks(LOCAL, ill("credentials")),
    level: "failed",
    says: /UPSTREAM_TOKEN/,
  },
  {
    name: "clocks that agree",
    checks: clockChecks(NOW, healthy),
    level: "ok",
    says: /as the upstream/,
  },
  {
    name: "clocks an hour apart",
    checks: clockChecks(NOW + 3_600_000, healthy),
    level: "warning",
    says: /3600 s/,
  },
  {
    name: "a clock that was never set",
    checks: clockChecks(0, healthy),
    level: "failed",
    says: /1970/,
  },
  {
    name: "a public listener without TLS",
    checks: listenerChecks(config("http://127.0.0.1/", "0.0.0.0"), "free", false),
    level: "warning",
    says: /in the clear/,
  },
  {
    name: "a public listener with TLS",
    checks: listenerChecks(config("http://127.0.0.1/", "0.0.0.0"), "free", true),
    level: "ok",
    says: /is free/,
  },
  {
    name: "a taken port",
    checks: listenerChecks(LOCAL, "taken", false),
    level: "warning",
    says: /taken/,
  },
  {
    name: "a forbidden port",
    checks: listenerChecks(LOCAL, "forbidden", false),
    level: "failed",
    says: /1024/,
  },
  {
    name: "too few descriptors",
    checks: processChecks(LOCAL, { soft: 1024, hard: 4096 }),
    level: "warning",
    says: /ulimit -n 2000/,
  },
  {
    name: "descriptors that only the unit can raise",
    checks: processChecks(LOCAL, { soft: 1024, hard: 1024 }),
    level: "warning",
    says: /limits.connections: 512/,
  },
  {
    name: "enough descriptors",
    checks: processChecks(LOCAL, { soft: 2000, hard: 2000 }),
    level: "ok",
    says: /2000/,
  },
  { name: "no secret", checks: secretChecks(false), level: "warning", says: /openssl rand/ },
];

for (const { name, checks, level, says } of CASES) {
  Deno.test(`the doctor's word on ${name} is ${level}`, () => {
    const worst = checks.find((check) => check.level === level);
    assert.ok(worst !== undefined, JSON.stringify(checks));
    assert.match(`${worst.text} ${worst.advice}`, says);
    if (level === "ok") assert.ok(checks.every((check) => check.level === "ok"));
    else assert.notEqual(worst.advice, null);
  });
}

Deno.test("the kernel's table of limits is read", () => {
  const text = "Limit  Soft Limit  Hard Limit  Units\n" +
    "Max open files            1024                 524288               files     \n";
  assert.deepEqual(descriptorLimit(text), { soft: 1024, hard: 524_288 });
  assert.deepEqual(descriptorLimit("Max open files unlimited unlimited files"), {
    soft: Infinity,
    hard: Infinity,
  });
  assert.equal(descriptorLimit("something else"), null);
});

const QUIET = [
  {
    name: "hashes alone that everybody can read",
    mode: 0o644,
    folder: 0o755,
    config: WITHOUT_HEADERS,
  },
  {
    name: "credentials that the owner's group can read",
    mode: 0o640,
    folder: 0o755,
    config: WITH_HEADERS,
  },
  { name: "a folder that is sticky, as /tmp", mode: 0o600, folder: 0o1777, config: WITH_HEADERS },
  { name: "a system without modes", mode: null, folder: null, config: WITH_HEADERS },
];

for (const { name, mode, folder, config } of QUIET) {
  Deno.test(`the doctor says nothing of ${name}`, () => {
    assert.deepEqual(fileChecks("/x", mode, folder, config), []);
  });
}
