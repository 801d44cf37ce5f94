/**
 * Why something could not be done, on its way from one thread to another: errors lose their class when
 * they are sent, and what is to be told about them depends on it.
 */
import { StageError } from "../policy/pipeline.ts";
import type { Failure, StageObjection } from "./messages.ts";

/** `error` as plain data. */
export function failureOf(error: unknown): Failure {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  if (!(error instanceof StageError)) return { name, message, stage: null, others: [] };
  return { name, message, stage: objectionOf(error), others: error.others.map(objectionOf) };
}

/** The error that {@link failureOf} was made of, as far as anybody asks. */
export function errorOf({ name, message, stage, others }: Failure): Error {
  if (stage !== null) return stageError(stage, others.map((other) => stageError(other)));
  switch (name) {
    case "AddrInUse":
      return new Deno.errors.AddrInUse(message);
    case "PermissionDenied":
      return new Deno.errors.PermissionDenied(message);
    case "NotCapable":
      return new Deno.errors.NotCapable(message);
    default:
      return new Error(message);
  }
}

function objectionOf({ stageIndex, optionPath, message }: StageError): StageObjection {
  return { index: stageIndex, optionPath, message };
}

function stageError(
  { index, optionPath, message }: StageObjection,
  others: readonly StageError[] = [],
): StageError {
  return new StageError(index, optionPath, message, others);
}
