/**
 * What stands against the TLS of a configuration when it is to rule: that it cannot be served at all,
 * or that it comes or goes while the program runs. How it is tried is handed in.
 */
import type { Config } from "../config/config.ts";
import type { Problem } from "../config/problem.ts";
import type { Loaded } from "./validate.ts";

/** What looking at TLS is lent. */
export interface TlsParts {
  /** Why these files cannot be served, in the engine's words; null: they can. */
  proveTls(files: NonNullable<Config["secrets"]["tls"]>): Promise<string | null>;
}

/**
 * Why the TLS of a configuration cannot be served.
 *
 * @param before What rules already: whether it has TLS is fixed while the program runs
 */
export async function tlsProblems(
  { config, problemAt }: Loaded,
  { proveTls }: TlsParts,
  before: Config | null = null,
): Promise<readonly Problem[]> {
  const { tls } = config.secrets;
  if (before !== null && (tls === null) !== (before.secrets.tls === null)) {
    const found = tls === null ? "no TLS, of which there was some" : "TLS where there was none";
    return [problemAt(["tls"], `${found} at the start`, "the same; restart to change it")];
  }
  const fault = tls === null ? null : await proveTls(tls);
  if (fault === null) return [];
  const found = `a certificate or key that no connection can be secured with (${fault})`;
  return [
    problemAt(["tls", "cert"], found, "such as openssl makes by default: EC P-256, RSA 2048"),
  ];
}
