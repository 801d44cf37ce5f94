/**
 * The pages for readers keep up with the program: what is made from it is of today, links lead
 * somewhere, and no command is left out.
 */
import assert from "node:assert/strict";
import { commandNames, pagePaths, referenceFiles } from "../support/reference_pages.ts";

const ROOT = new URL("../../", import.meta.url);

Deno.test("docs/ says what the program says; if not: deno task docs", async (t) => {
  for (const [path, text] of await referenceFiles()) {
    await t.step(path, () => {
      const found = Deno.readTextFileSync(new URL(path, ROOT));
      assert.ok(found === text, `${path} is not of today: run deno task docs`);
    });
  }
});

Deno.test("every link of a page leads to a file or a heading that is there", () => {
  const broken: string[] = [];
  for (const path of pagePaths()) {
    for (const [, link = ""] of proseOf(path).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (!/^https?:/.test(link) && !leadsSomewhere(path, link)) broken.push(`${path}: ${link}`);
    }
  }
  assert.deepEqual(broken, []);
});

Deno.test("docs/README.md names every page of docs/", () => {
  const index = Deno.readTextFileSync(new URL("docs/README.md", ROOT));
  const pages = pagePaths().filter((path) => path.startsWith("docs/") && path !== "docs/README.md");
  assert.ok(pages.length >= 2);
  for (const page of pages) assert.ok(index.includes(`](${page.slice("docs/".length)})`), page);
});

Deno.test("README.md names the commands of the program, all and no other", async () => {
  const readme = Deno.readTextFileSync(new URL("README.md", ROOT));
  const named = [...readme.matchAll(/^\| `mcpgate (\w+)/gm)].map(([, name = ""]) => name);
  assert.deepEqual(named.toSorted(), (await commandNames()).toSorted());
});

function leadsSomewhere(from: string, link: string): boolean {
  const [file = "", heading] = link.split("#");
  const target = file === ""
    ? from
    : new URL(file, new URL(from, ROOT)).href.slice(ROOT.href.length);
  try {
    Deno.statSync(new URL(target, ROOT));
  } catch {
    return false;
  }
  return heading === undefined || headings(target).has(heading);
}

/** The anchors that GitHub gives a page's headings. */
function headings(path: string): ReadonlySet<string> {
  return new Set(
    [...proseOf(path).matchAll(/^#+ (.*)$/gm)].map(([, text = ""]) =>
      text.toLowerCase().replaceAll(/[^\p{L}\p{N}_ -]/gu, "").replaceAll(" ", "-")
    ),
  );
}

/** A page without its fenced blocks. */
function proseOf(path: string): string {
  const text = Deno.readTextFileSync(new URL(path, ROOT));
  return text.replaceAll(/^```[\s\S]*?^```$/gm, "");
}
