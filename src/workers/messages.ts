/**
 * What the supervisor and its workers say to each other: the supervisor asks, a worker answers, and
 * now and then tells something unasked. All of it is plain data, ports and memory that is shared.
 */
import type { Config } from "../config/config.ts";
import type { Snapshot } from "../gate/snapshot.ts";
import type { Reachability } from "../gate/upstream_probe.ts";
import type { Place, SharedMemory } from "./shared_memory.ts";

/** Where the lines of one configuration go: the name of the output, and what is shared about it. */
export interface AuditPlace {
  readonly output: string;
  /** One word that says whether lines can be written, and one of each worker: bytes that wait. */
  readonly state: SharedArrayBuffer;
}

/** What the supervisor asks, and what the answer to it is. */
export interface Asks {
  /** Whether the worker is there. */
  readonly hello: Question<null, null>;
  /** To open its gate. */
  readonly begin: Question<{
    readonly place: Place;
    /** The supervisor's monotonic clock, now. */
    readonly nowMs: number;
    readonly memory: SharedMemory;
    readonly config: Config;
    readonly audit: AuditPlace;
    /** Ports to the other workers, by their index; none to itself. */
    readonly others: readonly (MessagePort | null)[];
  }, null>;
  /** To accept connections; the answer is the port. */
  readonly listen: Question<{ readonly hostname: string; readonly port: number }, number>;
  /** To build a generation that may rule next. */
  readonly prepare: Question<{ readonly config: Config; readonly audit: AuditPlace }, null>;
  /** To let it rule; the answer is its number. */
  readonly commit: Question<null, number>;
  /** To take it apart again. */
  readonly discard: Question<null, null>;
  /** Nothing has changed, and files are reopened. */
  readonly reloadedUnchanged: Question<null, null>;
  /** To accept nothing more; the answer comes when nothing is under way but what listens. */
  readonly drain: Question<{ readonly graceMs: number }, null>;
  /** To end what is left; the answer is the last word. */
  readonly close: Question<null, null>;
  /** What can be seen of it. */
  readonly snapshot: Question<null, Snapshot>;
  /** Whether the upstream answers. */
  readonly probe: Question<null, Reachability>;
}

interface Question<Asked, Answered> {
  readonly asked: Asked;
  readonly answered: Answered;
}

/** The name of something that is asked. */
export type AskName = keyof Asks;

/** From the supervisor to a worker. */
export interface AskMessage<Name extends AskName = AskName> {
  readonly ask: Name;
  readonly number: number;
  readonly asked: Asks[Name]["asked"];
}

/** From a worker to the supervisor. */
export type WorkerMessage =
  | { readonly answer: number; readonly answered: unknown }
  | { readonly answer: number; readonly failure: Failure }
  /** Lines of the audit log, and how many were lost before them. */
  | {
    readonly tell: "lines";
    readonly output: string;
    readonly text: string;
    readonly lost: number;
  }
  /** Nothing of that generation is left in the worker. */
  | { readonly tell: "left"; readonly generation: number }
  /** It cannot go on. It has stopped accepting and ends what it has. */
  | { readonly tell: "crashed"; readonly why: string };

/** Why something could not be done. */
export interface Failure {
  readonly name: string;
  readonly message: string;
  /** What a stage objects to, where it is that. */
  readonly stage: StageObjection | null;
  /** What other stages object to. */
  readonly others: readonly StageObjection[];
}

/** What a stage objects to. */
export interface StageObjection {
  readonly index: number | null;
  readonly optionPath: readonly (string | number)[] | null;
  readonly message: string;
}
