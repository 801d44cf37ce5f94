/**
 * Keys that stages are lent, made of the configured `secret`: each stage gets its own, and none can
 * work out another's, nor what handles are sealed with.
 */
import { createHmac } from "node:crypto";

/** 256 bits for `purpose` of the stage `stage`; null where there is no `secret`. */
export function stageKey(secret: string | null, stage: string, purpose: string): Uint8Array | null {
  if (secret === null) return null;
  // A stage's name holds no NUL, so that the two cannot be shifted against each other.
  return createHmac("sha256", secret).update(`mcpgate stage key\0${stage}\0${purpose}`).digest();
}
