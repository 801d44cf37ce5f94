/**
 * Whether a live MCP server can be spoken to at all: which revisions it knows, what time it has, and
 * where it cannot, what kind of trouble that is. What to do about it is said elsewhere.
 */
import { fieldValues, type Upstream, UpstreamError } from "../upstream/upstream.ts";
import { SurveyError } from "./channel.ts";
import { LegacyChannel } from "./legacy_channel.ts";
import { type Asking, askRevisions } from "./offer.ts";

/** What asking came to. */
export type Health =
  | {
    readonly ok: true;
    /** Oldest first. */
    readonly revisions: readonly string[];
    /** The server's clock by its `Date` field, in milliseconds since the epoch, or null. */
    readonly dateMs: number | null;
  }
  | {
    readonly ok: false;
    readonly trouble: Trouble;
    readonly detail: string;
    /** Where a redirect points, or null. */
    readonly location: string | null;
  };

/** Kinds of trouble that ask for different remedies. */
export type Trouble =
  | "unreachable"
  | "timeout"
  | "broken"
  | "redirect"
  | "credentials"
  | "wrong_transport"
  | "no_mcp";

/** Asks the server for its revisions. Never rejects for what the server does. */
export async function askHealth(asking: Asking): Promise<Health> {
  let dateMs: number | null = null;
  const upstream: Upstream = {
    ask: (request, asker) =>
      asking.upstream.ask(request, {
        onReply: (reply) => {
          const date = Date.parse(fieldValues(reply.fields, "date")[0] ?? "");
          if (!Number.isNaN(date)) dateMs = date;
          asker.onReply(reply);
        },
        onFailure: (error) => asker.onFailure(error),
      }),
    close: () => asking.upstream.close(),
  };
  try {
    const revisions = await askRevisions({ ...asking, upstream });
    return { ok: true, revisions, dateMs };
  } catch (error) {
    return await troubleOf(error, asking);
  }
}

async function troubleOf(error: unknown, asking: Asking): Promise<Health> {
  const told = (trouble: Trouble, detail: string, location: string | null = null): Health => ({
    ok: false,
    trouble,
    detail,
    location,
  });
  if (error instanceof UpstreamError) {
    return told(error.kind === "aborted" ? "timeout" : error.kind, error.message);
  }
  if (!(error instanceof SurveyError)) throw error;
  const { status, message, location } = error;
  if (status === null) return told("timeout", message);
  if (location !== null && status >= 300 && status < 400) {
    return told("redirect", message, location);
  }
  if (status === 401 || status === 403) return told("credentials", message);
  if (await speaksOther(asking)) return told("wrong_transport", message);
  return told("no_mcp", message);
}

/** Whether the URL is one of the transport that is not configured. */
async function speaksOther(asking: Asking): Promise<boolean> {
  const { upstream, calling, url, transport } = asking;
  try {
    if (transport === "sse") {
      return (await askRevisions({ ...asking, transport: "http" })).length > 0;
    }
    (await LegacyChannel.open(upstream, { ...calling, timeoutMs: 3000 }, url)).close();
    return true;
  } catch (error) {
    if (error instanceof UpstreamError || error instanceof SurveyError) return false;
    throw error;
  }
}
