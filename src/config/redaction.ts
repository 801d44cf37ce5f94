/**
 * A text of the same shape in which only what may be shown is left: known names, and values of
 * options that are no secret. Everything else is masked, comments are blanked. It errs on the side
 * of the mask: a misspelt `headers` hides what is under it.
 */
import { type Document, isAlias, isMap, isScalar, isSeq } from "yaml";
import { isShowableName } from "./problem.ts";
import { isOpen, knownKeys, type Schema, schemaStep } from "./schema_place.ts";

/** Credentials and queries of URLs, wherever they stand. */
const TELLING_URL = /:\/\/\S*[@?#]/;

/** A key, or what looks as random as one; it may have been pasted into the wrong place. */
const KEY_LIKE = /mcpg_[\w-]{8}|(?=[\w+=-]*[a-z])(?=[\w+=-]*[A-Z])(?=[\w+=-]*\d)[\w+=-]{20}/;

/** Whether this text may be shown as the value of a place that is open. */
export function isShowable(text: string): boolean {
  return !TELLING_URL.test(text) && !KEY_LIKE.test(text);
}

/** `text` with all that must not be shown masked, character by character. */
export function redactDocument(text: string, document: Document, schema: Schema): string {
  let redacted = "";
  let end = 0;
  visitScalars(document.contents, schema, false, ({ from, to, shown }) => {
    if (from < end) return;
    const source = text.slice(from, to);
    redacted += redactBetween(text.slice(end, from)) + (shown ? source : mask(source));
    end = to;
  });
  return redacted + redactBetween(text.slice(end));
}

/**
 * The same for a text that is no YAML, of which nothing is known but the lines: values of options
 * that hold no secret are left where they stand on their option's line.
 */
export function redactLines(text: string, schema: Schema): string {
  const open = openNames(schema);
  return text.replace(/[^\r\n]+/g, (line) => {
    const match = /^(\s*(?:- +)*)([A-Za-z_][\w-]{0,40}):(?= |$)(.*)$/.exec(line);
    if (match === null) return mask(line, /[^\s[\]{},:"'-]/g);
    const [, indent, name, rest] = match;
    const shown = open.has(name!) && isShowable(rest!) && !/[{}#&]|:\s|[\w+/=-]{24}/.test(rest!);
    return `${indent}${name}:${shown ? rest : mask(rest!, /[^\s[\]{},"']/g)}`;
  });
}

interface VisibleScalar {
  readonly from: number;
  readonly to: number;
  readonly shown: boolean;
}

function visitScalars(
  node: unknown,
  schema: Schema | undefined,
  asName: boolean,
  visit: (scalar: VisibleScalar) => void,
): void {
  if (isScalar(node) || isAlias(node)) {
    const [from, to] = node.range ?? [0, 0];
    const value = isScalar(node) ? node.value : "";
    visit({ from, to, shown: asName ? isShowableName(String(value)) : mayShow(value, schema) });
  } else if (isSeq(node)) {
    const item = schemaStep(schema, 0);
    for (const each of node.items) visitScalars(each, item, false, visit);
  } else if (isMap(node)) {
    for (const { key, value } of node.items) {
      const name = isScalar(key) && typeof key.value === "string" ? key.value : undefined;
      visitScalars(key, undefined, true, visit);
      visitScalars(value, name === undefined ? undefined : schemaStep(schema, name), false, visit);
    }
  }
}

function mayShow(value: unknown, schema: Schema | undefined): boolean {
  return isOpen(schema) && isShowable(String(value));
}

/** What stands between scalars: punctuation stays, comments go, anchors and tags are masked. */
function redactBetween(text: string): string {
  return mask(
    text.replace(/#[^\r\n]*/g, (comment) => " ".repeat(comment.length)),
    /[^\s[\]{},:?-]/g,
  );
}

function mask(text: string, secret = /[^\r\n]/g): string {
  return text.replace(secret, "*");
}

/** Names of options that hold one value, or a list of values, that may be shown. */
function openNames(schema: Schema): Set<string> {
  const open = new Set<string>();
  const collect = (at: Schema | undefined): void => {
    for (const name of knownKeys(at)) {
      const member = schemaStep(at, name);
      if (isOpen(member)) open.add(name);
      collect(member);
      collect(schemaStep(member, 0));
    }
  };
  collect(schema);
  return open;
}
