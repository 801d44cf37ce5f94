/** What stages throw and return besides decisions, told safely: nothing here ever throws. */

/** Whether `value` is a promise or acts like one. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  try {
    return typeof value === "object" && value !== null && "then" in value &&
      typeof value.then === "function";
  } catch {
    return false;
  }
}

const MAX_LENGTH = 300;

/** What was thrown, in one short line. Anything can be thrown, an object that cannot be printed too. */
export function told(error: unknown): string {
  let text: string;
  try {
    text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  } catch {
    text = "something that cannot be printed";
  }
  text = text.replace(/\s+/g, " ");
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH - 1)}…` : text;
}
