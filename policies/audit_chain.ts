/**
 * The chain of an audit log as it is written: gives each line its link, across rotations, restarts,
 * reloads and lines that got lost. Where a log ends is kept in a mark beside it. Knows neither what a
 * line says nor how it gets out.
 */
import type { Host } from "../src/policy/contract.ts";
import { Mark, markBeside, tailOf } from "./audit_beside.ts";
import type { LastLine, LogTail, MarkedLine } from "./audit_beside.ts";
import { ChainKey, NO_LINE, UNKNOWN_LINE, withLink } from "./audit_link.ts";

/** One run of the gate, as far as one log and one key go. */
export class AuditChain {
  readonly #key: ChainKey;
  readonly #mark: Mark | null;
  #last: LastLine;
  #isUnsure: boolean;
  #beginsFile: boolean;

  private constructor(key: ChainKey, mark: Mark | null, from: Beginning, nowMs: number) {
    this.#key = key;
    this.#mark = mark;
    this.#last = { run: key.runAt(nowMs, from.before), number: 0, mac: from.before };
    this.#isUnsure = from.isUnsure;
    this.#beginsFile = from.beginsFile;
  }

  /** A chain on a standard stream: what came before in it is not known. */
  static onStream(key: ChainKey, { clock }: Lent): AuditChain {
    const from = { before: UNKNOWN_LINE, isUnsure: false, beginsFile: false };
    return new AuditChain(key, null, from, clock.now());
  }

  /**
   * The chain of the log at `path`, which goes on from its last line and from what the mark beside it
   * says. Throws `Deno.errors.*` where the two cannot be read.
   */
  static inFile(path: string, key: ChainKey, { log, clock }: Lent): AuditChain {
    const from = beginningAfter(tailOf(path), markBeside(path, key));
    if (from.isCut) {
      log.warn(
        'the audit log ends before the last line that was written to it; "mcpgate audit verify" tells more',
      );
    }
    return new AuditChain(key, new Mark(path, key, log), from, clock.now());
  }

  /** The name of the key it is signed with. */
  get keyName(): string {
    return this.#key.name;
  }

  /** The last line that was given a link. */
  get last(): LastLine {
    return this.#last;
  }

  /** `line`, which ends in a line feed, with its link. */
  link(line: string): string {
    const { run, number, mac } = this.#last;
    // Who finds lines of this run and an older mark must not take them for an older run's.
    if (number === 0) this.#mark?.write(this.#last, false);
    const linked = withLink(line, {
      run,
      number: number + 1,
      beginsFile: this.#beginsFile,
      isUnsure: this.#isUnsure,
      before: mac,
    }, this.#key);
    this.#beginsFile = this.#isUnsure = false;
    this.#last = { run, number: number + 1, mac: linked.mac };
    return linked.line;
  }

  /** A line is lost: its number is used up, so that the next line tells of it. */
  lose(): void {
    this.#last = { ...this.#last, number: this.#last.number + 1 };
  }

  /** The next line is the first of a file. */
  beginFile(): void {
    this.#beginsFile = true;
  }

  /** Notes that the line that was `last` is out. */
  written(last: LastLine): void {
    this.#mark?.note(last);
  }

  /** The chain that goes on from here in the same log, signed with `key`. This one has to be closed. */
  continuedWith(key: ChainKey, path: string, { log, clock }: Lent): AuditChain {
    const mark = this.#mark === null ? null : new Mark(path, key, log);
    const beginsFile = this.#beginsFile;
    const from = { before: this.#last.mac, isUnsure: false, beginsFile };
    return new AuditChain(key, mark, from, clock.now());
  }

  /**
   * Ends the run.
   *
   * @param last The line that got out last; null: there was none
   * @param isWhole Whether all lines got out
   */
  close(last: LastLine | null, isWhole: boolean): void {
    if (last !== null) this.#mark?.write(last, isWhole);
    this.#mark?.[Symbol.dispose]();
  }
}

/** What a chain is lent. */
type Lent = Pick<Host, "log" | "clock">;

interface Beginning {
  readonly before: string;
  readonly isUnsure: boolean;
  readonly beginsFile: boolean;
}

/** What a new run follows: the mark says what should be there, the tail what is. */
function beginningAfter(
  tail: LogTail | null,
  marked: MarkedLine | null,
): Beginning & { readonly isCut: boolean } {
  const beginsFile = tail === null || tail.isEmpty;
  const found = tail?.last ?? null;
  if (marked === null) {
    const isUnsure = found !== null;
    return { before: found?.mac ?? NO_LINE, isUnsure, beginsFile, isCut: false };
  }
  const isThere = found !== null && found.mac === marked.mac;
  const isAhead = found !== null && !marked.isClosed && found.run === marked.run &&
    found.number > marked.number;
  return {
    // What should be there is what the run follows, so that it is missed where it is not.
    before: isAhead ? found.mac : marked.mac,
    isUnsure: !marked.isClosed,
    beginsFile,
    isCut: !isThere && !isAhead && !beginsFile && marked.mac !== NO_LINE,
  };
}
