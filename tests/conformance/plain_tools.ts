/**
 * The tools of the conformance suite that only answer: every kind of content, an error, the keywords
 * of JSON Schema, an argument mirrored in a header, log messages, progress, and a stream that closes
 * before its result. Asks the client for nothing.
 */
import { fromJsonSchema } from "@modelcontextprotocol/server";
import type { McpServer, ServerContext, ServerNotifier } from "@modelcontextprotocol/server";
import { z } from "zod";

/** One red pixel. */
export const PIXEL =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";

/** A WAV file without a sample. */
const SILENCE = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA=";

/** Draft 2020-12 with what a careless server drops from a schema. */
const ADDRESS_SCHEMA = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object",
  $defs: {
    address: {
      $anchor: "addressDef",
      type: "object",
      properties: { street: { type: "string" }, city: { type: "string" } },
    },
  },
  properties: {
    name: { type: "string" },
    address: { $ref: "#/$defs/address" },
    contactMethod: { type: "string", enum: ["phone", "email"] },
    phone: { type: "string" },
    email: { type: "string" },
  },
  allOf: [{ anyOf: [{ required: ["phone"] }, { required: ["email"] }] }],
  if: { properties: { contactMethod: { const: "phone" } }, required: ["contactMethod"] },
  then: { required: ["phone"] },
  else: { required: ["email"] },
  additionalProperties: false,
};

const MIRRORED_SCHEMA = {
  type: "object",
  properties: { region: { type: "string", "x-mcp-header": "Region" } },
  required: ["region"],
};

/** A result that says `text`. */
export function saying(text: string) {
  return { content: [{ type: "text" as const, text }] };
}

/** Registers them; what `changes` is told reaches every subscription. */
export function addPlainTools(server: McpServer, changes: ServerNotifier): void {
  addContentTools(server);
  addSchemaTools(server);
  addStreamTools(server);
  server.registerTool("test_trigger_tool_change", {
    description: "Says that the list of tools has changed",
  }, () => {
    changes.toolsChanged();
    return saying("told");
  });
  server.registerTool("test_trigger_prompt_change", {
    description: "Says that the list of prompts has changed",
  }, () => {
    changes.promptsChanged();
    return saying("told");
  });
}

function addContentTools(server: McpServer): void {
  const image = { type: "image" as const, data: PIXEL, mimeType: "image/png" };
  // The suite calls the first tool of the list without arguments, so this one stays the first.
  server.registerTool(
    "test_simple_text",
    { description: "Answers with text" },
    () => saying("This is a simple text response for testing."),
  );
  server.registerTool(
    "test_image_content",
    { description: "Answers with an image" },
    () => ({ content: [image] }),
  );
  server.registerTool(
    "test_audio_content",
    { description: "Answers with sound" },
    () => ({ content: [{ type: "audio" as const, data: SILENCE, mimeType: "audio/wav" }] }),
  );
  server.registerTool(
    "test_embedded_resource",
    { description: "Answers with a resource" },
    () => ({
      content: [{
        type: "resource" as const,
        resource: {
          uri: "test://embedded-resource",
          mimeType: "text/plain",
          text: "This is an embedded resource content.",
        },
      }],
    }),
  );
  server.registerTool(
    "test_multiple_content_types",
    { description: "Answers with text, an image and a resource" },
    () => ({
      content: [
        { type: "text" as const, text: "Multiple content types test:" },
        image,
        {
          type: "resource" as const,
          resource: {
            uri: "test://mixed-content-resource",
            mimeType: "application/json",
            text: '{"test":"data","value":123}',
          },
        },
      ],
    }),
  );
  server.registerTool("test_error_handling", { description: "Always fails" }, () => {
    throw new Error("This tool intentionally returns an error for testing");
  });
}

function addSchemaTools(server: McpServer): void {
  server.registerTool("json_schema_2020_12_tool", {
    description: "Tool with JSON Schema 2020-12 features",
    inputSchema: fromJsonSchema(ADDRESS_SCHEMA),
  }, () => saying("valid"));
  server.registerTool("test_mirrored_argument", {
    description: "Takes an argument that is repeated in a header",
    inputSchema: fromJsonSchema<{ region: string }>(MIRRORED_SCHEMA),
  }, ({ region }) => saying(region));
  server.registerTool("greet", {
    description: "Greets by name",
    inputSchema: z.object({ name: z.string() }),
  }, ({ name }) => saying(`Hello, ${name}!`));
}

function addStreamTools(server: McpServer): void {
  const steps = ["Tool execution started", "Tool processing data", "Tool execution completed"];
  for (const name of ["test_tool_with_logging", "test_logging_tool"]) {
    server.registerTool(name, { description: "Logs what it does" }, async (context) => {
      for (const step of steps) await context.mcpReq.log("info", step);
      return saying("logged");
    });
  }
  server.registerTool("test_tool_with_progress", {
    description: "Reports progress",
  }, async (context) => {
    for (const progress of [0, 50, 100]) await report(context, progress);
    return saying("done");
  });
  server.registerTool("test_reconnection", {
    description: "Closes its stream; the result waits for whoever resumes it",
  }, (context) => {
    context.http?.closeSSE?.();
    return saying("resumed");
  });
}

async function report(context: ServerContext, progress: number): Promise<void> {
  const progressToken = context.mcpReq._meta?.progressToken;
  if (progressToken === undefined) return;
  await context.mcpReq.notify({
    method: "notifications/progress",
    params: { progressToken, progress, total: 100 },
  });
}
