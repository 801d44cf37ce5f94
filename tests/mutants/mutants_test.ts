/** The list of mutants is about the program as it is: what it takes out is there, once. */
import assert from "node:assert/strict";
import { MUTANTS } from "./all.ts";

const root = new URL("../../", import.meta.url);

for (const { without, file, find, put, tests } of MUTANTS) {
  Deno.test(`a mutant without ${without} can be bred`, () => {
    const text = Deno.readTextFileSync(new URL(file, root));
    assert.equal(text.split(find).length, 2, `${file} has it ${text.split(find).length - 1} times`);
    assert.notEqual(find, put);
    for (const test of tests) assert.ok(Deno.statSync(new URL(test, root)).isFile);
  });
}
