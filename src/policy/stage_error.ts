/** What is wrong with one stage of a configured pipeline; whoever knows the file adds the position. */

/** Thrown while a pipeline is built. */
export class StageError extends Error {
  override readonly name = "StageError";

  /**
   * @param stageIndex Place in `pipeline`; null: the list as a whole
   * @param optionPath Path below `options`; null: the stage itself
   * @param message What is wrong, for the person who wrote the configuration
   * @param others Found at the same time
   */
  constructor(
    readonly stageIndex: number | null,
    readonly optionPath: readonly (string | number)[] | null,
    message: string,
    readonly others: readonly StageError[] = [],
  ) {
    super(message);
  }
}
