/**
 * The operator's page in a real browser before a whole gate: that it lives, that it is legible in
 * every width and theme, and that nothing of anybody's is more than text on it.
 */
import assert from "node:assert/strict";
import { testNeeding } from "../support/absent.ts";
import { Browser, CHROMIUM } from "../support/browser.ts";
import type { BrowserSetting, Page } from "../support/browser.ts";
import { eventually } from "../support/eventually.ts";
import { FixtureServer } from "../support/fixture_server.ts";
import { GateProcess, testKey } from "../support/gate_process.ts";
import { mcpPost, toolCall } from "../support/mcp_request.ts";
import { FAINT_TEXTS, PAGE_WIDTH } from "../support/legibility.ts";
import { askOnce, RawClient, requestBytes } from "../support/raw_http.ts";

const HOSTILE = `<img src=x onerror=alert(1)>`;
const desk = testKey("desk", { allow: ["hold"], rate_limit: { rps: 5, burst: 10 } });
const hostile = testKey(HOSTILE, { allow: ["echo"] });

interface Scene {
  readonly browser: Browser;
  readonly server: FixtureServer;
  readonly gate: GateProcess;
  /** Where the page is. */
  readonly url: string;
}

/** A browser on a busy machine takes its time. */
const seen = (what: string, holds: () => boolean | Promise<boolean>) =>
  eventually(what, holds, 20_000);

/** Plays `test` before a gate with two keys, one of a hostile name; no complaint may come of it. */
function withPage(
  name: string,
  test: (scene: Scene) => Promise<void>,
  setting: BrowserSetting = {},
): void {
  testNeeding(CHROMIUM, `the operator's page ${name}`, async (chromium) => {
    await using server = new FixtureServer();
    await using gate = await GateProcess.start({
      admin: { listen: "127.0.0.1:0" },
      upstream: { url: server.url },
      keys: [desk.entry, hostile.entry],
    });
    const [, url = ""] = (await gate.stderr()).match(/^mcpgate: admin on (\S+)$/m) ?? [];
    await using browser = await Browser.start(chromium, setting);
    await test({ browser, server, gate, url });
    server.release();
  });
}

/** The texts of the cells of table `id`, row by row. */
async function rows(page: Page, id: string): Promise<string[][]> {
  const found = await page.locator(`#table-${id} tbody tr`).all();
  const texts = await Promise.all(found.map((row) => row.locator("td").allTextContents()));
  return texts.map((row) => row.map((text) => text.trim().replaceAll(/\s+/g, " ")));
}

/** Lets `desk` call the tool that answers when the server is told to. */
async function hold({ gate, server }: Scene): Promise<RawClient> {
  const client = await RawClient.connect(gate.port);
  const before = server.held;
  await client.send(requestBytes(mcpPost(desk.key, toolCall("hold"))));
  await seen("the call to be held", () => server.held > before);
  return client;
}

withPage("lives: a call comes and goes, a refusal is counted", async (scene) => {
  const { browser, gate, server, url } = scene;
  const page = await browser.page();
  await page.goto(url);
  assert.equal(await page.textContent("#status"), "Ready");
  assert.equal(await page.textContent("#table-open .empty"), "Nothing is under way.");
  using _client = await hold(scene);
  await seen("the call to be seen", async () => (await rows(page, "open")).length === 1);
  const [row = []] = await rows(page, "open");
  assert.deepEqual([row[0], row[1], row[4]], ["desk", "tools/call hold", "127.0.0.1"]);
  const first = row[2];
  await seen("its age to grow", async () => (await rows(page, "open"))[0]?.[2] !== first);
  server.release();
  await seen("it to be gone", async () => (await rows(page, "open")).length === 0);
  await askOnce(gate.port, mcpPost(desk.key, toolCall("wipe")));
  await seen("the refusal to be seen", async () => {
    const [refusal = []] = await rows(page, "refusals");
    return refusal[0] === "unknown tool" && refusal[4] === "desk";
  });
  const [key = []] = await rows(page, "keys");
  assert.deepEqual([key[0], key[2], key[4], key[5]], ["desk", "5/s", "1", "1"]);
  assert.match(key[3] ?? "", /^\d+ of 10$/);
  assert.deepEqual(browser.complaints, []);
  assert.deepEqual([...browser.origins], [new URL(url).origin], "nothing is asked of others");
});

withPage("shows hostile labels and names as the text they are", async ({ browser, gate, url }) => {
  await askOnce(gate.port, mcpPost(hostile.key, toolCall(`${HOSTILE}</script>`)));
  const page = await browser.page();
  await page.goto(url);
  const shown = async () => (await rows(page, "refusals"))[0] ?? [];
  assert.equal((await shown())[4], HOSTILE, "as sent");
  const told = `Unknown tool: ${HOSTILE}</script> (not available to this API key)`;
  assert.equal((await shown())[5], told);
  await askOnce(gate.port, mcpPost(hostile.key, toolCall(`${HOSTILE}{{7*7}}`)));
  await seen("the next to be shown", async () => ((await shown())[5] ?? "").includes("{{7"));
  assert.equal((await rows(page, "keys"))[0]?.[0], HOSTILE);
  assert.equal(await page.locator("main img").count(), 0);
  assert.deepEqual(browser.complaints, []);
});

withPage("can be read where no script runs", async (scene) => {
  using _client = await hold(scene);
  const page = await scene.browser.page(360, "dark");
  await page.goto(scene.url);
  assert.equal((await rows(page, "open"))[0]?.[1], "tools/call hold");
  assert.equal(await page.textContent("#status"), "Ready");
  assert.equal(await page.locator('meta[http-equiv="refresh"]').getAttribute("content"), "5");
}, { javaScriptEnabled: false });

for (const theme of ["light", "dark"] as const) {
  for (const width of [360, 768, 1440]) {
    withPage(`is legible in ${theme}, ${width} pixels wide`, async (scene) => {
      const { browser, gate, url } = scene;
      using _client = await hold(scene);
      for (const tool of ["wipe", "x".repeat(200)]) {
        await askOnce(gate.port, mcpPost(hostile.key, toolCall(tool)));
      }
      const page = await browser.page(width, theme);
      await page.goto(url);
      assert.equal((await rows(page, "open")).length, 1);
      assert.equal(await page.evaluate(PAGE_WIDTH), width, "nothing sticks out");
      assert.deepEqual(await page.evaluate(FAINT_TEXTS), []);
      const folder = Deno.env.get("MCPGATE_SCREENSHOTS");
      if (folder !== undefined) {
        await page.screenshot({ path: `${folder}/admin-${theme}-${width}.png`, fullPage: true });
      }
      assert.deepEqual(browser.complaints, []);
    });
  }
}

withPage("says so when the gate does not answer any more", async ({ browser, gate, url }) => {
  const page = await browser.page();
  await page.goto(url);
  assert.equal(await gate.stop(), 0);
  await seen("it to say so", async () => await page.textContent("#status") === "No answer");
  assert.match(await page.textContent("#detail") ?? "", /what it said last/);
});

withPage("is not told to a page whose name was made to lead here", async ({ browser, url }) => {
  const page = await browser.page();
  const response = await page.goto(url.replace("127.0.0.1", "rebound.example"));
  assert.equal(response?.status(), 403);
  assert.equal(await page.locator("table").count(), 0);
}, { loopbackNames: ["rebound.example"] });

withPage("is shown in nobody's frame, and read by nobody's script", async ({ browser, url }) => {
  await using foreign = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    () =>
      new Response(`<!doctype html><iframe src="${url}"></iframe>`, {
        headers: { "content-type": "text/html" },
      }),
  );
  const page = await browser.page();
  await page.goto(`http://localhost:${foreign.addr.port}/`);
  await seen(
    "the browser to refuse the frame",
    () => browser.complaints.some((text) => text.includes("frame-ancestors")),
  );
  const read = await page.evaluate(
    `fetch("${url}live.json").then((response) => response.text(), () => "refused")`,
  );
  assert.equal(read, "refused");
});
