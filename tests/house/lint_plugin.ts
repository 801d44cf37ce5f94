/**
 * The lint rules of this house, loaded by `deno lint`: policies and the gate answer with values and
 * never with a `Response`; input and output stay in the rooms that do it; clock, randomness and
 * network reach the rest as arguments. Each rule reads one file and knows nothing of the others.
 */
import { fileURLToPath } from "node:url";
import { PURE_MODULES, type Room, roomOf } from "./rooms.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url)).replaceAll("\\", "/");

/** What reads a clock, randomness or the network without being handed it, by object and member. */
const AMBIENT: Readonly<Record<string, readonly string[]>> = {
  Date: ["now"],
  Math: ["random"],
  performance: ["now", "timeOrigin"],
  crypto: ["getRandomValues", "randomUUID"],
};

/** Members of `node:crypto` and functions that are as ambient as those above. */
const AMBIENT_NAMES = ["randomBytes", "randomFillSync", "randomInt", "randomUUID"];

/** Members of `node:net` that open nothing. */
const PURE_NET = ["isIP", "isIPv4", "isIPv6", "BlockList"];

const noResponse: Deno.lint.Rule = {
  create(context) {
    if (isExempt(context.filename, (room) => room.io && !room.files.startsWith("policies/"))) {
      return {};
    }
    return {
      Identifier(node) {
        if (node.name !== "Response" || !isValue(node)) return;
        context.report({
          node,
          message: "A Response is made by the server room only",
          hint: "Return a decision; the gate renders what is denied",
        });
      },
    };
  },
};

const ioInItsRooms: Deno.lint.Rule = {
  create(context) {
    if (isExempt(context.filename, (room) => room.io)) return {};
    return {
      Identifier(node) {
        if (node.name !== "Deno" || !isValue(node)) return;
        // What a caught error is, may be asked anywhere.
        if (node.parent.type === "MemberExpression" && isMember(node.parent, "errors")) return;
        context.report({
          node,
          message: "This room does no input or output",
          hint: "Take what you need as an argument",
        });
      },
      ImportDeclaration(node) {
        const from = node.source.value;
        if (!from.startsWith("node:") || PURE_MODULES.includes(from)) return;
        if (from === "node:net" && node.specifiers.every((one) => isImported(one, PURE_NET))) {
          return;
        }
        context.report({
          node,
          message: `This room does no input or output, and ${from} is not known to be pure`,
          hint: "Take what you need as an argument",
        });
      },
    };
  },
};

const nothingAmbient: Deno.lint.Rule = {
  create(context) {
    // The audit stage and the loader of user modules write and read files, but they are handed their clock.
    const policy = /^(policies|src\/policy)\//;
    if (isExempt(context.filename, (room) => room.io && !policy.test(room.files))) return {};
    const report = (node: Deno.lint.Node, what: string) =>
      context.report({
        node,
        message: `${what} is ambient: clock, randomness and network arrive as arguments`,
        hint: "Take it as a parameter; stages have host.clock",
      });
    return {
      MemberExpression(node) {
        if (node.object.type !== "Identifier") return;
        const { name } = node.object;
        if (AMBIENT[name]?.some((member) => isMember(node, member))) {
          report(node, context.sourceCode.getText(node));
        }
      },
      NewExpression(node) {
        if (isNamed(node.callee, "Date") && node.arguments.length === 0) report(node, "new Date()");
      },
      CallExpression(node) {
        if (isNamed(node.callee, "fetch")) report(node, "fetch");
        if (isNamed(node.callee, "Date")) report(node, "Date()");
      },
      ImportSpecifier(node) {
        if (isImported(node, AMBIENT_NAMES)) report(node, context.sourceCode.getText(node));
      },
    };
  },
};

/** The plugin `deno lint` loads. */
export default {
  name: "mcpgate",
  rules: {
    "no-response": noResponse,
    "io-in-its-rooms": ioInItsRooms,
    "nothing-ambient": nothingAmbient,
  },
} satisfies Deno.lint.Plugin;

/** Whether `filename` is no part of the program, or in a room of which `exempt` holds. */
function isExempt(filename: string, exempt: (room: Room) => boolean): boolean {
  const path = filename.replaceAll("\\", "/");
  const room = path.startsWith(ROOT) ? roomOf(path.slice(ROOT.length)) : null;
  return room === null || exempt(room);
}

/** Whether `node` stands for the global itself, not for a member, a key or a type of that name. */
function isValue(node: Deno.lint.Identifier): boolean {
  const { parent } = node;
  switch (parent.type) {
    case "MemberExpression":
      return parent.object === node || parent.computed || isNamed(parent.object, "globalThis");
    case "Property":
      return parent.value === node;
    case "TSTypeReference":
    case "TSQualifiedName":
    case "TSPropertySignature":
      return false;
    default:
      return true;
  }
}

function isNamed(node: Deno.lint.Node, name: string): boolean {
  return node.type === "Identifier" && node.name === name;
}

function isMember(node: Deno.lint.MemberExpression, name: string): boolean {
  const { property } = node;
  return isNamed(property, name) || (property.type === "Literal" && property.value === name);
}

function isImported(node: Deno.lint.Node, names: readonly string[]): boolean {
  return node.type === "ImportSpecifier" && node.imported.type === "Identifier" &&
    names.includes(node.imported.name);
}
