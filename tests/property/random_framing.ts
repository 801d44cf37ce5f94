/**
 * Spells values as JSON and frames them as events in every way that means the same, and cuts bytes
 * into pieces (PROTOCOL §3.3, upstream). Comments, unknown fields and events that are none hold the
 * canary: nothing of them passes.
 */
import type { Json } from "../../src/mcp/json.ts";
import type { Random } from "../support/random.ts";
import { CANARY } from "./random_reply.ts";

/** Members that are now and then written twice, the first time with what must not be seen. */
const DOUBLED = new Set(["tools", "result", "prompts", "name", "description"]);

/** `value` as JSON: blanks anywhere, letters of names escaped, members written twice. */
export function spelled(random: Random, value: Json): string {
  const isPlain = random.chance(0.3);
  return isPlain ? JSON.stringify(value) : spell(random, value);
}

function spell(random: Random, value: Json): string {
  const gap = () => random.chance(0.1) ? random.pick([" ", "\n", "\t", "\r\n", "\r"]) : "";
  if (Array.isArray(value)) {
    return `[${gap()}${value.map((one) => spell(random, one) + gap()).join(`,${gap()}`)}]`;
  }
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).filter(([, one]) => one !== undefined).map(
    ([name, one]) => {
      const written = `${escaped(random, name)}${gap()}:${gap()}${spell(random, one as Json)}`;
      if (!DOUBLED.has(name) || !random.chance(0.03)) return written;
      const hidden = `[{"name":"rm","description":"${CANARY}"}]`;
      const first = name === "result" ? `{"tools":${hidden}}` : hidden;
      return `${escaped(random, name)}:${first},${written}`;
    },
  );
  return `{${gap()}${members.join(`${gap()},${gap()}`)}${gap()}}`;
}

function escaped(random: Random, name: string): string {
  if (random.chance(0.8)) return JSON.stringify(name);
  const units = [...name].map((char) =>
    random.chance(0.3) && char.length === 1
      ? `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`
      : JSON.stringify(char).slice(1, -1)
  );
  return `"${units.join("")}"`;
}

/** One event whose data is `text`, with whatever may stand beside it. */
export function framed(random: Random, text: string): string {
  const end = random.pick(["\n", "\r\n", "\r"]);
  const line = (content: string) => content + end;
  const data = text.split(/\r\n|\n|\r/)
    .map((part) => line(`data:${part.startsWith(" ") || random.chance(0.7) ? " " : ""}${part}`));
  const beside = [
    ...random.chance(0.2) ? [line(`: ${CANARY}`)] : [],
    ...random.chance(0.2) ? [line("event: message")] : [],
    ...random.chance(0.2) ? [line("retry: 5")] : [],
    ...random.chance(0.2) ? [line(`x: ${CANARY}`), line(CANARY)] : [],
    ...random.chance(0.3) ? [line(`id: ${random.below(9)}`)] : [],
  ];
  return random.shuffle([...beside, data.join("")]).join("") + end;
}

/** Something on a stream that is no message, or nothing. */
export function noise(random: Random): string {
  return random.pick([
    "",
    "",
    "",
    `: ${CANARY}\n\n`,
    `data: ${CANARY}\n\n`,
    `data: "${CANARY}"\n\n`,
    `event: endpoint\ndata: /x?${CANARY}\n\n`,
    `event: endpoint\ndata: {"jsonrpc":"2.0","method":"${CANARY}"}\n\n`,
    `event: ${CANARY} x\ndata: {}\n\n`,
    `data: {"result":{"tools":[{"name":"rm","description":"${CANARY}"}\n\n`,
    "id: 4\ndata:\n\n",
    "retry: 7\n\n",
  ]);
}

/** `bytes` in pieces of no more than a random size. */
export function cut(random: Random, bytes: Uint8Array): Uint8Array[] {
  const longest = random.pick([1, 7, 60, 1000, 100_000]);
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const next = at + 1 + random.below(longest);
    pieces.push(bytes.slice(at, next));
    at = next;
  }
  return pieces;
}
