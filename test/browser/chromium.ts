/** A browser for the pages: Debian's chromium through playwright-core, or the reason why there is none. */

import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

export const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";

/** What to give to `skip`: false, or why the test cannot run here. */
export const noChromium: string | false =
  !existsSync(CHROMIUM) && `needs: ${CHROMIUM} (apt-get install chromium)`;

export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

export interface Opened {
  page: Page;
  /** Console messages, uncaught exceptions, dialogs, and requests other than for the page itself. */
  complaints: string[];
}

/** Opens a page from its file; the network is cut off. */
export async function openFile(
  browser: Browser,
  path: string,
  options: BrowserContextOptions = {},
): Promise<Opened> {
  const { href } = pathToFileURL(path);
  const page = await browser.newPage({ viewport: { width: 1000, height: 900 }, ...options });
  const complaints: string[] = [];
  page.on("console", (message) => {
    // the tests' own reading of a canvas, not the page's
    if (!message.text().includes("willReadFrequently")) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error.stack)));
  page.on("dialog", (dialog) => complaints.push(`dialog ${dialog.message()}`));
  await page.route(/.*/, (route) => {
    const url = route.request().url();
    if (url === href) return route.continue();
    complaints.push(`request ${url}`);
    return route.abort();
  });
  await page.goto(href);
  return { page, complaints };
}

/** How long what must come may take, s, where the machine is slow and busy. */
const PATIENCE_S = 60;

/**
 * Waits until an expression holds in the page. Playwright's waitForFunction does that by eval, which
 * the page's own policy forbids.
 */
export async function until(page: Page, expression: string): Promise<void> {
  for (const end = performance.now() + 1000 * PATIENCE_S; performance.now() < end; ) {
    if (await page.evaluate(expression)) return;
    await page.waitForTimeout(50);
  }
  throw new Error(`waited ${PATIENCE_S} seconds in vain: ${expression}`);
}
