/**
 * A front as `docs/fronts.md` says to set it up: the very files of `deploy/recipes`, with this machine's
 * ports, certificate and name in the place of those in them. Knows nothing of what it stands before.
 */
import { fileURLToPath } from "node:url";
import { ChildProgram } from "./child_program.ts";
import { eventually } from "./eventually.ts";
import { onFreePort } from "./free_port.ts";

const RECIPES = new URL("../../deploy/recipes/", import.meta.url);
const TLS = new URL("../testdata/tls/", import.meta.url);

const CERT = fileURLToPath(new URL("localhost.pem", TLS));
const KEY = fileURLToPath(new URL("localhost.key.pem", TLS));

/** Who vouches for the fronts' certificate. */
export const FRONT_CA: string = Deno.readTextFileSync(new URL("ca.pem", TLS));

/** Starts a front of one kind, on a port of its own, before the gate on `gatePort`. */
export type FrontKind = (program: string, gatePort: number) => Promise<RecipeFront>;

/** A running front. */
export class RecipeFront implements AsyncDisposable {
  private constructor(
    readonly port: number,
    private readonly program: ChildProgram,
    private readonly folder: string,
  ) {}

  /** nginx by `nginx.conf`. */
  static nginx(this: void, nginx: string, gatePort: number): Promise<RecipeFront> {
    return RecipeFront.#start(async (port, folder) => {
      const server = await recipe("nginx.conf", {
        "listen 443 ssl;": `listen 127.0.0.1:${port} ssl;`,
        "server 127.0.0.1:8080;": `server 127.0.0.1:${gatePort};`,
        "server_name mcp.example.com;": "server_name localhost;",
        "/etc/letsencrypt/live/mcp.example.com/fullchain.pem": CERT,
        "/etc/letsencrypt/live/mcp.example.com/privkey.pem": KEY,
      });
      const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map((name) => `${name}_temp_path ${folder}/${name};`);
      await Deno.writeTextFile(
        `${folder}/nginx.conf`,
        `daemon off;\nmaster_process off;\npid ${folder}/pid;\nerror_log ${folder}/error.log;\n` +
          `events {}\nhttp {\naccess_log off;\n${paths.join("\n")}\n${server}\n}\n`,
      );
      return {
        command: nginx,
        args: ["-p", folder, "-c", `${folder}/nginx.conf`, "-e", `${folder}/error.log`],
      };
    });
  }

  /** Caddy by `Caddyfile`. */
  static caddy(this: void, caddy: string, gatePort: number): Promise<RecipeFront> {
    return RecipeFront.#start(async (port, folder) => {
      const site = await recipe("Caddyfile", {
        "mcp.example.com {": `https://localhost:${port} {\n\tbind 127.0.0.1\n\ttls ${CERT} ${KEY}`,
        "127.0.0.1:8080": `127.0.0.1:${gatePort}`,
      });
      await Deno.writeTextFile(
        `${folder}/Caddyfile`,
        `{\n\tadmin off\n\tauto_https off\n\tskip_install_trust\n}\n${site}`,
      );
      return {
        command: caddy,
        args: ["run", "--config", `${folder}/Caddyfile`, "--adapter", "caddyfile"],
        env: { HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder },
      };
    });
  }

  static #start(
    prepare: (port: number, folder: string) => Promise<Parameters<typeof ChildProgram.start>[0]>,
  ): Promise<RecipeFront> {
    return onFreePort(async (port) => {
      await using stack = new AsyncDisposableStack();
      const folder = await Deno.makeTempDir({ prefix: "mcpgate_front_" });
      stack.defer(() => Deno.remove(folder, { recursive: true }));
      const program = stack.use(await ChildProgram.start(await prepare(port, folder)));
      await eventually("the front listens", async () => {
        if (program.ended) throw new Error(`It ended: ${await program.stderr()}`);
        return await isListening(port);
      }, 20_000);
      stack.move();
      return new RecipeFront(port, program, folder);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program[Symbol.asyncDispose]();
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** The text of a recipe with other words in it, each of which is there. */
async function recipe(name: string, words: Readonly<Record<string, string>>): Promise<string> {
  let text = await Deno.readTextFile(new URL(name, RECIPES));
  for (const [from, to] of Object.entries(words)) {
    if (!text.includes(from)) throw new Error(`${name} says no "${from}"`);
    text = text.replaceAll(from, to);
  }
  return text;
}

async function isListening(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch {
    return false;
  }
}
