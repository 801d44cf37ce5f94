/**
 * The one writer of the audit log of several workers: it takes their lines as they come, each
 * worker's in their order, and tells all of them at once when nothing can be written. Outputs are
 * opened, kept, reopened and closed by the stage `audit` itself, as in a program without workers.
 */
import { auditWith, openSink } from "../../policies/audit.ts";
import type { AuditSink } from "../../policies/audit_sink.ts";
import { stageFacts } from "../../policies/mod.ts";
import type { StageFacts } from "../../policies/mod.ts";
import type { Config } from "../config/config.ts";
import type { GateParts } from "../gate/generation.ts";
import { KeptThings } from "../gate/kept_things.ts";
import { stageKey } from "../gate/stage_key.ts";
import { StageError } from "../policy/pipeline.ts";
import type { AuditPlace } from "./messages.ts";
import { FAILING, waitingWord } from "./posted_lines.ts";

/** What the desk is lent. */
export type DeskParts = Pick<GateParts, "clock" | "random" | "log">;

/** Where the lines of one configuration are taken, for as long as some worker has it. */
export interface DeskGeneration {
  readonly place: AuditPlace;
  /** Follows a reload: outputs are reopened. */
  reloaded(): void;
  /** No more lines come. */
  leave(): Promise<void>;
}

interface Open {
  readonly sink: AuditSink;
  readonly state: Int32Array<SharedArrayBuffer>;
}

/** Takes the lines of `count` workers. */
export class AuditDesk {
  readonly #parts: DeskParts;
  readonly #count: number;
  readonly #kept = new KeptThings();
  readonly #open = new Map<string, Open>();

  constructor(parts: DeskParts, count: number) {
    this.#parts = parts;
    this.#count = count;
  }

  /** Opens what `config` names. Throws a {@link StageError} where that cannot be. */
  async prepare(config: Config): Promise<DeskGeneration> {
    const { clock, random, log } = this.#parts;
    const { output } = config.audit;
    await using scope = new AsyncDisposableStack();
    const tenancy = scope.use(this.#kept.tenancy());
    const hooks: (() => void)[] = [];
    const stage = auditWith((output, key, host) =>
      this.#opened(output, openSink(output, key, host))
    );
    try {
      await stage.create({}, {
        clock,
        log: log("audit"),
        config,
        scope,
        keep: (name, make) => tenancy.keep(`audit\0${name}`, make),
        key: (purpose) => stageKey(config.secrets.seal, "audit", purpose),
        random,
        onReload: (hook) => hooks.push(hook),
      });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      throw new StageError(0, null, `The stage audit cannot start: ${message}`);
    }
    const state = this.#open.get(output)?.state.buffer;
    if (state === undefined) throw new TypeError("Stage audit has opened no output");
    const moved = scope.move();
    return {
      place: { output, state },
      reloaded: () => hooks.forEach((hook) => hook()),
      leave: () => moved.disposeAsync(),
    };
  }

  /** Takes `text`, whole lines of the worker `index`, which has lost others. */
  take(index: number, output: string, text: string, lost: number): void {
    const open = this.#open.get(output);
    if (open === undefined) throw new TypeError(`Lines for an audit log that is closed: ${output}`);
    const { sink, state } = open;
    for (let from = 0; from < text.length;) {
      const next = text.indexOf("\n", from) + 1;
      sink.push(text.slice(from, next));
      from = next;
    }
    for (let line = 0; line < lost; line++) sink.lose();
    Atomics.sub(state, waitingWord(index), text.length);
    sayWhetherFailing(open);
  }

  /** What can be seen of it. */
  facts(): StageFacts["audit"] {
    return stageFacts(this.#kept.all(), [], 0).audit;
  }

  #opened(output: string, sink: AuditSink): AuditSink {
    const state = new Int32Array(new SharedArrayBuffer(4 * (1 + this.#count)));
    const open = { sink, state };
    this.#open.set(output, open);
    sink.whenChanged = () => sayWhetherFailing(open);
    return sink;
  }
}

function sayWhetherFailing({ sink, state }: Open): void {
  Atomics.store(state, FAILING, sink.isFailing ? 1 : 0);
}
