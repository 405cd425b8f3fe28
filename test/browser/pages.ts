/** Pages of one kind, written to files of this test run and opened in one browser. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before } from "node:test";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { launch, noChromium, type Opened, openFile } from "./chromium.ts";

export type Open<Item> = (records: readonly Item[], options?: BrowserContextOptions) => Promise<Opened>;

/** Registers what makes and removes it all; the result opens the page of some records. */
export function pagesOf<Item>(
  pageOf: (records: readonly Item[]) => string,
  defaults: BrowserContextOptions = {},
): Open<Item> {
  const folder = mkdtempSync(join(tmpdir(), "pages-"));
  let browser: Browser | undefined;
  let opened = 0;
  before(async () => {
    if (!noChromium) browser = await launch();
  });
  after(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true });
  });
  return (records, options = {}) => {
    assert.ok(browser);
    const path = join(folder, `page-${opened++}.html`);
    writeFileSync(path, pageOf(records));
    return openFile(browser, path, { ...defaults, ...options });
  };
}

/** What the page's own code sees of each of its charts, evaluated there; the tests have no DOM types. */
export const plots = <T>(page: Page, expression: string): Promise<T[]> =>
  page.evaluate(`window.__plots.map((u) => ${expression})`);

export const RANGES = "[u.scales.x.min, u.scales.x.max]";

/** The number of colours in a chart's canvas. */
export const COLOURS = `new Set(new Uint32Array(u.ctx.getImageData(0, 0, u.ctx.canvas.width, u.ctx.canvas.height).data.buffer)).size`;
