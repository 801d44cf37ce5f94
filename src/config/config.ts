/** A loaded configuration: what every room may read, and beside it what must not be shown. */
import type { GateConfig } from "../policy/gate_config.ts";

/** A whole, checked and frozen configuration. */
export interface Config extends GateConfig {
  readonly secrets: Secrets;
  /** Changes when the text, a secret, or a file it names changes; equal means nothing to reload. */
  readonly fingerprint: string;
}

/** Values that never appear in a log, an error or a policy's hands. */
export interface Secrets {
  /** Seals handles; null: a random one for each start. */
  readonly seal: string | null;
  /** Sent with every upstream request; names in lower case. */
  readonly upstreamHeaders: readonly (readonly [name: string, value: string])[];
}
