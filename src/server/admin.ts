/**
 * The operator's listener: liveness, readiness, metrics, and a page that shows what goes on. All of it
 * is read-only and speaks of no key, argument or result. There is no login: whoever reaches it may
 * look, so it belongs on loopback. Shows what it is lent, and knows no gate.
 */
import { Hono } from "hono";
import { AdminDoor } from "../gate/admin_door.ts";
import type { IncomingExchange } from "../gate/incoming.ts";
import type { Sight } from "../gate/sight.ts";
import { PAGE_ICON, PAGE_SCRIPT, PAGE_STYLE } from "./admin_assets.ts";
import { adminPage } from "./admin_page.ts";
import { AdminView } from "./admin_view.ts";
import { listen } from "./listener.ts";
import type { Listener } from "./listener.ts";
import { metricsText } from "./metrics_text.ts";

/** Where to listen, and what to show. */
export interface AdminOptions {
  readonly listen: { readonly hostname: string; readonly port: number };
  /** Host names that are allowed beside loopback ones. */
  readonly hosts: readonly string[];
  readonly sight: Sight;
  readonly log: { warn(text: string): void };
}

/** Enough for a monitor or two and a few browsers. */
const LIMITS = { connections: 256, connectionsPerAddress: 64, headerDeadlineMs: 10_000 };

/** What browsers are told with every answer: it is ours, stays here, and loads nothing foreign. */
const GUARDED: Readonly<Record<string, string>> = {
  "cache-control": "no-store, no-transform",
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
    "require-trusted-types-for 'script'; trusted-types 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/** Listens from now on. Throws where the address cannot be had. */
export function listenForAdmin(options: AdminOptions): Listener {
  const { sight, log, listen: { hostname, port } } = options;
  const door = new AdminDoor(options);
  const app = routes(sight);
  const listener = listen({
    hostname,
    port,
    log,
    limits: () => LIMITS,
    onExchange: async (exchange) => {
      try {
        await answer(app, door, exchange);
      } catch (error) {
        // A client that has left is no news; anything else must not end the program.
        if (!exchange.isGone) log.warn(`The operator's listener failed: ${error}`);
      }
    },
  });
  return {
    hostname,
    port: listener.port,
    isSecure: listener.isSecure,
    get connections() {
      return listener.connections;
    },
    // Who looks on and takes nothing must not keep the program from its end.
    stop: () => listener.abort(),
    abort: () => listener.abort(),
  };
}

async function answer(app: Hono, door: AdminDoor, exchange: IncomingExchange): Promise<void> {
  const asked = door.check(exchange);
  const response = "status" in asked
    ? new Response(`${asked.reason}\n`, {
      status: asked.status,
      headers: { "allow": "GET, HEAD", "content-type": "text/plain;charset=UTF-8" },
    })
    : await app.request(pathUrl(asked.path));
  for (const [name, value] of Object.entries(GUARDED)) response.headers.set(name, value);
  // All of it for HEAD, too: the writer tells its length and keeps it to itself.
  const body = new Uint8Array(await response.arrayBuffer());
  await exchange.reply.send(response.status, [...response.headers], body);
}

/** Paths are compared byte for byte: one that a URL or the router would tidy up is none of ours. */
function pathUrl(path: string): string {
  return /^\/[a-z]*(?:\.[a-z]+)?$/.test(path) ? `http://admin${path}` : "http://admin/none-of-ours";
}

function routes(sight: Sight): Hono {
  const app = new Hono();
  const view = new AdminView(sight);
  app.get("/healthz", (c) => c.text("ok"));
  app.get("/readyz", async (c) => {
    const readiness = await sight.readiness();
    return c.json(readiness, readiness.ready ? 200 : 503);
  });
  app.get("/metrics", async (c) => {
    const [snapshot, readiness] = await Promise.all([sight.snapshot(), sight.readiness()]);
    const type = "text/plain; version=0.0.4; charset=utf-8";
    return c.body(metricsText(snapshot, readiness, sight.program), 200, { "content-type": type });
  });
  app.get("/", async (c) => c.html(await adminPage(await view.look())));
  app.get("/live.json", async (c) => c.json(await view.look()));
  app.get("/snapshot.json", async (c) => c.json(await sight.snapshot()));
  const assets = { "/page.js": PAGE_SCRIPT, "/page.css": PAGE_STYLE, "/icon.svg": PAGE_ICON };
  for (const [path, { type, text }] of Object.entries(assets)) {
    app.get(path, (c) => c.body(text, 200, { "content-type": type }));
  }
  app.notFound((c) => c.text("Here are /, /healthz, /readyz and /metrics\n", 404));
  app.onError((error, c) => c.text(`Cannot be told: ${error.message}\n`, 500));
  return app;
}
