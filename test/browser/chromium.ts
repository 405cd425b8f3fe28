/** A browser for the pages: Debian's chromium through playwright-core, or the reason why there is none. */

import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

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
