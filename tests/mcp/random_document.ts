/**
 * Generates documents that a client might send to be read differently by gate and upstream:
 * doubled, case-varied and padded names, wrong types, mutated bytes, odd encodings, numbers and
 * structures (PROTOCOL 3.3, bodies a to e and g).
 */
import type { Random } from "../support/random.ts";
import {
  enveloped,
  LEGACY_REQUESTS,
  MODERN_REQUESTS,
  NOTIFICATIONS,
  REPLIES,
} from "./ordinary_messages.ts";

/** One generated body. */
export interface Document {
  readonly bytes: Uint8Array;
}

const ENVELOPE_NAMES = ["jsonrpc", "id", "method", "params", "result", "error"];
const PARAM_NAMES = [
  "name",
  "uri",
  "arguments",
  "cursor",
  "_meta",
  "taskId",
  "task",
  "requestState",
  "ref",
  "notifications",
  "inputResponses",
  "requestId",
  "progressToken",
];
const STRANGE_NAMES = [
  "__proto__",
  "constructor",
  "toString",
  "ｎａｍｅ",
  "n\u0303ame",
  "0",
  "x",
  "",
];
const NUMBERS = [
  "1",
  "1e999",
  "-0",
  "1.0",
  "12345678901234567890",
  "0x10",
  "01",
  "+1",
  "1e-400",
  "9007199254740993",
  "9007199254740991",
  "0",
  "-1",
  "1.5",
  "1E2",
];
const STRINGS = [
  '"tools/call"',
  '"tools\\/call"',
  '"t\\u006fols/call"',
  '"prompts/get"',
  '"resources/read"',
  '"notifications/progress"',
  '"read_file"',
  '"SECRET"',
  '""',
  '"\\ud800"',
  '"2.0"',
  '"2\\u002e0"',
  '"tool_use"',
  '"ref/prompt"',
  '"ref/resource"',
  '"é\\u0000"',
];

/** A document by one of the generators. */
export function randomDocument(random: Random): Document {
  const text = random.pick([grammar, grammar, mutated, numbered, structured, doubled])(random);
  return { bytes: encoded(random, text) };
}

/** (a) A message of loose parts. */
function grammar(random: Random): string {
  const parts = [
    member(random, "jsonrpc", '"2.0"'),
    member(random, "id", random.chance(0.9) ? random.pick(["1", '"a"', "0"]) : scalar(random)),
    ...random.chance(0.75)
      ? [
        member(random, "method", random.pick(STRINGS.slice(0, 6))),
        member(random, "params", object(random, PARAM_NAMES, 2)),
      ]
      : [member(random, "result", result(random))],
  ];
  if (random.chance(0.1)) parts.push(member(random, random.pick(ENVELOPE_NAMES), scalar(random)));
  if (random.chance(0.05)) parts.push(member(random, random.pick(STRANGE_NAMES), scalar(random)));
  const kept = random.chance(0.05) ? parts.slice(1) : parts;
  return `{${random.shuffle(kept).join(",")}}`;
}

function result(random: Random): string {
  const item = () =>
    `{${
      random.shuffle([
        member(random, "type", random.pick(['"tool_use"', '"text"', scalar(random)])),
        member(random, "name", random.pick(['"read_file"', '"SECRET"', scalar(random)])),
        ...random.chance(0.3) ? [member(random, "type", '"tool_use"')] : [],
      ]).join(",")
    }}`;
  const content = random.chance(0.5) ? item() : `[${item()},${item()}]`;
  return `{${member(random, "content", content)},${member(random, "role", '"assistant"')}}`;
}

function object(random: Random, names: readonly string[], depth: number): string {
  const members = Array.from({ length: random.below(4) }, () => {
    const name = random.chance(0.05) ? random.pick(STRANGE_NAMES) : random.pick(names);
    return member(random, name, valueOf(random, name, depth));
  });
  return `{${members.join(",")}}`;
}

function valueOf(random: Random, name: string, depth: number): string {
  if (random.chance(0.1)) return scalar(random);
  if (depth === 0) return random.pick(STRINGS);
  switch (name) {
    case "arguments":
      return object(random, ["id", "ID", "name", "Name", "__proto__"], depth - 1);
    case "ref": {
      const [type, subject] = random.pick([["prompt", "name"], ["resource", "uri"]]);
      const parts = [member(random, "type", `"ref/${type}"`), member(random, subject ?? "", '"a"')];
      if (random.chance(0.2)) parts.push(object(random, ["type", "name", "uri"], 0).slice(1, -1));
      return `{${random.shuffle(parts).filter((part) => part !== "").join(",")}}`;
    }
    case "_meta":
      return object(
        random,
        ["progressToken", "io.modelcontextprotocol/protocolVersion"],
        depth - 1,
      );
    case "task":
      return object(random, ["ttl"], depth - 1);
    case "notifications":
      return `{${member(random, "taskIds", `[${random.pick(STRINGS)}]`)}}`;
    case "inputResponses":
      return `{"a":${result(random)}}`;
    default:
      return random.pick(STRINGS);
  }
}

function scalar(random: Random): string {
  return random.pick([
    random.pick(STRINGS),
    random.pick(NUMBERS),
    "null",
    "true",
    "{}",
    "[]",
    '["read_file"]',
    '{"name":"read_file"}',
    `"${"x".repeat(random.pick([127, 129, 257, 9000]))}"`,
  ]);
}

/** `name` mostly as it is, now and then in a spelling of its own, now and then twice. */
function member(random: Random, name: string, value: string): string {
  const once = `${key(random, name)}:${value}`;
  return random.chance(0.04) ? `${once},${key(random, name)}:${random.pick(STRINGS)}` : once;
}

function key(random: Random, name: string): string {
  if (random.chance(0.9)) return JSON.stringify(name);
  const spelled = random.pick([
    name.toUpperCase(),
    name.charAt(0).toUpperCase() + name.slice(1),
    `${name}\0`,
    `${name}\0x`,
    ` ${name}`,
    `${name} `,
    name.replaceAll("s", "\u017f").replaceAll("k", "\u212a"),
    name.replace(/(?<=[a-z])(?=[A-Z])/g, "_").toLowerCase(),
    name.replace(/^_/, ""),
    name.replaceAll("i", "\u0130"),
    name,
  ]);
  if (random.chance(0.6)) return JSON.stringify(spelled);
  return `"${
    [...spelled].map((char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`).join("")
  }"`;
}

/** (b) An ordinary message with one to three bytes put in, taken out or exchanged. */
function mutated(random: Random): string {
  let text = ordinary(random);
  for (let changes = random.below(4); changes > 0; changes--) {
    const at = random.below(text.length + 1);
    const put = random.pick([
      '"',
      "\\",
      ",",
      "{",
      "}",
      "[",
      "]",
      ":",
      "\0",
      "1",
      " ",
      "\u017f",
      "",
    ]);
    text = text.slice(0, at) + put + text.slice(at + random.below(2));
  }
  return text;
}

/** (d) Numbers in every place where one may stand. */
function numbered(random: Random): string {
  const [id, argument, token] = [0, 1, 2].map(() => random.pick(NUMBERS));
  return `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"a","arguments":` +
    `{"n":${argument}},"_meta":{"progressToken":${token}}}}`;
}

/** (e) Nesting around the limit, and many members. */
function structured(random: Random): string {
  const depth = random.pick([1, 124, 125, 126, 127, 2000]);
  const [open, close] = random.pick([["[", "]"], ['{"a":', "}"]]);
  const deep = (open ?? "").repeat(depth) + "1" + (close ?? "").repeat(depth);
  return `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":{"d":${deep}}}}`;
}

/** (g) Two documents, or garbage around one. */
function doubled(random: Random): string {
  const text = ordinary(random);
  return random.pick([
    text + text,
    `${text}\n${text}`,
    `${text}x`,
    `x${text}`,
    `${text}\0`,
    `[${text}]`,
    text.slice(0, random.below(text.length)),
    ` ${text}\n`,
  ]);
}

function ordinary(random: Random): string {
  const call = random.pick([...LEGACY_REQUESTS, ...MODERN_REQUESTS]);
  return JSON.stringify(random.pick([
    enveloped(call, random.pick([1, "a"])),
    enveloped(random.pick(NOTIFICATIONS)),
    enveloped(random.pick(REPLIES), 1),
  ]));
}

/** (c) UTF-8 for the most part; else what a decoder might mend. */
function encoded(random: Random, text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  if (random.chance(0.95)) return bytes;
  const at = random.below(bytes.length + 1);
  const put = random.pick([[0xef, 0xbb, 0xbf], [0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xe2], [
    0x00,
  ]]);
  const start = random.chance(0.3) ? 0 : at;
  if (random.chance(0.2)) return utf16(text, random.chance(0.5));
  return Uint8Array.from([...bytes.slice(0, start), ...put, ...bytes.slice(start)]);
}

function utf16(text: string, bom: boolean): Uint8Array {
  const units = [...(bom ? "\ufeff" : ""), ...text].join("");
  return Uint8Array.from(
    [...units].flatMap((char) => [char.charCodeAt(0) & 255, char.charCodeAt(0) >> 8]),
  );
}
