/** Asking a gate whether it lives: real sockets, real TLS. */
import assert from "node:assert/strict";
import { askLiveness, type LivenessQuestion } from "../../src/cli/liveness.ts";

const TLS = new URL("../testdata/tls/", import.meta.url);

const CERTIFICATE = {
  cert: Deno.readTextFileSync(new URL("localhost.pem", TLS)),
  key: Deno.readTextFileSync(new URL("localhost.key.pem", TLS)),
};

/** A question to a server that answers as `answer` does; what it was asked is kept. */
async function ask(
  answer: (request: Request) => Response | Promise<Response>,
  question: Partial<LivenessQuestion>,
): Promise<{ status: number; asked: string[] }> {
  const asked: string[] = [];
  await using server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen: () => {},
    ...(question.secure === true ? CERTIFICATE : {}),
  }, (request) => {
    const { pathname } = new URL(request.url);
    asked.push(`${request.method} ${pathname} ${request.headers.get("host")}`);
    return answer(request);
  });
  const status = await askLiveness({
    secure: false,
    hostname: "127.0.0.1",
    port: server.addr.port,
    host: "gate.example.com",
    verify: false,
    ...question,
  });
  return { status, asked };
}

const ok = () => new Response("ok");

Deno.test("askLiveness gets /healthz for the host it is told", async () => {
  const { status, asked } = await ask(ok, {});
  assert.deepEqual({ status, asked }, { status: 200, asked: ["GET /healthz gate.example.com"] });
});

Deno.test("askLiveness tells any other status", async () => {
  assert.equal((await ask(() => new Response("no", { status: 503 }), {})).status, 503);
});

Deno.test("askLiveness asks over TLS, whoever the certificate is for, where it need not verify", async () => {
  assert.equal((await ask(ok, { secure: true })).status, 200);
});

Deno.test("askLiveness takes no certificate that it does not trust, where it has to verify", async () => {
  await assert.rejects(ask(ok, { secure: true, verify: true, host: "localhost" }));
});

Deno.test("askLiveness rejects where nothing listens", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  await assert.rejects(ask(ok, { port }), /ECONNREFUSED/);
});
