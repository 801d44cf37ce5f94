/** A file says one thing: none is longer than can be read in one go. */
import assert from "node:assert/strict";
import { sourceFiles } from "./source_file.ts";

const LINES_AT_MOST = 300;

Deno.test(`no source file is longer than ${LINES_AT_MOST} lines`, () => {
  const tooLong = sourceFiles(["src", "policies", "tests", "deploy"])
    .map(({ path, text }) => ({ path, lines: text.split("\n").length - 1 }))
    .filter(({ lines }) => lines > LINES_AT_MOST);
  assert.deepEqual(tooLong, []);
});
