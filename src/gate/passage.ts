/**
 * The way of a permitted exchange: up to the upstream with fields of the gate's own and the judged
 * bytes, and back through the screen. Decides nothing about who may do what.
 */
import type { Agreement } from "../mcp/era.ts";
import type { Call, Id } from "../mcp/message.ts";
import { fieldValues, UpstreamError } from "../upstream/upstream.ts";
import type { UpstreamReply } from "../upstream/upstream.ts";
import type { HeldBody } from "./body.ts";
import { errorText } from "./denial.ts";
import type { Denial } from "./denial.ts";
import type { Exchange } from "./exchange.ts";
import type { OpenHandles } from "./open_handles.ts";
import { errorEvents, isErrorBody, readWhole, relayEvents, screenedBody } from "./relay.ts";
import { replyForm } from "./reply_head.ts";
import { ReplyScreen, wireRules } from "./reply_screen.ts";
import { sessionDigest } from "./seal.ts";
import { upstreamFields } from "./upstream_request.ts";

/** What the judgement found out on the way. */
export interface Permitted {
  readonly agreement: Agreement;
  readonly handles: OpenHandles;
  readonly body: HeldBody;
  readonly refuse: (denial: Denial) => Promise<void>;
}

/** One way up and back. */
export class Passage {
  readonly #exchange: Exchange;
  readonly #permitted: Permitted;
  /** What the reply is judged as answering: of a batch, its first element. */
  readonly #call: Call;
  #sessionFields: [string, string][] = [];
  #faults = "";

  constructor(exchange: Exchange, permitted: Permitted) {
    this.#exchange = exchange;
    this.#permitted = permitted;
    this.#call = exchange.calls[0] as Call;
  }

  /**
   * Sends the judged bytes up and the reply down.
   *
   * @param substitute Goes up in their place: the gate's answer for a client reply it refused
   */
  async forward(substitute?: Uint8Array): Promise<void> {
    const { generation, record } = this.#exchange;
    const { body } = this.#permitted;
    let reply: UpstreamReply;
    try {
      reply = await this.#send(substitute ?? body.bytes);
    } catch (error) {
      return await this.#unavailable(error);
    } finally {
      body[Symbol.dispose]();
    }
    try {
      if (substitute !== undefined) return await this.#empty(202);
      if (!this.#takeSession(reply)) {
        return await this.#unavailable(new UpstreamError("broken", "session id is too long"));
      }
      const form = replyForm(reply, this.#call);
      switch (form.form) {
        case "sse":
          return await this.#events(reply);
        case "json":
          return await this.#json(reply, 200, []);
        case "refusal":
          return await this.#json(reply, form.status, form.fields);
        case "empty":
          return await this.#empty(form.status, this.#sessionFields);
        case "failure":
          return await this.#unavailable(new UpstreamError("broken", form.detail));
      }
    } finally {
      reply.cancel();
      if (this.#faults !== "") {
        record.refused({ ...FILTER_FAILED, detail: this.#faults });
        generation.log.warn(`exchange ${record.exchange}: ${this.#faults}`);
      }
    }
  }

  #send(bytes: Uint8Array): Promise<UpstreamReply> {
    const { generation, incoming, principal, signal } = this.#exchange;
    const { agreement, handles } = this.#permitted;
    const method = incoming.method === "GET" || incoming.method === "DELETE"
      ? incoming.method
      : "POST";
    return generation.upstream.send({
      method,
      fields: upstreamFields(
        {
          method,
          fields: incoming.fields,
          agreement,
          ...handles,
          label: principal.label,
        },
        generation.config,
        generation.credentials,
      ),
      body: method === "POST" ? bytes : null,
      headTimeoutMs: generation.config.upstream.timeoutMs,
      signal,
    });
  }

  /** A whole JSON body: an answer, or with `status` over 200 the upstream's own refusal. */
  async #json(reply: UpstreamReply, status: number, fields: [string, string][]): Promise<void> {
    const { generation, answering } = this.#exchange;
    const screen = this.#screen();
    let passed: Uint8Array | null;
    try {
      const bytes = await readWhole(reply, generation.config.limits.replyBytes);
      passed = bytes === null || (status !== 200 && !isErrorBody(bytes))
        ? null
        : screenedBody(bytes, screen);
    } catch (error) {
      return await this.#unavailable(error);
    }
    if (passed === null && status === 200) {
      return await this.#unavailable(new UpstreamError("broken", "reply cannot be passed on"));
    }
    await answering.send({
      status,
      fields: [["content-type", "application/json"], ...fields, ...this.#sessionFields],
      body: passed ?? encoder.encode(this.#genericRefusal()),
    });
  }

  async #events(reply: UpstreamReply): Promise<void> {
    const { generation, answering, record } = this.#exchange;
    const { handles, agreement } = this.#permitted;
    const { sealer, config } = generation;
    const { label } = this.#exchange.principal;
    const session = handles.session ?? fieldValues(reply.fields, "mcp-session-id")[0] ?? "";
    const screen = this.#screen();
    const stream = answering.stream(this.#sessionFields);
    try {
      const end = await relayEvents(reply, stream, {
        screen,
        sealEventId: (id) =>
          config.mcp.resume === "off" ? null : sealer.seal("event", label, session, id),
        maxEventBytes: config.limits.replyBytes,
      });
      const cut = this.#exchange.cutBy;
      if (cut === "client_gone") return;
      const mayResume = end.idSeen && cut === null && config.mcp.resume === "on";
      if (screen.unanswered.size > 0 && !mayResume) {
        const denial = CUT_DENIALS[cut ?? "upstream"];
        await stream.write(errorEvents(screen.unanswered, denial, agreement.era));
      }
      if (!end.ok && cut === null) {
        record.refused({ ...UNAVAILABLE, detail: end.detail });
        record.end = "upstream_error";
      }
      await stream.end();
    } catch (error) {
      stream.abort();
      throw error;
    }
  }

  async #empty(status: number, fields: [string, string][] = []): Promise<void> {
    await this.#exchange.answering.send({ status, fields, body: null });
  }

  /** Tells the caller that there is no reply, and the audit log why. */
  async #unavailable(error: unknown): Promise<void> {
    const { cutBy: cut, record } = this.#exchange;
    const { refuse } = this.#permitted;
    if (cut === "client_gone") return;
    if (cut !== null) return await refuse(CUT_DENIALS[cut]);
    if (!(error instanceof UpstreamError)) throw error;
    record.end = "upstream_error";
    const kind = error.kind === "timeout" ? "upstream_timeout" : "upstream";
    await refuse({ ...UNAVAILABLE, kind, detail: `${error.kind}: ${error.message}` });
  }

  #screen(): ReplyScreen {
    const { ruling, calls, generation } = this.#exchange;
    const { agreement } = this.#permitted;
    const awaited = calls.flatMap((call): Id[] => call.kind === "request" ? [call.id] : []);
    const rules = wireRules({
      era: agreement.era,
      method: this.#call.kind === "request" ? this.#call.method : null,
      instructions: generation.config.mcp.instructions,
    });
    return new ReplyScreen(rules, ruling.filters, ruling.filtersTouch, awaited, (error) => {
      this.#faults ||= `a reply filter failed: ${error}`;
    });
  }

  /** Seals the session that the reply names, if any; false where that cannot be done. */
  #takeSession(reply: UpstreamReply): boolean {
    const { generation, principal, record } = this.#exchange;
    const { agreement } = this.#permitted;
    const [session] = fieldValues(reply.fields, "mcp-session-id");
    if (session === undefined || agreement.era === "modern") return true;
    record.session = sessionDigest(session);
    const sealed = generation.sealer.seal("session", principal.label, "", session);
    if (sealed === null) return false;
    this.#sessionFields = [["mcp-session-id", sealed]];
    return true;
  }

  #genericRefusal(): string {
    const id = this.#call.kind === "request" ? this.#call.id : null;
    return errorText(REFUSED_BY_UPSTREAM, id, this.#permitted.agreement.era);
  }
}

const UNAVAILABLE: Denial = {
  kind: "upstream",
  stage: "upstream",
  reason: "Upstream MCP server unavailable",
};

const REFUSED_BY_UPSTREAM: Denial = {
  kind: "upstream",
  stage: "upstream",
  reason: "Upstream MCP server refused the request",
};

const FILTER_FAILED: Denial = {
  kind: "unavailable",
  stage: "door",
  reason: "A message was withheld",
};

/** What is told to those still waiting when an exchange is ended early. */
const CUT_DENIALS: Readonly<Record<"revoked" | "shutdown" | "upstream", Denial>> = {
  revoked: { kind: "unauthenticated", stage: "door", reason: "API key is no longer valid" },
  shutdown: { kind: "shutdown", stage: "door", reason: "Gateway is shutting down" },
  upstream: UNAVAILABLE,
};

const encoder = new TextEncoder();
