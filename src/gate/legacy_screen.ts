/**
 * The screen of one stream of the HTTP+SSE transport: an answer is judged by the ruling of the
 * request it answers, everything else by the ruling of the stream, and by shape in either case. A
 * client whose answer may not pass is told so, since no end of a stream would tell it.
 */
import type { Json } from "../mcp/json.ts";
import { isObject } from "../mcp/json.ts";
import type { Id } from "../mcp/message.ts";
import { memberCheck, readReply } from "../mcp/reply_text.ts";
import { errorText } from "./denial.ts";
import type { Denial } from "./denial.ts";
import type { AwaitedAnswers } from "./legacy_answers.ts";
import type { ReplyScreen } from "./reply_screen.ts";

/** Judges the messages of one stream. */
export class LegacyScreen {
  readonly #own: Pick<ReplyScreen, "screen">;
  readonly #awaited: AwaitedAnswers;

  /** @param own What the ruling of the stream itself lets pass */
  constructor(own: Pick<ReplyScreen, "screen">, awaited: AwaitedAnswers) {
    this.#own = own;
    this.#awaited = awaited;
  }

  /** What of `text`, one message or an array of them, may pass; null where nothing may. */
  screen(text: string): string | null {
    if (!mayAnswer(text)) return this.#own.screen(text);
    const value = readReply(text);
    if (!Array.isArray(value)) return this.#one(text, value);
    const passed = value.flatMap((message: Json) => {
      const one = stringify(message);
      return one === null ? [] : this.#one(one, message) ?? [];
    });
    return passed.length === 0 ? null : `[${passed.join(",")}]`;
  }

  #one(text: string, message: Json | undefined): string | null {
    if (!isObject(message)) return null;
    const isAnswer = Object.hasOwn(message, "result") || Object.hasOwn(message, "error");
    if (!isAnswer) return this.#own.screen(text);
    // Of what is both a request and an answer, two clients would think differently.
    if (Object.hasOwn(message, "method")) return null;
    const { id } = message;
    const awaited = this.#awaited.take(id);
    if (awaited === null) return null;
    const passed = awaited.screen.screen(text);
    awaited.release();
    // Only ids of requests are awaited, and those are strings or numbers.
    return passed ?? errorText(WITHHELD, id as Id, "legacy");
  }
}

const mayAnswer = memberCheck(["result", "error"]);

/** Null where the value nests too deep to be written, which denies it. */
function stringify(value: Json): string | null {
  try {
    return JSON.stringify(value);
  } catch {
    return null;
  }
}

const WITHHELD: Denial = {
  kind: "unavailable",
  stage: "door",
  reason: "The answer was withheld",
};
