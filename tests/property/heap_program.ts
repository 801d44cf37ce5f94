/**
 * Reads one adversarial body as the gate does and tells, as JSON, what of it stays in memory and how
 * high memory went. A program of its own: it has to be able to force a collection, and to begin anew.
 *
 * Usage: heap_program.ts INDEX BYTES, with --v8-flags=--expose-gc
 */
import { readCalls } from "../../src/gate/call.ts";
import { config } from "../gate/support/gate_scene.ts";
import { ADVERSARIES, bodyOf } from "./adversarial_bodies.ts";

declare const gc: () => void;

const [index = "", size = ""] = Deno.args;
const adversary = ADVERSARIES[Number(index)];
if (adversary === undefined) throw new TypeError(`No such body: ${index}`);
const limits = { ...config().limits, bodyBytes: Number(size) };

function held(): number {
  gc();
  gc();
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}

function status(name: string): number {
  const text = Deno.readTextFileSync("/proc/self/status");
  return 1024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text)?.[1]);
}

// Code that has never run takes memory of its own.
readCalls(bodyOf(ADVERSARIES[0]!, 1000), [], { ...config(), limits });

const body = bodyOf(adversary, Number(size));
const before = held() - body.length;
const residentBefore = status("VmRSS");
// Makes the system forget how high it was.
Deno.writeTextFileSync("/proc/self/clear_refs", "5");
const reading = readCalls(body, [], { ...config(), limits });
const peak = status("VmHWM") - residentBefore + body.length;
const live = held() - before;
const isRead = "calls" in reading;
console.log(JSON.stringify({ bytes: body.length, live, peak, isRead }));
