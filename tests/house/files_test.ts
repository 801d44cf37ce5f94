/**
 * What every source file owes its reader: an opening paragraph, a documented export, a name that
 * says what is in it.
 */
import assert from "node:assert/strict";
import { outlineOf, sourceFiles } from "./source_file.ts";

const FILES = sourceFiles(["src", "policies", "tests", "deploy"]);

Deno.test("every source file opens with a paragraph of its own", () => {
  const bare = FILES.filter((file) => !outlineOf(file).opens).map((file) => file.path);
  assert.deepEqual(bare, []);
});

Deno.test("every exported declaration is documented", () => {
  const undocumented = FILES.flatMap((file) =>
    outlineOf(file).exports.filter((one) => !one.documented).map((one) =>
      `${file.path}: ${one.name}`
    )
  );
  assert.deepEqual(undocumented, []);
});

Deno.test("every source file is named in snake_case after what it holds", () => {
  // `mcpgate types` is a command, and commands have one file each.
  const vague = /^(utils?|helpers?|types|common|index)\.|(handler|manager|service)(_test)?\.ts$/;
  const wrong = FILES.map((file) => file.path).filter((path) => {
    const name = path.slice(path.lastIndexOf("/") + 1);
    return !/^[a-z0-9]+(_[a-z0-9]+)*\.ts$/.test(name) ||
      (vague.test(name) && !/(^|\/)cli\/types(_test)?\.ts$/.test(path));
  });
  assert.deepEqual(wrong, []);
});
