/** Every mutant there is. */
import { JUDGING } from "./judging.ts";
import type { Mutant } from "./mutant.ts";
import { PASSING } from "./passing.ts";
import { READING } from "./reading.ts";
import { SECURING } from "./securing.ts";
import { SHARING } from "./sharing.ts";
import { WATCHING } from "./watching.ts";

/** All of them. */
export const MUTANTS: readonly Mutant[] = [
  ...READING,
  ...JUDGING,
  ...PASSING,
  ...SECURING,
  ...SHARING,
  ...WATCHING,
];
