/** Colours live in the stylesheet, for light, dark and print; a canvas has to ask for them. */

/** The value of a custom property now: colour("minor") reads --minor. */
export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

const changed = [];
const DARK = matchMedia("(prefers-color-scheme: dark)");
const PRINT = matchMedia("print");

/** Calls `redraw` whenever the colours have changed. */
export function onColours(redraw) {
  changed.push(redraw);
}

for (const query of [DARK, PRINT]) {
  query.addEventListener("change", () => {
    for (const redraw of changed) redraw();
  });
}
