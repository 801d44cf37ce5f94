/**
 * One ordinary message for every method of every revision, in the shape the official SDK clients give
 * it. The strict reader must accept each of them, or it is too strict for real clients.
 */
const MODERN_META = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientInfo": { name: "inspector", title: "Inspector", version: "2.3.0" },
  "io.modelcontextprotocol/clientCapabilities": {
    sampling: { tools: {} },
    elicitation: { form: {}, url: {} },
    extensions: { "io.modelcontextprotocol/tasks": {} },
  },
  "io.modelcontextprotocol/logLevel": "info",
  progressToken: 7,
};

/** Requests before 2026-07-28, without envelope. */
export const LEGACY_REQUESTS: readonly { method: string; params?: object }[] = [
  {
    method: "initialize",
    params: {
      protocolVersion: "2025-11-25",
      capabilities: { roots: { listChanged: true }, sampling: {}, elicitation: { form: {} } },
      clientInfo: { name: "ExampleClient", title: "Example Client", version: "1.0.0", icons: [] },
    },
  },
  { method: "ping" },
  { method: "ping", params: {} },
  { method: "tools/list" },
  { method: "tools/list", params: { cursor: "optional-cursor-value" } },
  { method: "tools/list", params: { _meta: { progressToken: "abc123" } } },
  { method: "tools/call", params: { name: "get_weather", arguments: { location: "New York" } } },
  { method: "tools/call", params: { name: "no_arguments" } },
  {
    method: "tools/call",
    params: {
      name: "crypto.sign-v2",
      arguments: { id: 1, ID: 2, Name: "x", "ключ": [1.0, -0, 1e400, null], __proto__x: {} },
      _meta: { progressToken: 0, "com.example/trace": "00-0af7651916cd43dd8448eb211c80319c-01" },
    },
  },
  {
    method: "tools/call",
    params: { name: "long_job", arguments: {}, task: { ttl: 60000 } },
  },
  { method: "resources/list", params: { cursor: "" } },
  { method: "resources/templates/list" },
  { method: "resources/read", params: { uri: "file:///project/src/main.rs" } },
  { method: "resources/subscribe", params: { uri: "file:///project/src/main.rs" } },
  { method: "resources/unsubscribe", params: { uri: "file:///project/src/main.rs" } },
  { method: "prompts/list" },
  { method: "prompts/get", params: { name: "code_review", arguments: { code: "def a():\n  1" } } },
  {
    method: "completion/complete",
    params: {
      ref: { type: "ref/prompt", name: "code_review", title: "Review" },
      argument: { name: "language", value: "py" },
      context: { arguments: { framework: "flask" } },
    },
  },
  {
    method: "completion/complete",
    params: {
      ref: { type: "ref/resource", uri: "file:///{path}" },
      argument: { name: "path", value: "" },
    },
  },
  { method: "logging/setLevel", params: { level: "info" } },
  { method: "tasks/get", params: { taskId: "786512e2-9e0d-44bd-8f29-789f320fe840" } },
  { method: "tasks/result", params: { taskId: "786512e2-9e0d-44bd-8f29-789f320fe840" } },
  { method: "tasks/cancel", params: { taskId: "786512e2-9e0d-44bd-8f29-789f320fe840" } },
  { method: "tasks/list", params: { cursor: "next-page" } },
];

/** Requests of 2026-07-28, without envelope. */
export const MODERN_REQUESTS: readonly { method: string; params: object }[] = [
  { method: "server/discover", params: {} },
  { method: "tools/list", params: { cursor: "abc" } },
  { method: "tools/call", params: { name: "get_weather", arguments: { location: "Łódź" } } },
  {
    method: "tools/call",
    params: {
      name: "book",
      arguments: {},
      requestState: "eyJzdGF0ZSI6MX0",
      inputResponses: {
        confirm: { action: "accept", content: { Name: "Ada", type: "window", Type: "seat" } },
        summary: {
          role: "assistant",
          content: { type: "text", text: "Fine" },
          model: "m",
          stopReason: "endTurn",
        },
        roots: { roots: [{ uri: "file:///home", name: "home" }] },
      },
    },
  },
  { method: "resources/list", params: {} },
  { method: "resources/templates/list", params: {} },
  { method: "resources/read", params: { uri: "ui://weather/card?x=1,2" } },
  { method: "prompts/list", params: {} },
  { method: "prompts/get", params: { name: "greet" } },
  {
    method: "completion/complete",
    params: { ref: { type: "ref/prompt", name: "greet" }, argument: { name: "who", value: "A" } },
  },
  {
    method: "subscriptions/listen",
    params: {
      notifications: {
        toolsListChanged: true,
        promptsListChanged: false,
        resourcesListChanged: true,
        resourceSubscriptions: ["file:///a", "file:///b"],
        taskIds: ["t-1"],
      },
    },
  },
  { method: "tasks/get", params: { taskId: "t-1" } },
  {
    method: "tasks/update",
    params: { taskId: "t-1", inputResponses: { a: { action: "decline" } } },
  },
  { method: "tasks/cancel", params: { taskId: "t-1" } },
  { method: "skills/list", params: {} },
  { method: "skills/get", params: { uri: "skill://demo/SKILL.md" } },
  { method: "resources/directory/read", params: { uri: "skill://demo" } },
].map(({ method, params }) => ({ method, params: { ...params, _meta: MODERN_META } }));

/** Notifications of all revisions, without envelope. */
export const NOTIFICATIONS: readonly { method: string; params?: object }[] = [
  { method: "notifications/initialized" },
  { method: "notifications/cancelled", params: { requestId: "123", reason: "User requested" } },
  { method: "notifications/cancelled", params: { requestId: 12 } },
  {
    method: "notifications/progress",
    params: { progressToken: "abc", progress: 50, total: 100, message: "Reticulating" },
  },
  { method: "notifications/roots/list_changed" },
  {
    method: "notifications/tasks/status",
    params: {
      taskId: "t-1",
      status: "completed",
      createdAt: "2025-11-25T10:30:00Z",
      lastUpdatedAt: "2025-11-25T10:50:00Z",
      ttl: 60000,
      pollInterval: 5000,
    },
  },
];

/** Replies to requests of the upstream's, without envelope. */
export const REPLIES: readonly { result?: object; error?: object }[] = [
  { result: {} },
  { result: { roots: [{ uri: "file:///home/user/project", name: "My Project" }] } },
  {
    result: {
      role: "assistant",
      content: { type: "text", text: "The capital of France is Paris." },
      model: "claude-3-sonnet-20240307",
      stopReason: "endTurn",
    },
  },
  {
    result: {
      role: "assistant",
      content: [
        { type: "text", text: "Looking" },
        { type: "tool_use", id: "call_abc123", name: "get_weather", input: { Type: 1, Name: 2 } },
      ],
      model: "claude-3-sonnet-20240307",
      stopReason: "toolUse",
    },
  },
  { result: { action: "accept", content: { Name: "Monalisa", Email: "m@example.com", age: 30 } } },
  { result: { action: "decline" } },
  { result: { task: { taskId: "t-9", status: "working", ttl: 60000 } } },
  { error: { code: -1, message: "User rejected sampling request", data: { Result: [] } } },
];

/** A whole message with what every one has. */
export function enveloped(message: object, id?: string | number): object {
  return id === undefined ? { jsonrpc: "2.0", ...message } : { jsonrpc: "2.0", id, ...message };
}
