/**
 * Property P5: what goes up is what the client sent, byte for byte, but for the strings that were
 * sealed; where nothing was, it is the same bytes.
 */
import assert from "node:assert/strict";
import { openedBody, presentHandles } from "../../src/gate/body_handles.ts";
import { CursorSeal } from "../../src/gate/cursor_seal.ts";
import { type Bearer, stateContext } from "../../src/gate/handle_bearer.ts";
import { HandleMemory } from "../../src/gate/handle_memory.ts";
import { readCalls } from "../../src/gate/call.ts";
import { Sealer } from "../../src/gate/seal.ts";
import type { JsonObject } from "../../src/mcp/json.ts";
import { VirtualClock } from "../policies/lent_host.ts";
import { fuzz } from "../support/fuzz.ts";
import type { Random } from "../support/random.ts";
import { config } from "./support/gate_scene.ts";

const BEARER: Bearer = {
  label: "a",
  session: "",
  era: "legacy",
  sealer: new Sealer("a secret of the gate's"),
  cursors: new CursorSeal("a secret of the gate's", (bytes) => new Uint8Array(bytes)),
  memory: new HandleMemory(new VirtualClock()),
};
const PARAMS: JsonObject = { name: "read_file" };
const VALUES = ["page 2", "", "é🚲", '"quoted\\"', "a\0b\n", "x".repeat(300), "1"];
const MEMBERS = [
  '"x":1.0',
  '"requestStates":"plain"',
  '"next":{"cursor":"not this one","requestState":"nor this"}',
  '"list":["cursor",{"cursor":-0},1e400,12345678901234567890]',
  '"arguments":{"cursor":"nor this","Cursor":"\\u00e9\\/"}',
];

/** `text` as a JSON string, some of its characters escaped. */
function spelled(random: Random, text: string): string {
  const units = [...JSON.stringify(text).slice(1, -1)];
  if (random.chance(0.5) || text.includes('"') || text.includes("\\")) return JSON.stringify(text);
  return `"${
    units.map((unit) =>
      unit.length === 1 && random.chance(0.1)
        ? `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`
        : unit
    ).join("")
  }"`;
}

/** A message whose sealed strings are left out: what the client puts there, what the upstream gets. */
function randomBody(random: Random): { sent: string; raised: string; isSealed: boolean } {
  const blank = () => random.pick(["", "", " ", "\n\t", "\r\n"]);
  const method = random.pick(["tools/list", "tools/call"]);
  const handles: [name: string, sealed: string, opened: string][] = [];
  if (random.chance(0.6)) {
    const value = random.pick(VALUES);
    const sealed = value === "" ? "" : BEARER.cursors.seal("a", method, value) ?? "";
    handles.push(["cursor", sealed, value]);
  }
  if (random.chance(0.4)) {
    const value = random.pick(VALUES);
    const context = stateContext(method, PARAMS);
    const sealed = value === "" ? "" : BEARER.sealer.seal("state", "a", context, value) ?? "";
    handles.push(["requestState", sealed, value]);
  }
  const others = random.shuffle([...MEMBERS, '"name":"read_file"']).slice(0, random.below(7));
  if (!others.includes('"name":"read_file"')) others.push('"name":"read_file"');
  const all = random.shuffle([
    ...others.map((text) => [text, text] as const),
    ...handles.map(([name, sealed, opened]) => {
      const key = `"${name}"${blank()}:${blank()}`;
      const shown = spelled(random, sealed);
      return [key + shown, key + (sealed === "" ? shown : JSON.stringify(opened))] as const;
    }),
  ]);
  const glue = blank();
  const params = [0, 1].map((side) => `{${glue}${all.map((pair) => pair[side]).join(`,${glue}`)}}`);
  const envelope = random.shuffle(['"jsonrpc":"2.0"', '"id":"é"', `"method":"${method}"`, "P"]);
  const [sent = "", raised = ""] = params.map((text) =>
    `${glue}{${envelope.map((part) => part === "P" ? `"params":${text}` : part).join(`,${glue}`)}}`
  );
  return { sent, raised, isSealed: handles.some(([, sealed]) => sealed !== "") };
}

Deno.test("what goes up is what was sent, but for the strings that were sealed", () => {
  const [encoder, decoder] = [new TextEncoder(), new TextDecoder()];
  fuzz(500, (random) => {
    const { sent, raised, isSealed } = randomBody(random);
    const bytes = encoder.encode(sent);
    const reading = readCalls(bytes, [], config());
    assert.ok(!("denial" in reading), sent);
    const { foreign, opened } = presentHandles(reading.calls, false, BEARER);
    assert.equal(foreign, null, sent);
    const held = { bytes, [Symbol.dispose]: () => {} };
    const body = openedBody(held, opened, [], config());
    assert.ok("bytes" in body);
    assert.equal(decoder.decode(body.bytes), raised);
    assert.equal(body === held, !isSealed);
  });
});
