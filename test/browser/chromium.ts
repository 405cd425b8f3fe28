/** A browser for the pages: Debian's chromium through playwright-core, or the reason why there is none. */

import { existsSync } from "node:fs";
import { type Browser, chromium, type Page } from "playwright-core";

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

/**
 * Waits until an expression holds in the page. Playwright's waitForFunction does that by eval, which
 * the page's own policy forbids.
 */
export async function until(page: Page, expression: string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (await page.evaluate(expression)) return;
    await page.waitForTimeout(50);
  }
  throw new Error(`waited ten seconds in vain: ${expression}`);
}
