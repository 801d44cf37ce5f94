/** What a small `tools/call` costs over TLS, beside nginx where that ends TLS before the same server. */
import type { BenchTools } from "./bench_tools.ts";
import { comparison } from "./comparison.ts";
import type { Course } from "./contest.ts";
import { CALL } from "./fixed_reply.ts";
import { asked, BENCH_TLS, benchKey, startGate } from "./gate_scene.ts";
import { NginxProcess } from "./nginx_process.ts";
import type { Table } from "./row.ts";

/** In every answer. */
const PART = "date,amount";

/** Kept connections, all stages on; `nginx` is the program. */
export async function overTls(nginx: string, tools: BenchTools, course: Course): Promise<Table> {
  await using stack = new AsyncDisposableStack();
  const question = { key: benchKey(["tool_0"]), body: CALL };
  const { fixed } = tools;
  const { paths } = BENCH_TLS;
  const scene = { upstream: fixed.url("/call"), key: question.key };
  const proxy = stack.use(await NginxProcess.proxyTls(nginx, fixed.port, paths));
  const plain = stack.use(await startGate(scene));
  const secure = stack.use(await startGate({ ...scene, settings: { tls: paths } }));
  const url = `https://127.0.0.1:${proxy.port}/call`;
  return await comparison(
    `tools/call over TLS, all stages, ${course.connections} connections`,
    "Handshakes are few: connections are kept. The certificate's key is on P-256.",
    [
      { subject: asked("nginx, TLS", url, proxy.pid, question), part: PART },
      { subject: asked("gate, plain", plain.url, plain.pid, question), part: PART },
      {
        subject: asked("gate, TLS", secure.url, secure.pid, question),
        part: PART,
        beside: "nginx, TLS",
      },
    ],
    course,
  );
}
