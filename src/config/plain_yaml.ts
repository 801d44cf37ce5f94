/**
 * Reads plain YAML without a document tree: block and flow collections of scalars, comments, and JSON,
 * which is how large configurations are written. Whatever is not spelled in the plainest of ways, or
 * has something wrong with it, is declined; the whole reader (`document.ts`) then says what it means
 * or what is wrong. So what is read here is what the whole reader would have read, never more.
 */
import { plainScalar } from "./plain_scalar.ts";

/** What is returned where the text is declined: no value is undefined. */
export const DECLINED = undefined;

/**
 * The value of `text`, or {@link DECLINED}. Yields after every item of a list, so that a long text can
 * be read a little at a time.
 */
export function* plainValue(text: string): Generator<void, unknown> {
  if (FOREIGN.test(text)) return DECLINED;
  try {
    return yield* new PlainReader(text).document();
  } catch (error) {
    if (error instanceof Declined) return DECLINED;
    throw error;
  }
}

/** Line ends and spaces others than the common ones, controls, and what stands for broken bytes. */
const FOREIGN = /[^\n\x20-\x7e\xa1-\u02ff\u0370-\u058f\u0900-\u1fff\u3001-\ud7ff\uf900-\ufaff]/;

class Declined extends Error {}

type Members = Record<string, unknown>;

/** Levels; whatever nests deeper is no configuration. */
const DEPTH = 12;

class PlainReader {
  readonly #text: string;
  #at = 0;
  /** Column at which the line begins that is read next; -1 at the end of the text. */
  #indent = 0;

  constructor(text: string) {
    this.#text = text;
  }

  *document(): Generator<void, unknown> {
    if (!this.#toContent() || this.#indent !== 0) throw new Declined();
    const value = this.#sees(OPEN_BRACE) ? yield* this.#inline(-1, 0) : yield* this.#mapping(0, 0);
    if (this.#indent >= 0) throw new Declined();
    return value;
  }

  /** A block mapping whose names stand at column `indent`; the first one is at hand. */
  *#mapping(indent: number, depth: number): Generator<void, Members> {
    const members: Members = Object.create(null);
    do {
      const name = this.#name(members, depth);
      this.#skipSpaces();
      members[name] = this.#isLineOver()
        ? yield* this.#nested(indent, depth + 1)
        : yield* this.#inline(indent, depth + 1);
    } while (this.#indent === indent && !this.#seesDash());
    if (this.#indent > indent) throw new Declined();
    return members;
  }

  /** What a name has on the lines that follow. */
  *#nested(indent: number, depth: number): Generator<void, unknown> {
    if (!this.#toContent()) throw new Declined();
    if (this.#seesDash() && this.#indent >= indent) {
      return yield* this.#sequence(this.#indent, depth);
    }
    if (this.#indent <= indent) throw new Declined();
    return yield* this.#mapping(this.#indent, depth);
  }

  /** A block sequence whose dashes stand at column `indent`; the first one is at hand. */
  *#sequence(indent: number, depth: number): Generator<void, unknown[]> {
    const items: unknown[] = [];
    do {
      const dash = this.#at;
      this.#at++;
      this.#skipSpaces();
      if (this.#isLineOver() || this.#seesDash()) throw new Declined();
      const column = indent + this.#at - dash;
      items.push(
        this.#seesName()
          ? yield* this.#mapping(column, depth + 1)
          : yield* this.#inline(indent, depth + 1),
      );
      if (depth === 1) yield;
    } while (this.#indent === indent && this.#seesDash());
    if (this.#indent > indent) throw new Declined();
    return items;
  }

  /** A value on the line that is read; a flow collection may go on below, further in than `indent`. */
  *#inline(indent: number, depth: number): Generator<void, unknown> {
    const value = this.#sees(OPEN_BRACE) || this.#sees(OPEN_BRACKET)
      ? yield* this.#flow(indent, depth)
      : this.#scalar();
    this.#skipSpaces();
    if (!this.#isLineOver()) throw new Declined();
    this.#toContent();
    return value;
  }

  *#flow(indent: number, depth: number): Generator<void, unknown> {
    if (depth > DEPTH) throw new Declined();
    const isMapping = this.#sees(OPEN_BRACE);
    const close = isMapping ? CLOSE_BRACE : CLOSE_BRACKET;
    const members: Members = Object.create(null);
    const items: unknown[] = [];
    this.#at++;
    this.#skipBlank(indent);
    while (!this.#sees(close)) {
      let name = "";
      if (isMapping) {
        name = this.#name(members, depth);
        this.#skipBlank(indent);
      }
      const isFlow = this.#sees(OPEN_BRACE) || this.#sees(OPEN_BRACKET);
      const value = isFlow ? yield* this.#flow(indent, depth + 1) : this.#scalar();
      if (isMapping) members[name] = value;
      else items.push(value);
      if (depth === 1) yield;
      this.#skipBlank(indent);
      if (this.#sees(close)) break;
      if (!this.#sees(COMMA)) throw new Declined();
      this.#at++;
      this.#skipBlank(indent);
    }
    this.#at++;
    return isMapping ? members : items;
  }

  #scalar(): unknown {
    const found = plainScalar(this.#text, this.#at);
    if (found === null) throw new Declined();
    this.#at = found.end;
    return found.value;
  }

  /** The name at hand and the colon behind it; declined where `members` have it. */
  #name(members: Members, depth: number): string {
    if (depth > DEPTH) throw new Declined();
    NAME.lastIndex = this.#at;
    if (!NAME.test(this.#text)) throw new Declined();
    const isQuoted = this.#sees(QUOTE);
    const name = this.#text.slice(
      isQuoted ? this.#at + 1 : this.#at,
      isQuoted ? NAME.lastIndex - 2 : NAME.lastIndex - 1,
    );
    if (name === "__proto__" || name in members) throw new Declined();
    if (!isQuoted && MEANINGFUL.test(name)) throw new Declined();
    this.#at = NAME.lastIndex;
    return name;
  }

  #seesName(): boolean {
    NAME.lastIndex = this.#at;
    return NAME.test(this.#text);
  }

  #sees(code: number): boolean {
    return this.#text.charCodeAt(this.#at) === code;
  }

  #seesDash(): boolean {
    return this.#sees(DASH) && this.#text.charCodeAt(this.#at + 1) === SPACE;
  }

  #closes(): boolean {
    return this.#sees(CLOSE_BRACE) || this.#sees(CLOSE_BRACKET);
  }

  #skipSpaces(): void {
    while (this.#sees(SPACE)) this.#at++;
  }

  /** Whether nothing but a comment is left of the line; goes to its end then. */
  #isLineOver(): boolean {
    const isComment = this.#sees(HASH) && this.#text.charCodeAt(this.#at - 1) === SPACE;
    if (isComment) {
      const end = this.#text.indexOf("\n", this.#at);
      this.#at = end < 0 ? this.#text.length : end;
    }
    return this.#at === this.#text.length || this.#sees(NEWLINE);
  }

  /** From the end of a line to what the next one says; false where nothing comes any more. */
  #toContent(): boolean {
    for (;;) {
      if (this.#at >= this.#text.length) {
        this.#indent = -1;
        return false;
      }
      if (this.#sees(NEWLINE)) this.#at++;
      const start = this.#at;
      this.#skipSpaces();
      this.#indent = this.#at - start;
      if (this.#at >= this.#text.length || this.#sees(NEWLINE)) continue;
      if (!this.#sees(HASH)) return true;
      const end = this.#text.indexOf("\n", this.#at);
      this.#at = end < 0 ? this.#text.length : end;
    }
  }

  /** Skips spaces and line ends within a flow collection, whose lines stand further in than `indent`. */
  #skipBlank(indent: number): void {
    for (;;) {
      this.#skipSpaces();
      if (!this.#sees(NEWLINE)) return;
      const start = ++this.#at;
      this.#skipSpaces();
      const column = this.#at - start;
      const mayStandHere = column > indent || (column === indent && this.#closes());
      if (!mayStandHere && !this.#sees(NEWLINE)) throw new Declined();
    }
  }
}

const NEWLINE = 10;
const SPACE = 32;
const QUOTE = 34;
const HASH = 35;
const COMMA = 44;
const DASH = 45;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;

/** A name and its colon. */
const NAME = /(?:[A-Za-z_][\w-]{0,63}|"[\w.$-]{1,64}"):(?=[ \n])/y;

/** Unquoted, these are no names. */
const MEANINGFUL = /^(?:true|false|null)$/i;
