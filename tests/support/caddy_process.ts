/**
 * Caddy as a front: a process of its own that passes everything to one port, set up by the lines
 * that its users write. Knows nothing of what it stands before.
 */
import { ChildProgram } from "./child_program.ts";
import { eventually } from "./eventually.ts";
import { onFreePort } from "./free_port.ts";

/** One Caddy. */
export class CaddyProcess implements AsyncDisposable {
  private constructor(
    readonly port: number,
    private readonly program: ChildProgram,
    private readonly folder: string,
  ) {}

  /**
   * Starts one on loopback.
   *
   * @param caddy Its program
   * @param options Lines of its `reverse_proxy`
   */
  static start(caddy: string, upstreamPort: number, options = ""): Promise<CaddyProcess> {
    return onFreePort(async (port) => {
      await using stack = new AsyncDisposableStack();
      const folder = await Deno.makeTempDir({ prefix: "mcpgate_caddy_" });
      stack.defer(() => Deno.remove(folder, { recursive: true }));
      await Deno.writeTextFile(`${folder}/Caddyfile`, caddyfile(port, upstreamPort, options));
      const program = stack.use(
        await ChildProgram.start({
          command: caddy,
          args: ["run", "--config", `${folder}/Caddyfile`, "--adapter", "caddyfile"],
          env: { HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder },
        }),
      );
      await program.said(/serving initial configuration/);
      await eventually("Caddy listens", () => isListening(port));
      stack.move();
      return new CaddyProcess(port, program, folder);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program[Symbol.asyncDispose]();
    await Deno.remove(this.folder, { recursive: true });
  }
}

function caddyfile(port: number, upstreamPort: number, options: string): string {
  return `
{
  admin off
  auto_https off
}
http://:${port} {
  bind 127.0.0.1
  reverse_proxy 127.0.0.1:${upstreamPort} {
    ${options}
  }
}
`;
}

async function isListening(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch {
    return false;
  }
}
