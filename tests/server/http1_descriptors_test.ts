/** Our listener where the system has no descriptors left: it goes on when it has some again. */
import assert from "node:assert/strict";
import { ChildProgram } from "../support/child_program.ts";
import { eventually } from "../support/eventually.ts";
import { RawClient } from "../support/raw_http.ts";

const PROGRAM = new URL("./answering_program.ts", import.meta.url).pathname;

Deno.test({
  name: "http1 survives a lack of descriptors",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using program = await ChildProgram.start({
      command: "sh",
      args: [
        "-c",
        `ulimit -n 60; exec "$0" run -A --quiet --no-check "$1"`,
        Deno.execPath(),
        PROGRAM,
      ],
    });
    const [, port = ""] = await program.said(/^port (\d+)$/m);
    const clients: RawClient[] = [];
    try {
      await eventually("the warning", async () => {
        clients.push(await RawClient.connect(Number(port)));
        return (await program.stderr()).includes("Cannot accept");
      });
    } finally {
      for (const client of clients) client.close();
    }
    await eventually("an answer", async () => {
      using client = await RawClient.connect(Number(port));
      return (await client.ask({ target: "/" })).status === 204;
    });
    assert.equal((await program.stderr()).match(/Cannot accept/g)?.length, 1);
  },
});
