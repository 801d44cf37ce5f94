/** How many workers there are, as the configuration file says it. */
import { z } from "zod";
import { choice, count, places } from "./value.ts";

/** More than any machine that this was tried on has cores. */
const MOST = 64;

const EXPECTED = `a whole number from 1 to ${MOST}, or "auto"`;

/** A number, or `auto`. */
export const workers = z.union(
  [count(1, MOST).describe("So many."), choice("auto").describe("One on each core.")],
  EXPECTED,
).register(places, { expected: EXPECTED });
