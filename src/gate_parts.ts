/**
 * What a gate is made of in the real world, for the two composition roots: that of the program, and
 * that of each of its workers.
 */
import { tell, warn } from "./cli/usage.ts";
import { stageFacts } from "../policies/mod.ts";
import type { StageFacts } from "../policies/mod.ts";
import { VERSION } from "./cli/version.ts";
import type { World } from "./cli/world.ts";
import type { Config } from "./config/config.ts";
import { Census } from "./gate/census.ts";
import type { Gate } from "./gate/gate.ts";
import { countedKeys } from "./gate/gate_snapshot.ts";
import type { GateParts } from "./gate/generation.ts";
import type { Tracing } from "./gate/tracing.ts";
import type { AnyPolicyModule, Clock } from "./policy/contract.ts";
import { loadPlugin } from "./policy/plugins.ts";
import { http1Upstream } from "./upstream/http1_upstream.ts";

/** The parts of a gate in `world`. */
export function gatePartsOf(
  world: World,
  builtIns: ReadonlyMap<string, AnyPolicyModule>,
  clock: Clock,
): GateParts {
  return {
    builtIns,
    loadPlugin,
    connect: ({ upstream, secrets }) =>
      http1Upstream({ url: upstream.url, tls: secrets.upstreamTls }),
    clock,
    random: (bytes) => world.random(bytes),
    log: (source) => ({
      info: (text) => tell(world, `${source}: ${text}`),
      warn: (text) => warn(world, `${source}: ${text}`),
    }),
    userAgent: `mcpgate/${VERSION}`,
  };
}

/**
 * `parts` for a gate of `config` in `world`: where nobody can look, nothing is counted, and where the
 * runtime exports no spans, nothing of them is loaded.
 */
export async function gatePartsFor(
  { admin }: Config,
  parts: GateParts,
  world: World,
): Promise<GateParts> {
  const tracing = await tracingIn(world);
  return {
    ...parts,
    ...(admin === null ? {} : { census: new Census() }),
    ...(tracing === null ? {} : { tracing }),
  };
}

async function tracingIn(world: World): Promise<Tracing | null> {
  if (!/^(?:1|true)$/i.test(world.env("OTEL_DENO") ?? "")) return null;
  const tracing = (await import("./telemetry/spans.ts")).spanTracing(VERSION);
  if (tracing === null) {
    // https://github.com/denoland/deno/issues/28839
    warn(world, "OTEL_DENO is set, but this program was compiled without it: no span is exported");
  }
  return tracing;
}

/** What the stages of `gate` keep that is worth a look. */
export function factsOf(gate: Gate): StageFacts {
  return stageFacts(gate.kept, countedKeys(gate), gate.parts.clock.monotonic());
}
