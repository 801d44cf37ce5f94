/**
 * The tools and the prompt of the conformance suite that need an answer from the client before they
 * give theirs: elicitation, sampling and roots, one or several at a time, with and without a state
 * that travels along. Written once for both eras: the SDK asks an older client itself and hands a
 * newer one the questions.
 */
import {
  acceptedContent,
  CLIENT_CAPABILITIES_META_KEY,
  inputRequired,
  inputResponse,
} from "@modelcontextprotocol/server";
import type {
  ClientCapabilities,
  InputRequest,
  McpServer,
  RequestStateCodec,
  ServerContext,
} from "@modelcontextprotocol/server";
import { z } from "zod";
import { saying } from "./plain_tools.ts";

/** What travels through the client: how many rounds are behind. */
export type Rounds = RequestStateCodec<number>;

const NAME = z.object({ name: z.string() });
const COLOR = z.object({ color: z.string() });
const CONFIRMATION = z.object({ ok: z.boolean() });
const CONTEXT = z.object({ context: z.string() });

const NAME_QUESTION = elicit("What is your name?", NAME);
const SAMPLE_QUESTION = sample("What is the capital of France?");

/** Every kind of field with a default. */
const DEFAULTS_QUESTION = inputRequired.elicit({
  message: "Please review the fields",
  requestedSchema: {
    type: "object",
    properties: {
      name: { type: "string", default: "John Doe" },
      age: { type: "integer", default: 30 },
      score: { type: "number", default: 95.5 },
      status: { type: "string", enum: ["active", "inactive", "pending"], default: "active" },
      verified: { type: "boolean", default: true },
    },
    required: ["name"],
  },
});

const OPTIONS = ["option1", "option2", "option3"];
const TITLED = ["First", "Second", "Third"].map((word, at) => ({
  const: `value${at + 1}`,
  title: `${word} option`,
}));

/** Every way to write an enumeration. */
const ENUMS_QUESTION = inputRequired.elicit({
  message: "Please choose",
  requestedSchema: {
    type: "object",
    properties: {
      untitledSingle: { type: "string", enum: OPTIONS },
      titledSingle: { type: "string", oneOf: TITLED },
      legacyEnum: {
        type: "string",
        enum: ["opt1", "opt2", "opt3"],
        enumNames: ["Option one", "Option two", "Option three"],
      },
      untitledMulti: { type: "array", items: { type: "string", enum: OPTIONS } },
      titledMulti: { type: "array", items: { anyOf: TITLED } },
    },
  },
});

/** A question for a form of `requestedSchema`. */
export function elicit(message: string, requestedSchema: z.ZodObject): InputRequest {
  return inputRequired.elicit({ message, requestedSchema });
}

/** Registers them. */
export function addAskingTools(server: McpServer, rounds: Rounds): void {
  addOneQuestion(server, "test_elicitation_sep1034_defaults", DEFAULTS_QUESTION);
  addOneQuestion(server, "test_elicitation_sep1330_enums", ENUMS_QUESTION);
  addOneQuestion(server, "test_missing_capability", SAMPLE_QUESTION);
  addOneQuestion(server, "test_input_required_result_sampling", SAMPLE_QUESTION);
  addOneQuestion(server, "test_input_required_result_list_roots", inputRequired.listRoots());
  addQuestionsOfTheCaller(server);
  addNameQuestions(server);
  addStatefulTools(server, rounds);
  server.registerPrompt(
    "test_input_required_result_prompt",
    { description: "Asks for its context" },
    (context) => {
      const key = "user_context";
      const given = acceptedContent(context.mcpReq.inputResponses, key, CONTEXT);
      if (given === undefined) return asking({ [key]: elicit("Which context?", CONTEXT) });
      return { messages: [{ role: "user", content: { type: "text", text: given.context } }] };
    },
  );
}

/** Asks once and says what was answered, whatever it was. */
function addOneQuestion(server: McpServer, name: string, question: InputRequest): void {
  server.registerTool(name, { description: "Asks one question" }, (context) => {
    const answer = inputResponse(context.mcpReq.inputResponses, "question");
    if (answer.kind === "missing") return asking({ question });
    return saying(`Completed: ${JSON.stringify(answer)}`);
  });
}

function addQuestionsOfTheCaller(server: McpServer): void {
  server.registerTool("test_sampling", {
    description: "Asks the client's model",
    inputSchema: z.object({ prompt: z.string() }),
  }, ({ prompt }, context) => {
    const answer = inputResponse(context.mcpReq.inputResponses, "answer");
    if (answer.kind !== "sampling") return asking({ answer: sample(prompt) });
    return saying(`LLM response: ${JSON.stringify(answer.result.content)}`);
  });
  server.registerTool("test_elicitation", {
    description: "Asks the user",
    inputSchema: z.object({ message: z.string() }),
  }, ({ message }, context) => {
    const answer = inputResponse(context.mcpReq.inputResponses, "answer");
    const form = z.object({ response: z.string() });
    if (answer.kind !== "elicit") return asking({ answer: elicit(message, form) });
    return saying(`User response: ${JSON.stringify(answer)}`);
  });
}

function addNameQuestions(server: McpServer): void {
  for (const name of ["test_input_required_result_elicitation", "test_streaming_elicitation"]) {
    server.registerTool(name, { description: "Asks for a name" }, (context) => {
      const given = acceptedContent(context.mcpReq.inputResponses, "user_name", NAME);
      if (given === undefined) return asking({ user_name: NAME_QUESTION });
      return saying(`Hello, ${given.name}!`);
    });
  }
  server.registerTool("test_input_required_result_capabilities", {
    description: "Asks what the client can answer",
  }, (context) => {
    const { inputResponses } = context.mcpReq;
    if (inputResponses !== undefined) return saying("answered");
    const { sampling, elicitation } = declared(context);
    return asking({
      ...(sampling === undefined ? {} : { sample: SAMPLE_QUESTION }),
      ...(elicitation === undefined ? {} : { name: NAME_QUESTION }),
    });
  });
}

function addStatefulTools(server: McpServer, rounds: Rounds): void {
  const confirm = elicit("Please confirm", CONFIRMATION);
  for (const kind of ["request_state", "tampered_state"]) {
    server.registerTool(`test_input_required_result_${kind}`, {
      description: "Asks to confirm, and remembers that it did",
    }, async (context) => {
      const given = acceptedContent(context.mcpReq.inputResponses, "confirm", CONFIRMATION);
      if (given !== undefined && roundsBehind(context) === 1) return saying("state-ok");
      return asking({ confirm }, await rounds.mint(1, context));
    });
  }
  server.registerTool("test_input_required_result_multiple_inputs", {
    description: "Asks three questions at once",
  }, async (context) => {
    const { inputResponses } = context.mcpReq;
    const name = acceptedContent(inputResponses, "user_name", NAME);
    const greeting = inputResponse(inputResponses, "greeting");
    const roots = inputResponse(inputResponses, "client_roots");
    if (name !== undefined && greeting.kind === "sampling" && roots.kind === "roots") {
      return saying(`${name.name} has ${roots.roots.length} roots`);
    }
    return asking({
      user_name: NAME_QUESTION,
      greeting: sample("Generate a greeting"),
      client_roots: inputRequired.listRoots(),
    }, await rounds.mint(1, context));
  });
  server.registerTool("test_input_required_result_multi_round", {
    description: "Asks one question after the other",
  }, async (context) => {
    const { inputResponses } = context.mcpReq;
    const behind = roundsBehind(context);
    if (behind === 2 && acceptedContent(inputResponses, "step2", COLOR)) return saying("done");
    if (behind === 1 && acceptedContent(inputResponses, "step1", NAME)) {
      const step2 = elicit("Step 2: what is your favorite color?", COLOR);
      return asking({ step2 }, await rounds.mint(2, context));
    }
    const step1 = elicit("Step 1: what is your name?", NAME);
    return asking({ step1 }, await rounds.mint(1, context));
  });
}

/** A result that asks `inputRequests` and lets `requestState` travel along. */
export function asking(inputRequests: Record<string, InputRequest>, requestState?: string) {
  return inputRequired({
    inputRequests,
    ...(requestState === undefined ? {} : { requestState }),
  });
}

function sample(text: string): InputRequest {
  return inputRequired.createMessage({
    messages: [{ role: "user", content: { type: "text", text } }],
    maxTokens: 100,
  });
}

function roundsBehind(context: ServerContext): number | undefined {
  return context.mcpReq.requestState<number>();
}

/** What the client says it can do, in this request. */
export function declared(context: ServerContext): ClientCapabilities {
  const envelope: Record<string, unknown> = context.mcpReq.envelope ?? {};
  return z.looseObject({}).catch({}).parse(envelope[CLIENT_CAPABILITIES_META_KEY]);
}
