/** The top of a page: what it is about, what it means, the figures, the facts. */

import { html } from "./text.ts";

export interface Header {
  /** Trusted markup. */
  title: string;
  /** Trusted markup, a paragraph each. */
  verdicts: readonly string[];
  /** Label, text, class of its colour. */
  tiles: readonly (readonly [label: string, text: string, tint: string])[];
  /** What has no text is left out. */
  facts: readonly (readonly [name: string, text: string])[];
}

export const verdictLine = (text: string, name: string | null = null): string =>
  `<p class="verdict">${name === null ? "" : `<b><bdi>${html(name)}</bdi></b>: `}${html(text)}</p>`;

export function header({ title, verdicts, tiles, facts }: Header): string {
  return `<header>
<h1>${title}</h1>
${verdicts.join("\n")}
<ul class="tiles">${tiles
    .map(([label, text, tint]) => `<li class="${tint}"><strong>${text}</strong><span>${label}</span></li>`)
    .join("")}</ul>
<dl class="facts">${facts
    .filter(([, text]) => text !== "")
    .map(([name, text]) => `<div><dt>${name}</dt><dd><bdi>${html(text)}</bdi></dd></div>`)
    .join("")}</dl>
</header>`;
}
