/** Makes a configuration what nobody can change, wherever it comes from. */

/** `value`, frozen to its leaves. */
export function freeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  Object.values(value).forEach(freeze);
  return Object.freeze(value);
}
