/**
 * Who may use what of a live server: the offer held against the grants, and what in it looks wrong.
 * Pure; how a grant is read is handed in, so that it is read as the gate reads it.
 */
import type { Offer } from "../survey/offer.ts";
import { metaReason } from "./meta_tool.ts";

/** What one key may use. */
export interface Holder {
  readonly label: string;
  /** As configured, for what the server does not offer. */
  readonly allow: readonly string[];
  readonly deny: readonly string[];
  readonly prompts: readonly string[];
  readonly resources: readonly string[];
  mayCall(tool: string): boolean;
  mayPrompt(prompt: string): boolean;
  mayRead(uri: string): boolean;
}

/** One name and the labels of those who may use it. */
export interface MatrixRow {
  readonly name: string;
  readonly keys: readonly string[];
}

/** A row for a tool. */
export interface ToolRow extends MatrixRow {
  /** Whether its annotations say that it may destroy, or leave that open. */
  readonly destructive: "said" | "unsaid" | "no";
  /** Why it could do the work of other tools, and so reach around an allowlist; null: nothing says so. */
  readonly meta: string | null;
}

/** Something that the operator should look at. */
export interface Finding {
  readonly kind: "not_offered" | "matches_nothing" | "nobody" | "destructive" | "meta_tool";
  /** The key it is about, or null. */
  readonly label: string | null;
  readonly family: "tools" | "prompts" | "resources";
  readonly names: readonly string[];
  /** For each name why it is here, where that differs from name to name; else null. */
  readonly reasons: readonly string[] | null;
}

/** The whole picture. */
export interface AccessMatrix {
  readonly tools: readonly ToolRow[];
  readonly prompts: readonly MatrixRow[];
  readonly resources: readonly MatrixRow[];
  readonly templates: readonly MatrixRow[];
  readonly findings: readonly Finding[];
}

/** Holds `offer` against what `holders` may use. */
export function accessMatrix(offer: Offer, holders: readonly Holder[]): AccessMatrix {
  const row = (name: string, may: (holder: Holder) => boolean): MatrixRow => ({
    name,
    keys: holders.filter(may).map(({ label }) => label),
  });
  const tools = offer.tools.map((tool) => ({
    ...row(tool.name, (holder) => holder.mayCall(tool.name)),
    destructive: tool.destructive,
    meta: metaReason(tool),
  }));
  return {
    tools,
    prompts: offer.prompts.map((name) => row(name, (holder) => holder.mayPrompt(name))),
    resources: offer.resources.map((uri) => row(uri, (holder) => holder.mayRead(uri))),
    templates: offer.templates.map((uri) => row(uri, (holder) => holder.mayRead(uri))),
    findings: [...missing(offer, holders), ...doubtful(tools)],
  };
}

/** What is granted or denied by name although the server does not offer it. */
function missing(offer: Offer, holders: readonly Holder[]): Finding[] {
  const tools = offer.tools.map(({ name }) => name);
  const readable = [...offer.resources, ...offer.templates];
  return holders.flatMap((holder) => {
    const { label } = holder;
    return [
      ...absentees(label, "tools", [...holder.allow, ...holder.deny], tools),
      ...absentees(label, "prompts", holder.prompts, offer.prompts),
      // A resource that is in no list may still be read: templates and servers make them up.
      ...absentees(label, "resources", holder.resources, readable)
        .filter(({ kind }) => kind === "not_offered" && offer.templates.length === 0),
    ];
  });
}

function absentees(
  label: string,
  family: Finding["family"],
  patterns: readonly string[],
  offered: readonly string[],
): Finding[] {
  const absent = patterns.filter((pattern) => !offered.some((name) => fits(pattern, name)));
  const globs = absent.filter((pattern) => pattern.includes("*") && !/^\*+$/.test(pattern));
  const exact = absent.filter((pattern) => !pattern.includes("*"));
  return [
    ...(exact.length > 0 ? [about("not_offered", label, family, exact)] : []),
    ...(globs.length > 0 ? [about("matches_nothing", label, family, globs)] : []),
  ];
}

/** Wider than the gate's own reading, which bounds what globs reach: this only finds what is absent. */
function fits(pattern: string, name: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  if (rest.length === 0) return pattern === name;
  return name.startsWith(first) && name.endsWith(rest.at(-1) ?? "");
}

function doubtful(tools: readonly ToolRow[]): Finding[] {
  const finding = (kind: Finding["kind"], rows: readonly ToolRow[]): Finding[] =>
    rows.length === 0 ? [] : [about(kind, null, "tools", rows.map(({ name }) => name))];
  const held = tools.filter(({ keys }) => keys.length > 0);
  const meta = held.filter((row) => row.meta !== null);
  return [
    ...finding("nobody", tools.filter(({ keys }) => keys.length === 0)),
    ...finding("destructive", held.filter(({ destructive }) => destructive === "said")),
    ...finding("meta_tool", meta).map((found) => ({
      ...found,
      reasons: meta.map((row) => row.meta ?? ""),
    })),
  ];
}

function about(
  kind: Finding["kind"],
  label: string | null,
  family: Finding["family"],
  names: readonly string[],
): Finding {
  return { kind, label, family, names, reasons: null };
}
