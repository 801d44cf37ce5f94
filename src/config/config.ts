/** A loaded configuration: what every room may read, and beside it what must not be shown. */
import type { GateConfig } from "../policy/gate_config.ts";
import type { Problem } from "./problem.ts";
import type { TlsTexts, UpstreamTlsTexts } from "./tls_rules.ts";

/** A whole, checked and frozen configuration. */
export interface Config extends GateConfig {
  readonly secrets: Secrets;
  /** The user modules that the pipeline names, by absolute path: what has been read is what runs. */
  readonly moduleTexts: readonly (readonly [path: string, text: string])[];
  /** Changes when the text, a secret, or a file it names changes; equal means nothing to reload. */
  readonly fingerprint: string;
}

/** Values that never appear in a log, an error or a policy's hands. */
export interface Secrets {
  /** Seals handles; null: a random one for each start. */
  readonly seal: string | null;
  /** Sent with every upstream request; names in lower case. */
  readonly upstreamHeaders: readonly (readonly [name: string, value: string])[];
  /** What the files of `tls` hold; null: plain HTTP. */
  readonly tls: TlsTexts | null;
  /** What the files of `upstream.tls` hold. */
  readonly upstreamTls: UpstreamTlsTexts | null;
}

/** What reading a configuration needs of the world. */
export interface ConfigSources {
  /** The text of a file. Throws where it cannot be read or is not UTF-8. */
  readText(path: string): string;
  /** An environment variable. */
  env(name: string): string | undefined;
  /** The absolute path of `path` as seen from the folder `folder`, like `node:path`'s `resolve`. */
  resolve(folder: string, path: string): string;
  /** Names of the stages that ship. */
  readonly builtIns: ReadonlySet<string>;
}

/** A configuration, or everything that is wrong with it. */
export type LoadResult =
  | {
    readonly ok: true;
    readonly config: Config;
    /**
     * A problem at `path` of the file just read, for those who know more than the schema does. The
     * caller sees to it that `found` shows no secret.
     */
    problemAt(
      path: readonly (string | number)[],
      found: string,
      expected: string,
      suggestion?: string,
    ): Problem;
    /** Whether something is written at `path` of the file just read. */
    isWritten(path: readonly (string | number)[]): boolean;
  }
  | { readonly ok: false; readonly problems: readonly Problem[] };
