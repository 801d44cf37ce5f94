/**
 * Blocks of memory that threads share, handed out and taken back one by one, each with a few words
 * and a piece of text; texts that are longer go on in further blocks. Knows neither what the words
 * mean nor when it is whose turn: whoever asks holds the lock.
 */

/** Words of a block. */
const BLOCK_WORDS = 64;

/** Words of a first block that its user has to himself, and those that the text's length takes. */
export const USER_WORDS = 10;
const LENGTH = USER_WORDS;
const MORE = USER_WORDS + 1;

/** Characters, two to a word, of a first block and of each that follows. */
const FIRST_TEXT = USER_WORDS + 2;
const NEXT_TEXT = 1;
const FIRST_CHARS = (BLOCK_WORDS - FIRST_TEXT) * 2;
const NEXT_CHARS = (BLOCK_WORDS - NEXT_TEXT) * 2;

/** Words before the blocks: how many are free, the first of them, the first never used. */
const HEAD_WORDS = 4;
const FREE = 0;
const FIRST_FREE = 1;
const FRESH = 2;

/** Words that so many blocks take. */
export function wordsOfBlocks(blocks: number): number {
  return HEAD_WORDS + blocks * BLOCK_WORDS;
}

/** How many blocks a text of so many characters takes. */
export function blocksFor(length: number): number {
  return length <= FIRST_CHARS ? 1 : 1 + Math.ceil((length - FIRST_CHARS) / NEXT_CHARS);
}

/** Blocks by number; 0 is none. */
export class SharedBlocks {
  readonly #words: Int32Array;
  readonly #chars: Uint16Array;
  readonly #blocks: number;

  /** @param words Those of `wordsOfBlocks`, all 0 in the beginning */
  constructor(words: Int32Array) {
    this.#words = words;
    this.#chars = new Uint16Array(words.buffer, words.byteOffset, words.length * 2);
    this.#blocks = (words.length - HEAD_WORDS) / BLOCK_WORDS;
  }

  /** How many can be handed out. */
  get free(): number {
    return (this.#words[FREE] as number) + this.#blocks - (this.#words[FRESH] as number);
  }

  /** One of the user's words. */
  get(block: number, word: number): number {
    return this.#words[baseOf(block) + word] as number;
  }

  /** Sets one of the user's words. */
  set(block: number, word: number, value: number): void {
    this.#words[baseOf(block) + word] = value;
  }

  /** A block that holds `text`, the user's words 0. There must be enough of them. */
  add(text: string): number {
    const first = this.#take();
    const base = baseOf(first);
    for (let word = base; word < base + USER_WORDS; word++) this.#words[word] = 0;
    this.#words[base + LENGTH] = text.length;
    let link = base + MORE;
    this.#write(text, 0, FIRST_CHARS, base + FIRST_TEXT);
    for (let at = FIRST_CHARS; at < text.length; at += NEXT_CHARS) {
      const next = this.#take();
      this.#words[link] = next;
      link = baseOf(next);
      this.#write(text, at, NEXT_CHARS, link + NEXT_TEXT);
    }
    this.#words[link] = 0;
    return first;
  }

  /** Takes back a block and those that its text goes on in. */
  remove(first: number): void {
    let more = this.#words[baseOf(first) + MORE] as number;
    this.#giveBack(first);
    while (more !== 0) {
      const next = this.#words[baseOf(more)] as number;
      this.#giveBack(more);
      more = next;
    }
  }

  /** The text of a block from its character `from` on. */
  text(first: number, from = 0): string {
    const base = baseOf(first);
    const length = this.#words[base + LENGTH] as number;
    let text = this.#read(base + FIRST_TEXT, Math.min(length, FIRST_CHARS));
    let more = this.#words[base + MORE] as number;
    for (let at = FIRST_CHARS; at < length; at += NEXT_CHARS) {
      text += this.#read(baseOf(more) + NEXT_TEXT, Math.min(length - at, NEXT_CHARS));
      more = this.#words[baseOf(more)] as number;
    }
    return from === 0 ? text : text.slice(from);
  }

  /** Whether the text of a block begins with `start`. */
  begins(first: number, start: string): boolean {
    const base = baseOf(first);
    if ((this.#words[base + LENGTH] as number) < start.length) return false;
    if (start.length > FIRST_CHARS) return this.text(first).startsWith(start);
    const from = (base + FIRST_TEXT) * 2;
    for (let at = 0; at < start.length; at++) {
      if (this.#chars[from + at] !== start.charCodeAt(at)) return false;
    }
    return true;
  }

  /** Whether the text of a block is `text`. */
  is(first: number, text: string): boolean {
    return this.#words[baseOf(first) + LENGTH] === text.length && this.begins(first, text);
  }

  #take(): number {
    const words = this.#words;
    const free = words[FIRST_FREE] as number;
    if (free === 0) return words[FRESH] = (words[FRESH] as number) + 1;
    words[FIRST_FREE] = words[baseOf(free)] as number;
    words[FREE] = (words[FREE] as number) - 1;
    return free;
  }

  #giveBack(block: number): void {
    const words = this.#words;
    words[baseOf(block)] = words[FIRST_FREE] as number;
    words[FIRST_FREE] = block;
    words[FREE] = (words[FREE] as number) + 1;
  }

  #write(text: string, from: number, room: number, word: number): void {
    const to = Math.min(text.length, from + room);
    for (let at = from, char = word * 2; at < to; at++, char++) {
      this.#chars[char] = text.charCodeAt(at);
    }
  }

  #read(word: number, length: number): string {
    let text = "";
    for (let char = word * 2, end = char + length; char < end; char++) {
      text += String.fromCharCode(this.#chars[char] as number);
    }
    return text;
  }
}

function baseOf(block: number): number {
  return HEAD_WORDS + (block - 1) * BLOCK_WORDS;
}
