/** Checks of what the operator is shown, and of what is told to those who follow requests. */
import type { Mutant } from "./mutant.ts";

/** All of them. */
export const WATCHING: readonly Mutant[] = [
  {
    without: "asking the operator's listener under a name of this machine's only",
    file: "src/gate/admin_door.ts",
    find: "if (name === undefined || !this.#isOurs(name)) {",
    put: "if (name === undefined) {",
    tests: ["tests/server/admin_test.ts"],
  },
  {
    without: "refusing whatever would change something on the operator's listener",
    file: "src/gate/admin_door.ts",
    find: 'if (method !== "GET" && method !== "HEAD") {',
    put: 'if (method === "") {',
    tests: ["tests/server/admin_test.ts"],
  },
  {
    without: "keeping the operator's page out of foreign frames",
    file: "src/server/admin.ts",
    find: "frame-ancestors 'none'; ",
    put: "",
    tests: ["tests/server/admin_test.ts"],
  },
  {
    without: "counting labels apart that are configured, and no others",
    file: "src/gate/census.ts",
    find: "isConfigured ? label : OTHER",
    put: "label",
    tests: ["tests/gate/census_test.ts"],
  },
  {
    without: "a bound on the labels that are counted apart",
    file: "src/gate/census.ts",
    find: "this.#tallies.size >= MAX_LABELS || ",
    put: "",
    tests: ["tests/gate/census_test.ts"],
  },
  {
    without: "counting methods apart that MCP knows, and no others",
    file: "src/gate/census.ts",
    find: "return isKnownMethod(method) ? method : OTHER;",
    put: "return method;",
    tests: ["tests/gate/census_test.ts"],
  },
  {
    without: "escaping the values of labels in metrics",
    file: "src/server/metrics_text.ts",
    find: ".replaceAll('\"', '\\\\\"')",
    put: "",
    tests: ["tests/server/metrics_text_test.ts"],
  },
  {
    without: "telling monitors that a gate that cannot record is not ready",
    file: "src/cli/serving_sight.ts",
    find: 'if (audit.isFailing && config.audit.onError === "refuse") {',
    put: "if (config.audit.output === null) {",
    tests: ["tests/e2e/admin_test.ts"],
  },
  {
    without: "a probe that leaves no session behind",
    file: "src/gate/upstream_probe.ts",
    find: "path: probePath(url),",
    put: "",
    tests: ["tests/gate/upstream_probe_test.ts"],
  },
  {
    without: "following no exchange whose caller wants none",
    file: "src/telemetry/spans.ts",
    find: "if (traceFlags === 0) return null;",
    put: "",
    tests: ["tests/e2e/tracing_test.ts"],
  },
];
