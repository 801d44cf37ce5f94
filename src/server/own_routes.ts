/**
 * The routes that the gate answers itself, as a Hono application: liveness, and stubs that tell
 * OAuth clients that there is no OAuth here (PROTOCOL §1.11, D26 and D27). None is ever proxied:
 * some clients send their API key to the discovery paths. Knows nothing of MCP.
 */
import { Hono } from "hono";
import type { OwnRoutes } from "../gate/own_routes.ts";

/** The one route that monitors ask every few seconds, and that says nothing of anybody. */
const LIVENESS = "/healthz";

/** What may be one of ours. All other paths never meet the router. */
const CANDIDATE =
  /^\/(?:healthz|register|token|authorize|\.well-known\/(?:oauth-|openid-configuration).*)$/;

/** `Request` refuses some others by throwing. */
const METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "POST"]);

const NO_OAUTH =
  "This server uses API keys, not OAuth. Set the header Authorization: Bearer <key>.";

/** The gate's own routes. */
export function ownRoutes(): OwnRoutes {
  const app = routes();
  return {
    answer(method, path) {
      if (!METHODS.has(method) || !CANDIDATE.test(path)) return null;
      const url = `http://gate${path}`;
      // Paths are compared byte for byte: one that a URL would tidy up is none of ours.
      if (!URL.canParse(url) || new URL(url).pathname !== path) return null;
      return ask(app, method, path, url);
    },
  };
}

async function ask(app: Hono, method: string, path: string, url: string) {
  const response = await app.request(url, { method });
  if (response.headers.has("x-none-of-ours")) return null;
  const body = new Uint8Array(await response.arrayBuffer());
  return {
    status: response.status,
    fields: [...response.headers],
    body: body.length === 0 ? null : body,
    audited: path !== LIVENESS,
  };
}

function routes(): Hono {
  const app = new Hono();
  app.get(LIVENESS, (c) => c.text("ok", 200, { "cache-control": "no-store, no-transform" }));
  // Exactly 404: clients take only that for "no OAuth", and anything better for "log in first".
  const undiscoverable = { error: "unsupported", error_description: NO_OAUTH };
  for (const name of ["oauth-*", "openid-configuration*"]) {
    app.all(
      `/.well-known/:name{${name.replace("*", "[^/]*")}}/*`,
      (c) => c.json(undiscoverable, 404),
    );
  }
  const refused = { error: "invalid_request", error_description: NO_OAUTH };
  for (const path of ["/register", "/token", "/authorize"]) {
    app.post(path, (c) => c.json(refused, 400));
  }
  app.get("/authorize", (c) => c.json(refused, 400));
  app.notFound((c) => c.body(null, 404, { "x-none-of-ours": "" }));
  return app;
}
