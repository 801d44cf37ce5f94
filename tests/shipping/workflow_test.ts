/**
 * What can be said of the workflows without running them: other people's code is pinned by content,
 * rights are small, and a release has what the README promises.
 */
import assert from "node:assert/strict";
import { parse } from "yaml";

interface Workflow {
  readonly permissions: Record<string, string>;
  readonly jobs: Record<string, Job>;
}

interface Job {
  readonly needs?: string | string[];
  readonly uses?: string;
  readonly permissions?: Record<string, string>;
  readonly steps?: readonly Step[];
}

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Record<string, unknown>;
}

const TEXTS = {
  test: await Deno.readTextFile(".github/workflows/test.yml"),
  release: await Deno.readTextFile(".github/workflows/release.yml"),
};
const test: Workflow = parse(TEXTS.test);
const release: Workflow = parse(TEXTS.release);

const commandsOf = (workflow: Workflow) =>
  Object.values(workflow.jobs).flatMap((job) => job.steps ?? []).map((step) => step.run ?? "");

Deno.test("every action is pinned to a commit, with its version beside it", () => {
  for (const text of Object.values(TEXTS)) {
    for (const [line, used = ""] of text.matchAll(/^.*\buses: (.*)$/gm)) {
      assert.match(
        used,
        /^(\.\/\.github\/workflows\/\w+\.yml|[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$/,
        line,
      );
    }
  }
});

Deno.test("every workflow may read by default, and nothing else", () => {
  for (const { permissions } of [test, release]) {
    assert.deepEqual(permissions, { contents: "read" });
  }
});

Deno.test("every command names the Deno that the README names", async () => {
  const readme = await Deno.readTextFile("README.md");
  const versions = new Set([...Object.values(TEXTS), readme, await Deno.readTextFile("Dockerfile")]
    .flatMap((text) => [...text.matchAll(/\bdeno@([\d.]*\d)/g)].map(([, version]) => version)));
  assert.deepEqual([...versions], ["2.9.6"]);
});

Deno.test("a change is tested by all that a change must pass", () => {
  assert.ok(commandsOf(test).includes("npx --yes deno@2.9.6 task ok"));
});

Deno.test("nothing is released that is not tested", () => {
  const { test: tests, ...others } = release.jobs;
  assert.equal(tests?.uses, "./.github/workflows/test.yml");
  for (const [name, { needs }] of Object.entries(others)) {
    assert.ok([needs].flat().includes("test"), `${name} does not wait for the tests`);
  }
});

Deno.test("a release has the programs of all platforms and their checksums", () => {
  const commands = commandsOf(release).join("\n");
  assert.match(commands, /npx --yes deno@2\.9\.6 task compile --all/);
  assert.match(commands, /sha256sum .*> SHA256SUMS/);
  assert.match(commands, /gh release create/);
});

Deno.test("a release has an image for both processors", () => {
  const steps = release.jobs["image"]?.steps ?? [];
  const build = steps.find((step) => step.uses?.startsWith("docker/build-push-action@"));
  assert.equal(build?.with?.["platforms"], "linux/amd64,linux/arm64");
  assert.equal(build?.with?.["push"], true);
});
