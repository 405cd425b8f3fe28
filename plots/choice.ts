/** The choice of one process (or thread) of several, which the browser answers. */

import { html } from "./text.ts";

/** The browser fills in the one that was chosen. */
export const WHOSE = '<bdi class="whose" data-place="whose"></bdi>';

/** `options`: foreign text, one for each; nothing where there is nothing to choose. */
export function choiceOf(options: readonly string[], kind = "Process"): string {
  if (options.length < 2) return "";
  const list = options.map((text, index) => `<option value="${index}">${html(text)}</option>`);
  return `<p class="choice"><label>${kind} <select data-place="choice">${list.join("")}</select></label></p>`;
}
