/**
 * What lists have been filtered to: a server's list seldom changes, while the id of the answer always
 * does, so one that is known by its bytes is compared and not parsed again. One generation's own, so
 * nothing outlives the rules that it was filtered by. Knows neither ids nor what is in a list.
 */
import { Buffer } from "node:buffer";
import type { Era } from "../mcp/message.ts";
import type { ReplyFilter } from "../policy/contract.ts";
import { ListNames } from "./list_names.ts";

/** On what the filtered form of a list depends, beside its bytes and the generation. */
export interface ListView {
  readonly era: Era;
  /** The method that was asked. */
  readonly method: string;
  /** The filter of the caller's grant, which looks at nothing but the message; null: there is none. */
  readonly filter: ReplyFilter | null;
}

/** One list as the upstream sent it, without what changes from answer to answer. */
export interface KnownList {
  readonly bytes: Uint8Array;
  readonly era: Era;
  readonly method: string;
  /** What of it passes, by filter; where nothing went, {@link bytes} itself. */
  readonly filtered: Map<ReplyFilter | null, Uint8Array>;
}

/** Bytes of all lists and of what they were filtered to. */
const MAX_BYTES = 8 * 1024 * 1024;

/** Of one list; a longer one is filtered anew each time. */
const MAX_LIST_BYTES = 1024 * 1024;

/** Lists, of which each may have to be compared with what comes. */
const MAX_LISTS = 64;

/** Of lists of one length, so many are compared: those of a server that makes each anew never match. */
const MAX_COMPARED = 8;

/** After so many lists in a row that were not known, one in as many is kept. */
const MANY_NEW = 16;

/** What one filtered form takes beside its bytes. */
const ENTRY_BYTES = 200;

/** The lists of one generation. */
export class ListMemory {
  /** Those used last come first. */
  readonly #lists: KnownList[] = [];
  /** Which names are known not to pass. */
  readonly names = new ListNames();
  #bytes = 0;
  /** Lists that were not known since the last one that was. */
  #newInARow = 0;

  /** How much is held, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The list that `bytes` are, or null. */
  find(view: ListView, bytes: Uint8Array): KnownList | null {
    const found = this.#search(view, bytes);
    this.#newInARow = found === null ? this.#newInARow + 1 : 0;
    return found;
  }

  /** Notes that `filtered` is what passes of the list `bytes`; both are copied. */
  keep(view: ListView, bytes: Uint8Array, filtered: Uint8Array): void {
    const isOneOfMany = this.#newInARow > MANY_NEW && this.#newInARow % MANY_NEW > 0;
    if (isOneOfMany || bytes.length > MAX_LIST_BYTES) return;
    const list = this.#search(view, bytes) ?? this.#add(view, bytes);
    if (list.filtered.has(view.filter)) return;
    const isWhole = Buffer.compare(list.bytes, filtered) === 0;
    list.filtered.set(view.filter, isWhole ? list.bytes : filtered.slice());
    this.#bytes += ENTRY_BYTES + (isWhole ? 0 : filtered.length);
    while (this.#bytes > MAX_BYTES || this.#lists.length > MAX_LISTS) this.#dropLast();
  }

  #search({ era, method }: ListView, bytes: Uint8Array): KnownList | null {
    let compared = 0;
    for (let index = 0; index < this.#lists.length && compared < MAX_COMPARED; index++) {
      const list = this.#lists[index] as KnownList;
      if (list.bytes.length !== bytes.length || list.method !== method || list.era !== era) {
        continue;
      }
      compared++;
      if (Buffer.compare(list.bytes, bytes) !== 0) continue;
      if (index > 0) this.#lists.unshift(...this.#lists.splice(index, 1));
      return list;
    }
    return null;
  }

  #add({ era, method }: ListView, bytes: Uint8Array): KnownList {
    const list = { bytes: bytes.slice(), era, method, filtered: new Map() };
    this.#lists.unshift(list);
    this.#bytes += bytes.length;
    return list;
  }

  #dropLast(): void {
    const list = this.#lists.pop();
    if (list === undefined) return;
    this.#bytes -= list.bytes.length;
    for (const filtered of list.filtered.values()) {
      this.#bytes -= ENTRY_BYTES + (filtered === list.bytes ? 0 : filtered.length);
    }
  }
}
