/**
 * What a listener has to ask its gate, whoever makes the one or the other: so that no listener can
 * be made that has forgotten to speak TLS, or whom to count.
 */
import type { Config } from "../config/config.ts";
import type { Gate } from "./gate.ts";

/** What holds for connections, asked again and again, so that a reload changes it. */
export interface ListeningRules {
  /** Those of the configuration that rules at the moment. */
  readonly limits: () => Config["limits"];
  /** Whether it trusts `address` to speak for others. */
  readonly isProxy: (address: string) => boolean;
  /** The files of TLS that are in force at the moment. Absent: plain HTTP. */
  readonly tls?: () => NonNullable<Config["secrets"]["tls"]>;
}

/** The rules of `gate`. Whether it speaks TLS is fixed now. */
export function listeningRules(gate: Gate): ListeningRules {
  const { tls } = gate.current.config.secrets;
  return {
    limits: () => gate.current.config.limits,
    isProxy: (address) => gate.current.isTrustedProxy(address),
    ...(tls === null ? {} : { tls: () => gate.current.config.secrets.tls ?? tls }),
  };
}
