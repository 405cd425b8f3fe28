/**
 * The shell of a self-contained HTML page: one file that opens from file:// and asks for nothing.
 *
 * The Content-Security-Policy makes that a rule for the browser, too: no request of any kind, and no
 * script but the two whose hashes it names, so that markup in foreign text could not run even if it
 * got through.
 */

import { createHash } from "node:crypto";
import { browserCode, style, UPLOT_CODE, UPLOT_STYLE } from "./assets.ts";
import { html, scriptJson } from "./text.ts";

export interface Page {
  title: string;
  /** Trusted markup; foreign text in it went through html(). */
  body: string;
  /** What the browser code reads: element id -> value, one JSON block each. */
  data: Readonly<Record<string, unknown>>;
  /** What this page needs of styles/ beside what all do. */
  styles: readonly string[];
  /** The entry of the browser code, a file of plots/browser/. */
  entry: string;
}

function hashOf(code: string): string {
  return `'sha256-${createHash("sha256").update(code).digest("base64")}'`;
}

function policy(scripts: readonly string[]): string {
  return [
    "default-src 'none'",
    `script-src ${scripts.map(hashOf).join(" ")}`,
    "style-src 'unsafe-inline'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
}

/** Screens come last, since they overrule. */
const styleOf = (own: readonly string[]): string =>
  ["theme", "page", "tables", "charts", ...own, "screens"].map(style).join("");

/** A complete HTML document. */
export function page({ title, body, data, styles, entry }: Page): string {
  const scripts = [UPLOT_CODE, browserCode(entry)];
  const blocks = Object.entries(data).map(
    ([id, value]) => `<script type="application/json" id="${html(id)}">${scriptJson(value)}</script>`,
  );
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy(scripts)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${html(title)}</title>
<style>${UPLOT_STYLE}</style>
<style>${styleOf(styles)}</style>
</head>
<body>
${body}
${blocks.join("\n")}
${scripts.map((code) => `<script>${code}</script>`).join("\n")}
</body>
</html>
`;
}
