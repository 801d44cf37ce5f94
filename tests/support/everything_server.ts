/**
 * The official reference server, `@modelcontextprotocol/server-everything`, unmodified and as a
 * process of its own: Streamable HTTP with sessions, on the newest revision the first SDK speaks, or
 * the HTTP+SSE transport of 2024-11-05.
 */
import { ChildProgram } from "./child_program.ts";
import { onFreePort } from "./free_port.ts";

/** The package as it is locked. */
const PACKAGE = "npm:@modelcontextprotocol/server-everything@2026.8.31";

/** Where each of its transports is served. */
const PATHS = { streamableHttp: "/mcp", sse: "/sse" };

/** A transport of its. */
export type EverythingTransport = keyof typeof PATHS;

/** A running reference server. */
export class EverythingServer implements AsyncDisposable {
  private constructor(
    readonly port: number,
    readonly program: ChildProgram,
    readonly transport: EverythingTransport,
  ) {}

  /** Starts one on a free port. */
  static start(transport?: EverythingTransport): Promise<EverythingServer> {
    return onFreePort((port) => EverythingServer.startOn(port, transport));
  }

  /** Starts one on `port`, for tests in which it comes back. */
  static async startOn(
    port: number,
    transport: EverythingTransport = "streamableHttp",
  ): Promise<EverythingServer> {
    await using stack = new AsyncDisposableStack();
    const program = stack.use(
      await ChildProgram.start({
        command: Deno.execPath(),
        // Its `get-env` tool tells its environment to whoever asks; it gets next to none.
        args: ["run", "--allow-all", "--quiet", PACKAGE, transport],
        env: { PORT: String(port) },
      }),
    );
    await program.said(/(?:listening|running) on port/);
    stack.move();
    return new EverythingServer(port, program, transport);
  }

  /** Where it serves MCP. */
  get url(): string {
    return `http://127.0.0.1:${this.port}${PATHS[this.transport]}`;
  }

  /** Ends it at once, as a crash would; the port is free when it settles. */
  async kill(): Promise<void> {
    this.program.signal("SIGKILL");
    await this.program.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program[Symbol.asyncDispose]();
  }
}
