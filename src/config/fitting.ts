/**
 * A value that is held against the schema one key at a time, so that a file with very many of them can
 * be read in slices and leaves little behind. It tells whether the file fits; what is wrong with one
 * that does not is `issue.ts`'s to tell, who looks at all of it.
 */
import type { GateConfig, Key } from "../policy/gate_config.ts";
import { assemble, assembleKey, type ResolvePath } from "./assemble.ts";
import { valueAt } from "./document.ts";
import { key } from "./key_schema.ts";
import { configSchema } from "./schema.ts";

/** The configuration that `value` describes, its keys frozen; null where it does not fit the schema. */
export function* fitted(value: unknown, resolve: ResolvePath): Generator<void, GateConfig | null> {
  const entries = valueAt(value, ["keys"]);
  if (!Array.isArray(entries)) {
    const whole = configSchema.safeParse(value ?? {});
    return whole.success ? assemble(whole.data, resolve) : null;
  }
  const others = configSchema.safeParse({ ...value as object, keys: [] });
  if (!others.success) return null;
  const config = assemble(others.data, resolve);
  const keys: Key[] = [];
  const lists = new Lists();
  for (const entry of entries) {
    const read = key.safeParse(entry);
    if (!read.success) return null;
    const assembled = assembleKey(read.data, config.defaults.rateLimit);
    keys.push(frozenKey({ ...assembled, allow: lists.shared(assembled.allow) }));
    yield;
  }
  return { ...config, keys };
}

function frozenKey(assembled: Key): Key {
  for (const hash of assembled.hashes) Object.freeze(hash);
  for (
    const part of [
      assembled.hashes,
      assembled.certificates,
      assembled.deny,
      assembled.prompts,
      assembled.resources,
    ]
  ) {
    Object.freeze(part);
  }
  Object.freeze(assembled.rateLimit);
  return Object.freeze(assembled);
}

/** Longer ones are seldom alike, and cost more to compare than they take. */
const MOST_SHARED = 64;

/** Keys of the same role name the same tools: one list serves them all. */
class Lists {
  readonly #known = new Map<string, readonly string[]>();

  shared(list: readonly string[]): readonly string[] {
    if (list.length > MOST_SHARED) return Object.freeze(list);
    const spelled = JSON.stringify(list);
    let known = this.#known.get(spelled);
    if (known === undefined) this.#known.set(spelled, known = Object.freeze(list));
    return known;
  }
}
