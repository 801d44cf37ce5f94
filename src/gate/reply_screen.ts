/**
 * What may pass on its way to the client: every message of the upstream's, on whatever channel it
 * comes, is judged by its shape and never by which request it seems to answer, since a faulty
 * upstream misroutes replies (PROTOCOL §1.8, §4.3). Text in, text out; framing is the relay's.
 */
import { AwaitedIds, type Unanswered } from "./awaited_ids.ts";
import { isObject, member } from "../mcp/json.ts";
import type { Json, JsonObject } from "../mcp/json.ts";
import { hasDuplicateMember } from "../mcp/json_scan.ts";
import { type Era, type Id, type Message, spelledId } from "../mcp/message.ts";
import { filterCheck, memberCheck, readReply, tidyEnvelope } from "../mcp/reply_text.ts";
import type { ReplyFilter } from "../policy/contract.ts";

/** Rules of the gate's own about messages. */
export interface WireRules {
  /** What of a message may pass, before the policies are asked; null: nothing. */
  screen(message: Message): Message | null;
  /** Whether the rules may have to do with a message of this text, beyond what all rules look at. */
  isTouched(text: string): boolean;
  /** Told of each message that was parsed and passes, in the form in which it does. */
  passed?(message: Message): void;
}

/** Judges the messages of one exchange. */
export class ReplyScreen {
  readonly #wire: WireRules;
  readonly #filters: readonly ReplyFilter[];
  /** Whether a message of this text has to be looked at, by the gate or by the filters. */
  readonly #mayNeedFilter: (text: string) => boolean;
  readonly #awaited: AwaitedIds;
  readonly #onFault: (error: unknown) => void;

  /**
   * @param rules The gate's own rules, before those of the policies
   * @param filters Of the policies; every one sees what those before it left
   * @param touches Members the filters look for; null: some filter looks at every message
   * @param awaited The ids of the requests that this exchange is to answer
   * @param onFault Told what a filter threw; its message does not pass
   */
  constructor(
    wire: WireRules,
    filters: readonly ReplyFilter[],
    touches: ReadonlySet<string> | null,
    awaited: readonly Id[],
    onFault: (error: unknown) => void,
  ) {
    this.#wire = wire;
    this.#filters = filters;
    this.#mayNeedFilter = touches === null ? always : checkFor(touches);
    this.#awaited = new AwaitedIds(awaited);
    this.#onFault = onFault;
  }

  /** The ids whose answer has not passed yet. */
  get unanswered(): Unanswered {
    return this.#awaited;
  }

  /**
   * What of `text`, one message or an array of them, may pass; null where nothing may.
   *
   * @param parsed What `text` parses to, where that is known
   */
  screen(text: string, parsed?: Json): string | null {
    if (
      !this.#mayNeedFilter(text) && !this.#wire.isTouched(text) && !this.#mayAnswerAgain(text)
    ) {
      if (!/^\s*[{[]/.test(text)) return null;
      this.#noteAnswerIn(text);
      return text;
    }
    const value = parsed ?? readReply(text);
    if (value === undefined) return null;
    const passed = Array.isArray(value) ? this.#all(value) : this.#one(value);
    if (passed === null) return null;
    const written = passed === value && !hasDuplicateMember(text) ? text : stringify(passed);
    if (written === null) return null;
    for (const message of Array.isArray(passed) ? passed : [passed]) this.#note(message);
    return written;
  }

  /** Notes that the answer to request `id` passes in a form in which it has passed before. */
  noteAnswered(id: Id): void {
    this.#awaited.answered(id);
  }

  #all(messages: readonly Json[]): Json | null {
    let changed = false;
    const passed: Json[] = [];
    const answered = new Set<Id>();
    for (const message of messages) {
      const kept = this.#one(message);
      const answer = this.#answerIn(kept);
      const isSecond = answer !== null && answered.has(answer);
      if (answer !== null) answered.add(answer);
      changed ||= isSecond || kept !== message;
      if (kept !== null && !isSecond) passed.push(kept);
    }
    if (passed.length === 0) return null;
    return changed ? passed : messages;
  }

  #one(value: Json): Message | null {
    if (!isObject(value)) return null;
    let message: Message | null;
    try {
      message = this.#wire.screen(tidyEnvelope(value));
      for (const filter of this.#filters) {
        if (message === null) return null;
        message = filter(message);
      }
    } catch (error) {
      this.#onFault(error);
      return null;
    }
    if (!isObject(message)) return null;
    // §3.2, P12: a second answer to a request that this exchange asked.
    const answer = this.#answerIn(message);
    return answer !== null && !this.#awaited.has(answer) ? null : message;
  }

  /** Which request of this exchange `message` answers; null: none. */
  #answerIn(message: Json): Id | null {
    return member(message, "method") === undefined
      ? this.#awaited.asked(member(message, "id"))
      : null;
  }

  #note(message: Json): void {
    if (!isObject(message)) return;
    const answer = this.#answerIn(message);
    if (answer !== null) this.#awaited.answered(answer);
    this.#wire.passed?.(message);
  }

  /** Whether `text` may answer a request once more, or twice. */
  #mayAnswerAgain(text: string): boolean {
    if (!this.#awaited.hasAsked) return false;
    return (this.#awaited.hasAnswered || /^\s*\[/.test(text)) && OUTCOME.test(text);
  }

  /** Parses only where a look at both ends of the text does not settle it. */
  #noteAnswerIn(text: string): void {
    if (this.#awaited.size === 0 || !OUTCOME.test(text)) return;
    const { only } = this.#awaited;
    if (only !== null && !text.includes('"method"')) {
      // As servers write it: there the id is the envelope's, wherever else one may stand.
      const id = spelledId(only);
      const isFirst = text.startsWith(ID_FIRST) && text.startsWith(id, ID_FIRST.length) &&
        text.startsWith(',"', ID_FIRST.length + id.length);
      if (isFirst || (text.startsWith("{") && text.endsWith(`,"id":${id}}`))) {
        return this.#awaited.answered(only);
      }
    }
    const value = readReply(text);
    for (const message of Array.isArray(value) ? value : [value ?? null]) {
      const answer = this.#answerIn(message);
      if (answer !== null) this.#awaited.answered(answer);
    }
  }
}

function always(): boolean {
  return true;
}

/** How most answers begin, up to the id. */
const ID_FIRST = '{"jsonrpc":"2.0","id":';

/** What only answers have. Letters that are spelled as escapes bring any text to be parsed. */
const OUTCOME = /"(?:result|error)"/;

/** One check for each set of words: stages return the same set for every exchange. */
const checks = new WeakMap<ReadonlySet<string>, (text: string) => boolean>();

function checkFor(words: ReadonlySet<string>): (text: string) => boolean {
  let check = checks.get(words);
  if (check === undefined) checks.set(words, check = filterCheck(words));
  return check;
}

/** What the gate's own rules for the replies of one exchange depend on. */
export interface WireOptions {
  readonly era: Era;
  /** The method that was asked, where it was one. */
  readonly method: string | null;
  readonly instructions: "pass" | "strip";
  /** Whether the reply is a refusal by its status. Default false. */
  readonly isRefusal?: boolean;
}

/** The gate's own rules for the replies of one exchange: few that differ, each made once. */
export function wireRules(options: WireOptions): WireRules {
  const isModern = options.era === "modern";
  const mustBePrivate = isModern &&
    (options.method === "tools/list" || options.method === "server/discover");
  const isNamed = options.isRefusal !== true;
  const strips = options.instructions === "strip";
  const index = (isModern ? 1 : 0) + (mustBePrivate ? 2 : 0) + (isNamed ? 4 : 0) + (strips ? 8 : 0);
  return WIRE_RULES[index] ??= newWireRules(isModern, mustBePrivate, isNamed, strips);
}

const WIRE_RULES: WireRules[] = [];

function newWireRules(
  isModern: boolean,
  mustBePrivate: boolean,
  isNamed: boolean,
  strips: boolean,
): WireRules {
  const rules: ReplyFilter[] = [(message) => privateCache(message, mustBePrivate)];
  if (isModern) rules.push(withoutServerRequests);
  if (isNamed) rules.push(withoutNameless);
  if (strips) rules.push(withoutInstructions);
  return {
    screen: (message) => {
      let passed: Message | null = message;
      for (let index = 0; passed !== null && index < rules.length; index++) {
        passed = (rules[index] as ReplyFilter)(passed);
      }
      return passed;
    },
    isTouched: (text) =>
      (mustBePrivate && hasResult(text)) || (isNamed && NAMELESS.test(text)) ||
      (strips && hasInstructions(text)),
  };
}

const hasResult = memberCheck(["result"]);
const hasInstructions = memberCheck(["instructions"]);

/** How long a client may keep a list: a revocation is visible within this time (§6 O10). */
const MAX_TTL_MS = 60_000;

/** Results of tasks are wrapped in another result or stand in a notification (§1.8, row 3). */
const DEEPEST_RESULT = 3;

/** §1.10: one caller's filtered list must never be served to another from a shared cache. */
function privateCache(message: Message, always: boolean, depth = 0): Message {
  let passed = message;
  for (const holder of ["result", "params"]) {
    const held = member(message, holder);
    if (!isObject(held)) continue;
    const inner = depth < DEEPEST_RESULT ? privateCache(held, false, depth + 1) : held;
    const outer = holder === "result" ? privateResult(inner, always) : inner;
    if (outer !== held) passed = { ...passed, [holder]: outer };
  }
  return passed;
}

function privateResult(result: JsonObject, always: boolean): JsonObject {
  const scope = member(result, "cacheScope");
  const ttl = member(result, "ttlMs");
  const scopeIsRight = scope === "private" || (scope === undefined && !always);
  const ttlIsRight = ttl === undefined || (typeof ttl === "number" && ttl <= MAX_TTL_MS);
  if (scopeIsRight && ttlIsRight) return result;
  return {
    ...result,
    ...(scopeIsRight ? {} : { cacheScope: "private" }),
    ...(ttlIsRight ? {} : { ttlMs: MAX_TTL_MS }),
  };
}

/** §1.6: a modern client is asked through results, and no request is its business. */
function withoutServerRequests(message: Message): Message | null {
  return Object.hasOwn(message, "method") && Object.hasOwn(message, "id") ? null : message;
}

/** §0, rule 7: what answers nobody makes clients hang, or take their connection for broken. */
function withoutNameless(message: Message): Message | null {
  return member(message, "id") === null ? null : message;
}

const NAMELESS = /"id"[ \t\r\n]*:[ \t\r\n]*null/;

/** §6 O5: free text that may name hidden tools. */
function withoutInstructions(message: Message): Message {
  const result = member(message, "result");
  if (!isObject(result) || !Object.hasOwn(result, "instructions")) return message;
  const { instructions: _, ...rest } = result;
  return { ...message, result: rest };
}

/** Null where the value nests too deep to be written, which denies it. */
function stringify(value: Json): string | null {
  try {
    return JSON.stringify(value);
  } catch {
    return null;
  }
}
