/**
 * Waiting in tests: for a condition by polling it, or for a promise, each with a deadline, so that a
 * failure reads as a sentence and not as a hung run.
 */

/** Polls `holds` until it is true; throws an error that names `what` after `withinMs`. */
export async function eventually(
  what: string,
  holds: () => boolean | Promise<boolean>,
  withinMs = 5000,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`Not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** The value of `promise`; throws an error that names `what` where it is not there in time. */
export async function inTime<T>(what: string, promise: Promise<T>, withinMs = 5000): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`Not within ${withinMs} ms: ${what}`)),
    withinMs,
  );
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
