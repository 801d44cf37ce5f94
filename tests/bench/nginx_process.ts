/**
 * nginx for two jobs: as an upstream whose every answer is a fixed text, so that what it costs is
 * the same in every row, and as the bare reverse proxy the gate is measured against. One process
 * each, with a folder and a configuration of its own.
 */
import { ChildProgram } from "../support/child_program.ts";
import { eventually } from "../support/eventually.ts";
import { onFreePort } from "../support/free_port.ts";

/** A fixed answer at its path. */
export interface FixedAnswer {
  readonly type: "application/json" | "text/event-stream";
  readonly body: string;
}

/** One nginx. */
export class NginxProcess implements AsyncDisposable {
  private constructor(
    readonly port: number,
    readonly program: ChildProgram,
    readonly folder: string,
  ) {}

  get pid(): number {
    return this.program.pid;
  }

  /** The URL of `path` on it. */
  url(path: string): string {
    return `http://127.0.0.1:${this.port}${path}`;
  }

  /** Answers every POST to a path of `answers` with the text given there. */
  static async upstream(
    nginx: string,
    answers: Readonly<Record<string, FixedAnswer>>,
  ): Promise<NginxProcess> {
    const folder = await newFolder();
    const locations = [];
    for (const [path, { type, body }] of Object.entries(answers)) {
      await Deno.writeTextFile(`${folder}${path}`, body);
      // A POST to a file is a 405, which is then answered with the file.
      locations.push(
        `location = ${path} { root ${folder}; default_type ${type}; error_page 405 =200 $uri; }`,
      );
    }
    return await start(nginx, folder, locations.join("\n"), "");
  }

  /**
   * Passes everything to port `upstreamPort`, by HTTP/1.1 over connections it keeps, by 1.0 over a
   * new one each time.
   */
  static async proxy(
    nginx: string,
    upstreamPort: number,
    version: "1.0" | "1.1" = "1.1",
  ): Promise<NginxProcess> {
    const connection = version === "1.1" ? 'proxy_set_header Connection "";' : "";
    const keepalive = version === "1.1" ? "keepalive 64;" : "";
    return await start(
      nginx,
      await newFolder(),
      `location / { proxy_pass http://up; proxy_http_version ${version}; ${connection} }`,
      `upstream up { server 127.0.0.1:${upstreamPort}; ${keepalive} }`,
    );
  }

  /** Speaks TLS, and passes everything to port `upstreamPort` by HTTP/1.1 over connections it keeps. */
  static async proxyTls(
    nginx: string,
    upstreamPort: number,
    files: TlsPaths,
  ): Promise<NginxProcess> {
    const asking = files.clientCa === undefined
      ? ""
      : `ssl_verify_client on; ssl_client_certificate ${files.clientCa};`;
    return await start(
      nginx,
      await newFolder(),
      `ssl_certificate ${files.cert}; ssl_certificate_key ${files.key}; ${asking}
    location / {
      proxy_pass http://up; proxy_http_version 1.1; proxy_buffering off;
      proxy_set_header Connection "";
    }`,
      `upstream up { server 127.0.0.1:${upstreamPort}; keepalive 64; }`,
      "ssl",
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program[Symbol.asyncDispose]();
    await Deno.remove(this.folder, { recursive: true });
  }

  /** For {@link start} only. */
  static of(port: number, program: ChildProgram, folder: string): NginxProcess {
    return new NginxProcess(port, program, folder);
  }
}

/** Paths of files in PEM. */
export interface TlsPaths {
  readonly cert: string;
  readonly key: string;
  /** Who vouches for clients, of whom a certificate is then wanted. */
  readonly clientCa?: string;
}

function newFolder(): Promise<string> {
  return Deno.makeTempDir({ prefix: "mcpgate_bench_" });
}

function start(
  nginx: string,
  folder: string,
  locations: string,
  upstreams: string,
  listening = "",
): Promise<NginxProcess> {
  return onFreePort(async (port) => {
    await Deno.writeTextFile(
      `${folder}/nginx.conf`,
      configuration(folder, `${port} ${listening}`, locations, upstreams),
    );
    await using stack = new AsyncDisposableStack();
    const program = stack.use(
      await ChildProgram.start({
        command: nginx,
        args: ["-p", folder, "-c", `${folder}/nginx.conf`, "-e", `${folder}/error.log`],
      }),
    );
    await eventually("nginx listens", async () => {
      if (program.ended) throw new Error(`nginx ended: ${await program.stderr()}`);
      return await isListening(port);
    });
    stack.move();
    return NginxProcess.of(port, program, folder);
  });
}

async function isListening(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch {
    return false;
  }
}

/** One process without a master, so that its id is the one that does the work. */
function configuration(
  folder: string,
  port: string,
  locations: string,
  upstreams: string,
): string {
  return `
daemon off;
master_process off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_requests 1000000000;
  keepalive_timeout 600s;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  ${upstreams}
  server {
    listen 127.0.0.1:${port};
    ${locations}
  }
}
`;
}
