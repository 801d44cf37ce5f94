/**
 * What to paste into which client, for an endpoint and a key. Text only.
 */

/** How one client is told about the gate. */
export interface Snippet {
  readonly client: string;
  /** Where the text belongs. */
  readonly where: string;
  readonly text: string;
}

/** The snippets for `url` and `key`, the server being called `name`. */
export function clientSnippets(name: string, url: string, key: string): Snippet[] {
  const header = `Authorization: Bearer ${key}`;
  const headers = { Authorization: `Bearer ${key}` };
  const json = (value: unknown) => JSON.stringify(value, null, 2);
  return [
    {
      client: "Claude Code",
      where: "in a shell",
      text: `claude mcp add --transport http ${name} ${url} --header "${header}"`,
    },
    {
      client: "Claude Code",
      where: "or in .mcp.json of a project",
      text: json({ mcpServers: { [name]: { type: "http", url, headers } } }),
    },
    {
      client: "VS Code",
      where: ".vscode/mcp.json",
      text: json({ servers: { [name]: { type: "http", url, headers } } }),
    },
    {
      client: "Cursor",
      where: "~/.cursor/mcp.json",
      text: json({ mcpServers: { [name]: { url, headers } } }),
    },
    {
      client: "MCP Inspector",
      where: "in a shell",
      // Without "@latest" npx takes an old one, of other flags, where Node is old.
      text: `npx @modelcontextprotocol/inspector@latest --cli ${url} --transport http \\\n` +
        `  --header "${header}" --method tools/list`,
    },
  ];
}
