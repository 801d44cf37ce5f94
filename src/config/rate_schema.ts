/**
 * Token buckets as the configuration file writes them. Knows not whose they are.
 */
import { z } from "zod";
import { count } from "./value.ts";

/** Tokens that flow in each second. */
export const rps = z.number("a number above 0").gt(0, "a number above 0").max(
  1e6,
  "at most 1000000",
);

/** Tokens held at most. */
export const burst = count(1, 1_000_000);
