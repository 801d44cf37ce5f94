/**
 * What a mutant is: one check of the program taken out, and the tests that must fail without it. The
 * lists beside this file name them; `mutants.ts` breeds them.
 */

/** One check taken out. */
export interface Mutant {
  /** The check, in words. */
  readonly without: string;
  /** The source file. */
  readonly file: string;
  /** What stands there, once. */
  readonly find: string;
  /** What stands there instead. */
  readonly put: string;
  /** Tests of which at least one fails. */
  readonly tests: readonly string[];
}
