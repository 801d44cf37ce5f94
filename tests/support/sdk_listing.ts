/**
 * What the official clients of both SDKs offer under the same names, read as tests want it: lists as
 * names, contents as texts.
 */

/** What both clients offer under the same names. */
export interface Listing {
  getServerCapabilities(): object | undefined;
  listTools(page?: { cursor: string }): Promise<{
    tools: { name: string }[];
    nextCursor?: string | undefined;
  }>;
  listResources(): Promise<{ resources: { uri: string }[] }>;
  listResourceTemplates(): Promise<{ resourceTemplates: { uriTemplate: string }[] }>;
  readResource(params: { uri: string }): Promise<{ contents: unknown[] }>;
  listPrompts(): Promise<{ prompts: { name: string }[] }>;
  getPrompt(
    params: { name: string; arguments: Record<string, string> },
  ): Promise<{ messages: { content: unknown }[] }>;
}

/** What tests ask of a client by lists: names and texts. */
export function lists(client: Listing) {
  return {
    capabilities: () => Object.keys(client.getServerCapabilities() ?? {}).sort(),
    tools: () => toolNames(client),
    resources: async () => (await client.listResources()).resources.map((entry) => entry.uri),
    resourceTemplates: async () =>
      (await client.listResourceTemplates()).resourceTemplates.map((entry) => entry.uriTemplate),
    read: async (uri: string) => textOf({ content: (await client.readResource({ uri })).contents }),
    prompts: async () => (await client.listPrompts()).prompts.map((prompt) => prompt.name),
    prompt: async (name: string, args: Record<string, string> = {}) => {
      const { messages } = await client.getPrompt({ name, arguments: args });
      return textOf({ content: messages.map((message) => message.content) });
    },
  };
}

/** The v2 client goes from page to page by itself; the first SDK's gives each with its cursor. */
async function toolNames(client: Listing): Promise<string[]> {
  let page = await client.listTools();
  const names = page.tools.map((tool) => tool.name);
  while (page.nextCursor !== undefined) {
    page = await client.listTools({ cursor: page.nextCursor });
    names.push(...page.tools.map((tool) => tool.name));
  }
  return names;
}

/** The texts of a result's content, joined by line ends. */
export function textOf(result: object): string {
  const content = "content" in result && Array.isArray(result.content) ? result.content : [];
  return content.map((item: { text?: unknown }) => String(item.text)).join("\n");
}
