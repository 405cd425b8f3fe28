/**
 * Foreign text (command names, paths, error messages) made harmless for a page.
 *
 * A command name is any 15 bytes that a process chose (prctl PR_SET_NAME): markup, newlines, escape
 * sequences, bidi overrides. Nothing is dropped: what cannot be seen is shown as an escape.
 */

/** Control, format (bidi, zero width), surrogate without a partner, line and paragraph separators. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

const NAMED: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function escapeOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const named = NAMED[character];
  if (named !== undefined) return named;
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, "0")}`;
  return `\\u{${code.toString(16)}}`;
}

/** The text with every invisible character replaced by its escape: "a\u202eb" becomes "a\\u{202e}b". */
export function visible(text: string): string {
  return text.replace(INVISIBLE, escapeOf);
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text for element content or a quoted attribute, visible() included. */
export function html(text: string): string {
  return visible(text).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

/** JSON for a script element: without `<` neither `</script` nor `<!--` can end or change the block. */
export function scriptJson(value: unknown): string {
  return JSON.stringify(value).replace(/</g, "\\u003c");
}
