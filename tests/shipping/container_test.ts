/**
 * What can be said of the container image without building it: images cannot be built where these
 * tests usually run. That its files suffice is shown by the test of the compiled program, that the
 * program needs nothing else by the one beside this, which runs it in a root of its own.
 */
import assert from "node:assert/strict";
import { buildContext } from "./build_context.ts";

const DOCKERFILE = await Deno.readTextFile("Dockerfile");

/** Instructions with their arguments, continuation lines joined, comments gone. */
const INSTRUCTIONS = DOCKERFILE.replaceAll(/^#.*\n/gm, "").replaceAll("\\\n", " ").split("\n")
  .filter((line) => line !== "").map((line) => line.replaceAll(/\s+/g, " "));

/** Those of the image that is shipped. */
const FINAL = INSTRUCTIONS.slice(INSTRUCTIONS.findLastIndex((line) => line.startsWith("FROM ")));

Deno.test("the container starts mcpgate serve without any argument", () => {
  const entry = FINAL.filter((line) => /^(ENTRYPOINT|CMD)/.test(line));
  assert.deepEqual(entry, ['ENTRYPOINT ["/usr/local/bin/mcpgate", "serve"]']);
});

Deno.test("the container has no shell and does not run as root", () => {
  assert.equal(FINAL[0], "FROM gcr.io/distroless/cc-debian12:nonroot");
  assert.deepEqual(FINAL.filter((line) => /^(USER|RUN)/.test(line)), []);
});

Deno.test("the container looks for its configuration where it is mounted", () => {
  // ./config.yaml comes first: in / there is none, so that /etc/mcpgate/config.yaml is found.
  assert.ok(FINAL.includes("WORKDIR /"));
});

Deno.test("the container asks its own program whether it lives, without a shell", () => {
  const check = FINAL.filter((line) => line.startsWith("HEALTHCHECK"));
  assert.equal(check.length, 1);
  assert.match(check[0] ?? "", / CMD \["\/usr\/local\/bin\/mcpgate", "health"\]$/);
});

Deno.test("the container exposes the port the gate listens on by default", () => {
  assert.deepEqual(FINAL.filter((line) => line.startsWith("EXPOSE")), ["EXPOSE 8080"]);
});

Deno.test("the container ships the program that its build stage makes", () => {
  const copies = FINAL.filter((line) => line.startsWith("COPY"));
  assert.deepEqual(copies, ["COPY --from=build /mcpgate/dist/mcpgate /usr/local/bin/mcpgate"]);
});

Deno.test("the container is built by the command the README names", async () => {
  const [command] = /npx --yes deno@[\d.]+ task compile/.exec(DOCKERFILE) ?? [];
  assert.ok(command !== undefined);
  assert.ok((await Deno.readTextFile("README.md")).includes(command));
});

Deno.test("the build context lists nothing that is not there", () => {
  for (const path of buildContext()) assert.ok(Deno.statSync(path), path);
});
