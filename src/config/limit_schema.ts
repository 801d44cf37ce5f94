/** The shape of `limits` in the configuration file; the defaults are PROTOCOL's, appendix. */
import { count, duration, mapping, size } from "./value.ts";

/** Upper bounds, each by its name. */
export const limits = mapping({
  body: size(1).prefault("4MiB").describe("A request body."),
  held: size(1, 64 * 1024 ** 3).prefault("64MiB").describe("All request bodies held at once."),
  connections: count(1, 1_000_000).prefault(16_384).describe("Connections at once, in all."),
  connections_per_address: count(1, 1_000_000).prefault(512).describe(
    "Connections at once from one address that is no trusted proxy.",
  ),
  header_deadline: duration(1).prefault("10s").describe(
    "Time for a request's head to arrive, from its first byte.",
  ),
  body_deadline: duration(1).prefault("10s").describe("Time for a request body to arrive."),
  write_deadline: duration(1).prefault("60s").describe(
    "Time without progress of a write to a client.",
  ),
  depth: count(1, 1024).prefault(128).describe("Nesting of a request body."),
  members: count(1, 10_000_000).prefault(250_000).describe(
    "Members and containers of a request body.",
  ),
  params: count(1, 10_000).prefault(64).describe("Members of params."),
  method: count(1, 4096).prefault(128).describe("Length of a method."),
  name: count(1, 65_536).prefault(256).describe("Length of a tool's or prompt's name."),
  id: count(1, 65_536).prefault(256).describe("Length of a request id."),
  header_value: size(1, 64 * 1024).prefault("8KiB").describe("One header value."),
  mcp_params: count(0, 1000).prefault(32).describe("Mcp-Param-* headers of one request."),
  batch: count(1, 1000).prefault(32).describe("Elements of a batch."),
  reply: size(1).prefault("16MiB").describe("One event or JSON body from the upstream."),
  reply_deadline: duration(1).prefault("10m").describe(
    "Time for a JSON body from the upstream to arrive, from its head. Streams have no limit.",
  ),
  streams_per_key: count(0, 1_000_000).prefault(128).describe("Streams open at once for one key."),
  audit_line: size(1024, 1024 ** 2).prefault("2KiB").describe("One audit line."),
});
