/**
 * Judges the answer to a request for a list: where the bytes around the id that was asked with are
 * those of a list that is known, by what passed of it before, otherwise by the screen, and remembers
 * then what passed. Of a list that is new, definitions that are known not to pass are not even read.
 * The outcome is the screen's own in either case, byte for byte.
 */
import { isObject, type Json, type JsonObject, member } from "../mcp/json.ts";
import { listsIn, withEntries } from "../mcp/list_entries.ts";
import { type Id, spelledId } from "../mcp/message.ts";
import { readReply } from "../mcp/reply_text.ts";
import type { ListMemory, ListView } from "./list_memory.ts";
import { screenedBody } from "./relay.ts";
import type { ReplyScreen } from "./reply_screen.ts";

/** Methods whose answers are lists. */
const LIST_METHODS: ReadonlySet<string> = new Set([
  "tools/list",
  "prompts/list",
  "resources/list",
  "resources/templates/list",
]);

/** Members of a result whose filtering depends on the grant alone. */
const LISTS: ReadonlySet<string> = new Set(["tools", "prompts", "resources", "resourceTemplates"]);

/** Others that may stand beside a list: none holds a handle or anything else of one caller's. */
const BESIDE: ReadonlySet<string> = new Set([
  "_meta",
  "cacheScope",
  "nextCursor",
  "resultType",
  "ttlMs",
]);

/** Whether the answer to a request for `method` may be remembered. */
export function isListMethod(method: string): boolean {
  return LIST_METHODS.has(method);
}

/** The two ways in which servers write an answer around its result. */
interface Envelope {
  readonly before: string;
  readonly after: string;
  readonly first: Uint8Array;
  readonly last: Uint8Array;
}

/** An answer in one of them. */
interface Place extends Envelope {
  /** What stands between, and is the same for every id. */
  readonly list: Uint8Array;
}

/** Judges the answer to one request. */
export class ListScreen {
  readonly #memory: ListMemory;
  readonly #view: ListView;
  readonly #id: Id;
  readonly #screen: ReplyScreen;
  readonly #envelopes: readonly Envelope[];

  /** @param id Of the only request that `screen` waits for an answer to */
  constructor(memory: ListMemory, view: ListView, id: Id, screen: ReplyScreen) {
    this.#memory = memory;
    this.#view = view;
    this.#id = id;
    this.#screen = screen;
    const spelled = spelledId(id);
    this.#envelopes = [
      envelope(`{"jsonrpc":"2.0","id":${spelled},`, ""),
      envelope("", `,"jsonrpc":"2.0","id":${spelled}}`),
    ];
  }

  /** What of the event data `text` passes; null where nothing may. */
  screen(text: string): string | null {
    const bytes = encoder.encode(text);
    const places = this.#placesIn(bytes);
    const known = this.#recall(places, bytes);
    if (known !== null) return decoder.decode(known);
    const shorter = this.#shortened(places, bytes);
    return shorter === null
      ? this.#judge(text, places, false)
      : this.#judge(decoder.decode(shorter), places, true);
  }

  /** What of the JSON body `bytes` passes; null where nothing may. */
  body(bytes: Uint8Array): Uint8Array | null {
    const places = this.#placesIn(bytes);
    const known = this.#recall(places, bytes);
    if (known !== null) return known;
    const shorter = this.#shortened(places, bytes);
    const screen = (text: string) => this.#judge(text, places, shorter !== null);
    return screenedBody(shorter ?? bytes, { screen });
  }

  /** `bytes` without definitions that are known not to pass; null: it is as well to read all. */
  #shortened(places: readonly Place[], bytes: Uint8Array): Uint8Array | null {
    const { filter } = this.#view;
    if (filter === null || places.length === 0) return null;
    const lists = listsIn(bytes);
    if (lists === null) return null;
    const left = lists.map((list) => this.#memory.names.left(filter, list));
    const isShorter = lists.some(({ entries }, index) => left[index]?.length !== entries.length);
    return isShorter ? withEntries(bytes, lists, left) : null;
  }

  /** Nothing where the answer has passed already: a second one is the screen's to judge. */
  #placesIn(bytes: Uint8Array): Place[] {
    // What a body may begin with before its brace, event data may not.
    if (bytes[0] !== BRACE || !this.#screen.unanswered.has(this.#id)) return [];
    const places: Place[] = [];
    for (const envelope of this.#envelopes) {
      const { first, last } = envelope;
      const end = bytes.length - last.length;
      if (end > first.length && stands(first, bytes, 0) && stands(last, bytes, end)) {
        places.push({ ...envelope, list: bytes.subarray(first.length, end) });
      }
    }
    return places;
  }

  #recall(places: readonly Place[], bytes: Uint8Array): Uint8Array | null {
    for (const { first, last, list } of places) {
      const known = this.#memory.find(this.#view, list);
      const filtered = known?.filtered.get(this.#view.filter);
      if (filtered === undefined) continue;
      this.#screen.noteAnswered(this.#id);
      if (filtered === known?.bytes) return bytes;
      const joined = new Uint8Array(first.length + filtered.length + last.length);
      joined.set(first);
      joined.set(filtered, first.length);
      joined.set(last, first.length + filtered.length);
      return joined;
    }
    return null;
  }

  /**
   * What of `text` passes; remembered where the list is all there is to it.
   *
   * @param isShortened Whether something has gone already: what stays is then written anew
   */
  #judge(text: string, places: readonly Place[], isShortened: boolean): string | null {
    for (const place of places) {
      const { before, after, list } = place;
      const result = this.#resultIn(text, place);
      if (result === null) continue;
      const envelope = { jsonrpc: "2.0", id: this.#id };
      const message = after === "" ? { ...envelope, result } : { result, ...envelope };
      const screened = this.#screen.screen(text, message);
      const passed = isShortened && screened === text ? JSON.stringify(message) : screened;
      if (passed !== null && passed.startsWith(before) && passed.endsWith(after)) {
        const filtered = passed.slice(before.length, passed.length - after.length);
        this.#memory.keep(this.#view, list, encoder.encode(filtered));
      }
      return passed;
    }
    const screened = this.#screen.screen(text);
    return isShortened && screened === text ? JSON.stringify(readReply(text)) : screened;
  }

  /**
   * The result in `text`, where the list is all that it consists of, and all there is between the
   * parts of the envelope. What stands between them is parsed without them: no other member can then
   * be a second id.
   */
  #resultIn(text: string, { before, after }: Envelope): JsonObject | null {
    const between = text.slice(before.length, text.length - after.length);
    const value = readReply(after === "" ? `{${between}` : `${between}}`);
    if (!isObject(value) || Object.keys(value).join() !== "result") return null;
    const { result } = value;
    return isObject(result) && isListAlone(result) ? result : null;
  }
}

function isListAlone(result: JsonObject): boolean {
  let lists = 0;
  for (const name of Object.keys(result)) {
    if (LISTS.has(name)) lists++;
    else if (!BESIDE.has(name)) return false;
  }
  return lists > 0 && isEmpty(member(result, "nextCursor")) &&
    (member(result, "resultType") ?? "complete") === "complete";
}

/** Whether there is no next page: a cursor is sealed for its caller, and never twice alike. */
function isEmpty(cursor: Json | undefined): boolean {
  return cursor === undefined || cursor === null || cursor === "";
}

function envelope(before: string, after: string): Envelope {
  return { before, after, first: encoder.encode(before), last: encoder.encode(after) };
}

function stands(part: Uint8Array, bytes: Uint8Array, start: number): boolean {
  for (let at = 0; at < part.length; at++) if (part[at] !== bytes[start + at]) return false;
  return true;
}

const BRACE = 0x7b;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
