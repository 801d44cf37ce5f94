/**
 * A real Chromium, as Debian ships it, without a window and without a word to anybody outside:
 * started anew for each test with an empty profile, and ended with it.
 */
import { chromium } from "playwright-core";
import type { BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { program } from "./absent.ts";

export type { Page };

/** The browser's program, or its absence. */
export const CHROMIUM = program("chromium");

/** Quiet, and content with a machine that lets nothing out. */
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** How a browser is set up. */
export interface BrowserSetting extends Pick<BrowserContextOptions, "javaScriptEnabled"> {
  /** Names that lead to loopback, whoever's they are. */
  readonly loopbackNames?: readonly string[];
}

/** A running browser that writes down what it complains of and whom it asks. */
export class Browser implements AsyncDisposable {
  /** Errors of scripts, refusals of the page's policy, and whatever a page says to its console. */
  readonly complaints: string[] = [];
  /** Origins that were asked for anything. */
  readonly origins = new Set<string>();
  readonly #context: BrowserContext;
  readonly #profile: string;

  private constructor(context: BrowserContext, profile: string) {
    this.#context = context;
    this.#profile = profile;
    context.on("request", (request) => this.origins.add(new URL(request.url()).origin));
    context.on("console", (message) => this.complaints.push(message.text()));
    context.on("weberror", (error) => this.complaints.push(String(error.error())));
    context.on("dialog", (dialog) => {
      this.complaints.push(`dialog: ${dialog.message()}`);
      dialog.dismiss();
    });
  }

  /** Starts the program at `path`. */
  static async start(path: string, setting: BrowserSetting = {}): Promise<Browser> {
    const { loopbackNames = [], ...options } = setting;
    const profile = await Deno.makeTempDir({ prefix: "mcpgate_browser_" });
    const rules = loopbackNames.map((name) => `MAP ${name} 127.0.0.1`).join(",");
    const context = await chromium.launchPersistentContext(profile, {
      ...options,
      executablePath: path,
      headless: true,
      args: [...FLAGS, ...(rules === "" ? [] : [`--host-resolver-rules=${rules}`])],
    });
    return new Browser(context, profile);
  }

  /** A page of this size and theme, still empty. */
  async page(width = 1440, theme: "light" | "dark" = "light"): Promise<Page> {
    const page = await this.#context.newPage();
    await page.emulateMedia({ colorScheme: theme });
    await page.setViewportSize({ width, height: 900 });
    return page;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#context.close();
    await Deno.remove(this.#profile, { recursive: true });
  }
}
