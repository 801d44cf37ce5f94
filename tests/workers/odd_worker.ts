/**
 * A thread that answers its supervisor and has no gate, nor does it ever move. It dies when it is
 * asked what can be seen of it, and refuses a configuration that says so. Is no test of its own.
 */
import type { AskMessage, WorkerMessage } from "../../src/workers/messages.ts";

interface WorkerScope {
  onmessage: (event: MessageEvent<AskMessage>) => void;
  postMessage(message: WorkerMessage): void;
}

/** The fingerprint of a configuration that it refuses. */
export const REFUSED = "refused";

if ("WorkerGlobalScope" in globalThis) {
  const scope = globalThis as unknown as WorkerScope;
  scope.onmessage = ({ data }) => {
    const { ask, number: answer } = data;
    if (ask === "snapshot") throw new Error("thrown by the thread");
    if (ask === "begin") {
      const { config, place } = (data as AskMessage<"begin">).asked;
      if (config.fingerprint === REFUSED && place.index === 1) {
        const stage = { index: 2, optionPath: ["from"], message: "no such hour" };
        const failure = { name: "StageError", message: stage.message, stage, others: [] };
        return scope.postMessage({ answer, failure });
      }
    }
    scope.postMessage({ answer, answered: ask === "listen" ? 4711 : null });
  };
}
