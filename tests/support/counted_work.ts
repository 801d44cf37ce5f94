/**
 * Counts how many characters and bytes a computation looks at, so that "linear" is a fact about work
 * and not about a clock.
 */

/** Runs `work` and returns how many code units and bytes its searches, copies and reads touched. */
export function countedWork(work: () => void): number {
  let touched = 0;
  const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as Uint8Array;
  const undo = [
    patch(String.prototype, "charCodeAt", () => 1),
    patch(String.prototype, "indexOf", searched),
    patch(String.prototype, "includes", (_, result, self) => result === true ? 1 : self.length),
    patch(String.prototype, "slice", (_, result) => (result as string).length),
    patch(typedArray, "indexOf", searched),
    patch(typedArray, "set", ([source]) => (source as Uint8Array).length),
  ];
  function patch(
    owner: object,
    name: string,
    cost: (args: readonly unknown[], result: unknown, self: { length: number }) => number,
  ): () => void {
    const original = Reflect.get(owner, name) as (...args: unknown[]) => unknown;
    Reflect.set(owner, name, function (this: { length: number }, ...args: unknown[]) {
      const result = Reflect.apply(original, this, args);
      touched += cost(args, result, this);
      return result;
    });
    return () => void Reflect.set(owner, name, original);
  }
  try {
    work();
  } finally {
    undo.forEach((restore) => restore());
  }
  return touched;
}

/** How far a search looked: up to what it found, or to the end. */
function searched(args: readonly unknown[], result: unknown, self: { length: number }): number {
  const from = typeof args[1] === "number" ? args[1] : 0;
  const to = result === -1 ? self.length : result as number;
  return Math.max(1, to - from + 1);
}
