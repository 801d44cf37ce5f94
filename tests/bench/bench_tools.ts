/** What all tables of the macro bench are measured with: the servers behind, and the proxy beside. */
import { HelpingProcess } from "./helping_process.ts";
import { ANSWERS } from "./fixed_reply.ts";
import { NginxProcess } from "./nginx_process.ts";

/** Servers, each with nginx as a bare reverse proxy before it. */
export class BenchTools implements AsyncDisposable {
  readonly #stack: AsyncDisposableStack;

  private constructor(
    stack: AsyncDisposableStack,
    /** Answers the same texts again and again. */
    readonly fixed: NginxProcess,
    readonly beforeFixed: NginxProcess,
    /** Answers with the id that was asked with. */
    readonly echo: HelpingProcess,
    readonly beforeEcho: NginxProcess,
  ) {
    this.#stack = stack;
  }

  /** Starts all of them; `nginx` is the program. */
  static async start(nginx: string): Promise<BenchTools> {
    await using stack = new AsyncDisposableStack();
    const fixed = stack.use(await NginxProcess.upstream(nginx, ANSWERS));
    const beforeFixed = stack.use(await NginxProcess.proxy(nginx, fixed.port));
    const echo = stack.use(await HelpingProcess.start("echo_upstream.ts"));
    const beforeEcho = stack.use(await NginxProcess.proxy(nginx, echo.port));
    return new BenchTools(stack.move(), fixed, beforeFixed, echo, beforeEcho);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}
