/**
 * Whether the lines of a chained log are those that the gate wrote, all of them, in its order: fed
 * line by line, it names the first that is altered, missing, moved or foreign. Holds no more than the
 * last line's link, however long the log is. Reads no file.
 */
import { readMark } from "./audit_beside.ts";
import type { LastLine } from "./audit_beside.ts";
import { ChainKey, isSigned, keyNameOf, NO_LINE, readLink, UNKNOWN_LINE } from "./audit_link.ts";
import type { Link } from "./audit_link.ts";

/** One line, as it was read. */
export interface ReadLine {
  /** Without its line feed; each character is a byte. */
  readonly text: string;
  /** Whether it is a record of an exchange, by its looks. */
  readonly isEntry: boolean;
  /** Whether it ends in a line feed. */
  readonly isWhole: boolean;
  /** Where it stands, as it is told: `audit.jsonl:17`. */
  readonly place: string;
  /** Whether it is the first line of its file; null: nobody knows where files begin. */
  readonly isFirst: boolean | null;
}

/** The first thing that is wrong. */
export interface Finding {
  readonly what: "altered" | "missing" | "moved" | "unsigned" | "cut" | "other_key";
  /** Where: the line itself, or that before which something is missing. */
  readonly place: string;
  readonly text: string;
}

/** What came of it. */
export interface Verdict {
  readonly finding: Finding | null;
  /** Lines whose link was checked and is sound. */
  readonly sound: number;
  readonly runs: number;
  /** What the chain cannot tell, or tells without anything being wrong. */
  readonly notes: readonly string[];
}

/** Verifies one log. */
export class ChainVerifier {
  readonly #keys: ReadonlyMap<string, ChainKey>;
  readonly #mark: LastLine | null;
  readonly #notes: string[] = [];
  #last: Link | null = null;
  #finding: Finding | null = null;
  #sound = 0;
  #runs = 0;
  /** Lines without link, before the first that has one and since. */
  #before = 0;
  #foreign = 0;
  /** The first line since the last sound one that was a line of the chain by its looks. */
  #suspect: ReadLine | null = null;
  /** The record without link just before, where no line with one has come yet. */
  #unlinked: ReadLine | null = null;
  /** Lines that the gate itself has said are lost, and where it said so first. */
  #lost = 0;
  #lossPlace = "";
  #hasSeenMark: boolean;

  /**
   * @param keys Those that lines may be signed with
   * @param markText The mark beside the log, which names a line that must be there; null: none is
   */
  constructor(keys: readonly Uint8Array[], markText: string | null) {
    this.#keys = new Map(keys.map((key) => new ChainKey(key)).map((key) => [key.name, key]));
    const marks = markText === null
      ? []
      : [...this.#keys.values()].map((key) => readMark(markText, key));
    this.#mark = marks.find((mark) => mark !== null) ?? null;
    this.#hasSeenMark = this.#mark === null || this.#mark.mac === NO_LINE;
    if (this.#mark === null) {
      this.#notes.push(
        "no mark says which line is the last: whether some are missing there is not known",
      );
    }
  }

  /** Takes the next line. False: no more need be shown, something is wrong for sure. */
  take(line: ReadLine): boolean {
    const link = readLink(line.text);
    if (this.#finding !== null) return this.#lookForMoved(line, link);
    if (link === null) this.#takeUnlinked(line);
    else this.#takeLinked(line, link);
    // One that is missing may come later: then it was moved.
    const finding = this.#finding as Finding | null;
    return finding === null || finding.what === "missing";
  }

  /**
   * What came of all lines.
   *
   * @param end What to call the place after the last one
   */
  verdict(end: string): Verdict {
    this.#end(end);
    if (this.#before > 0 && this.#sound > 0) {
      this.#notes.push(
        `${lines(this.#before)} before the first of the chain: nothing vouches for them`,
      );
    }
    if (this.#foreign > 0) this.#notes.push(`${lines(this.#foreign)} that are no records`);
    return {
      finding: this.#finding,
      sound: this.#sound,
      runs: this.#runs,
      notes: this.#notes,
    };
  }

  #takeUnlinked(line: ReadLine): void {
    if (this.#last === null) {
      this.#before++;
      this.#unlinked = line.isEntry ? line : null;
      if (!line.isEntry && resembles(line)) this.#suspect ??= line;
    } else if (line.isEntry) {
      this.#found("unsigned", line.place, "carries no link, so the gate has not chained it");
    } else {
      this.#foreign++;
      if (resembles(line)) this.#suspect ??= line;
    }
  }

  #takeLinked(line: ReadLine, link: Link): void {
    const key = this.#keys.get(keyNameOf(link.run));
    if (key === undefined) {
      return this.#found("other_key", line.place, "is signed with a key that was not given");
    }
    if (!isSigned(line.text, link, key)) {
      return this.#found("altered", (this.#suspect ?? line).place, "is not as it was written");
    }
    if (link.beginsFile && line.isFirst === false) {
      return this.#found(
        "altered",
        line.place,
        "was the first line of its file: what is before it was put there",
      );
    }
    const flaw = this.#last === null ? beginningFlaw(link) : flawBetween(this.#last, link);
    if (flaw !== null) {
      // Something there that was a line of the chain once says more than the gap it has left.
      const culprit = this.#suspect ?? this.#unlinked;
      return culprit === null
        ? this.#found(flaw.what, line.place, flaw.text)
        : this.#found("altered", culprit.place, "is not as it was written");
    }
    this.#note(link, line.place);
    this.#sound++;
    if (this.#last?.run !== link.run) this.#runs++;
    this.#last = link;
    this.#suspect = this.#unlinked = null;
    this.#hasSeenMark ||= link.mac === this.#mark?.mac;
  }

  #note(link: Link, place: string): void {
    const last = this.#last;
    if (last === null) {
      if (link.before.length > 1) this.#notes.push(`${place} follows lines that are not here`);
    } else if (link.run === last.run && link.number > last.number + 1) {
      if (this.#lost === 0) this.#lossPlace = place;
      this.#lost += link.number - last.number - 1;
    } else if (link.run !== last.run && link.before === UNKNOWN_LINE) {
      this.#notes.push(
        `${place} begins a run that knows of none before: lines may be missing there`,
      );
    }
    if (link.isUnsure) {
      this.#notes.push(
        `${place} begins a run after one that was ended from outside: of its last second or so, lines may be missing`,
      );
    }
  }

  /** The line that should have been there: does it come later? */
  #lookForMoved(line: ReadLine, link: Link | null): boolean {
    const last = this.#last;
    const finding = this.#finding;
    if (finding?.what !== "missing" || link === null || last === null) return false;
    if (link.run !== last.run || link.number !== last.number + 1) return true;
    const key = this.#keys.get(keyNameOf(link.run));
    if (key === undefined || !isSigned(line.text, link, key)) return true;
    this.#finding = {
      what: "moved",
      place: finding.place,
      text: `stands where another line was, which is ${line.place} now`,
    };
    return false;
  }

  #end(end: string): void {
    if (this.#finding === null && this.#suspect?.isWhole === true && this.#last !== null) {
      this.#found("altered", this.#suspect.place, "is not as it was written");
    }
    if (this.#finding === null && !this.#hasSeenMark) {
      this.#found("missing", end, "ends before the line that the gate has marked as its last");
    }
    if (this.#lost === 0) return;
    const text = `follows ${lines(this.#lost)} that the gate could not write, as it says itself`;
    if (this.#finding === null) this.#found("missing", this.#lossPlace, text);
    else this.#notes.push(`${this.#lossPlace} ${text}`);
  }

  #found(what: Finding["what"], place: string, text: string): void {
    this.#finding ??= { what, place, text };
  }
}

/** What is wrong with `link` as the first that there is. */
function beginningFlaw(link: Link): Pick<Finding, "what" | "text"> | null {
  if (link.beginsFile || link.before === NO_LINE || link.before === UNKNOWN_LINE) return null;
  return { what: "cut", text: "does not begin a file: lines before it are missing" };
}

/** What is wrong with `link` after `last`; both are signed. */
function flawBetween(last: Link, link: Link): Pick<Finding, "what" | "text"> | null {
  if (link.run === last.run) {
    if (link.number <= last.number) {
      return link.number === last.number && link.mac === last.mac
        ? { what: "moved", text: "is the line before it once more" }
        : { what: "moved", text: "belongs before the line that it follows" };
    }
    if (link.before === last.mac) return null;
    const missing = link.number - last.number - 1;
    return {
      what: "missing",
      text: `does not follow: ${lines(missing)} before it ${missing === 1 ? "is" : "are"} missing`,
    };
  }
  if (link.number > 1) {
    return { what: "missing", text: "does not follow: the beginning of its run is missing" };
  }
  return link.before === UNKNOWN_LINE || link.before === last.mac ? null : {
    what: "missing",
    text: "begins a run that follows another line: those in between are missing",
  };
}

/** Whether a text that is no record looks as if it had been one before a byte of it was changed. */
function resembles({ text }: ReadLine): boolean {
  return text.startsWith("{") || text.includes('"exchange":"') || text.includes('"chain":"');
}

function lines(count: number): string {
  return count === 1 ? "1 line" : `${count} lines`;
}
