/**
 * The prompts, resources and skills of the conformance suite: what is listed, completed, read and
 * subscribed to.
 */
import { completable, ResourceTemplate } from "@modelcontextprotocol/server";
import type { McpServer } from "@modelcontextprotocol/server";
import { memorySkillFiles, SkillsExtension } from "@modelcontextprotocol/server/ext/skills";
import { z } from "zod";
import { PIXEL } from "./plain_tools.ts";

const SKILLS = await SkillsExtension.load(memorySkillFiles({
  "tidy-up/SKILL.md":
    "---\nname: tidy-up\ndescription: Puts things where they belong\n---\n\n# Tidy up\n\nRead [places](references/PLACES.md).\n",
  "tidy-up/references/PLACES.md": "# Places\n\nThe broom lives behind the door.\n",
}));

/** Registers them. */
export function addOfferedTexts(server: McpServer): void {
  addResources(server);
  addPrompts(server);
  SKILLS.attach(server);
}

function addResources(server: McpServer): void {
  const texts = {
    "test://static-text": "This is the content of the static text resource.",
    "test://watched-resource": "Watched resource content",
  };
  for (const [uri, text] of Object.entries(texts)) {
    const mimeType = "text/plain";
    server.registerResource(uri.slice(7), uri, { description: "A text", mimeType }, () => ({
      contents: [{ uri, mimeType, text }],
    }));
  }
  const uri = "test://static-binary";
  const mimeType = "image/png";
  server.registerResource("static-binary", uri, { description: "An image", mimeType }, () => ({
    contents: [{ uri, mimeType, blob: PIXEL }],
  }));
  const template = new ResourceTemplate("test://template/{id}/data", { list: undefined });
  server.registerResource("template", template, {
    description: "One text for each id",
    mimeType: "application/json",
  }, (uri, { id }) => ({
    contents: [{
      uri: uri.href,
      mimeType: "application/json",
      text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` }),
    }],
  }));
  // The session takes note of nothing: who subscribes is told of changes, and nothing changes.
  server.server.setRequestHandler("resources/subscribe", () => ({}));
  server.server.setRequestHandler("resources/unsubscribe", () => ({}));
}

function addPrompts(server: McpServer): void {
  server.registerPrompt(
    "test_simple_prompt",
    { description: "A prompt" },
    () => asked({ type: "text", text: "This is a simple prompt for testing." }),
  );
  server.registerPrompt(
    "test_prompt_with_arguments",
    {
      description: "A prompt with arguments",
      argsSchema: z.object({
        arg1: completable(z.string().describe("First test argument"), () => ["test", "tests"]),
        arg2: z.string().describe("Second test argument"),
      }),
    },
    ({ arg1, arg2 }) =>
      asked({ type: "text", text: `Prompt with arguments: arg1='${arg1}', arg2='${arg2}'` }),
  );
  server.registerPrompt("test_prompt_with_embedded_resource", {
    description: "A prompt around a resource",
    argsSchema: z.object({ resourceUri: z.string().describe("What to embed") }),
  }, ({ resourceUri: uri }) =>
    asked(
      {
        type: "resource",
        resource: { uri, mimeType: "text/plain", text: "Embedded resource content for testing." },
      },
      { type: "text", text: "Please process the embedded resource above." },
    ));
  server.registerPrompt(
    "test_prompt_with_image",
    { description: "A prompt with an image" },
    () =>
      asked(
        { type: "image", data: PIXEL, mimeType: "image/png" },
        { type: "text", text: "Please analyze the image above." },
      ),
  );
}

function asked<Content>(...contents: Content[]) {
  return { messages: contents.map((content) => ({ role: "user" as const, content })) };
}
