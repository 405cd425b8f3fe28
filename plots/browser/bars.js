/** Bars with their figures beside them, as elements: they print, scale and can be read aloud. */

import { count, nanoseconds, percent } from "./units.js";

function element(tag, name, text) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  if (text !== undefined) made.textContent = text;
  return made;
}

function bar(share, tint) {
  const made = element("span", "bar");
  made.style.width = `${Math.max(share * 100, share > 0 ? 0.6 : 0)}%`;
  made.style.background = `var(--${tint})`;
  return made;
}

function barCell(value, most, tint) {
  const cell = element("td", "bars");
  cell.append(bar(most > 0 ? value / most : 0, tint));
  return cell;
}

/** The latency histogram: a row for each power of two, a bar for each class on its own scale. */
export function histogramTable(buckets) {
  const table = element("table", "histogram");
  const head = table.createTHead().insertRow();
  for (const [text, span] of [
    ["latency", 1],
    ["minor faults", 2],
    ["major faults", 2],
  ]) {
    const cell = element("th", span > 1 ? "name" : "", text);
    cell.colSpan = span;
    cell.scope = "col";
    head.append(cell);
  }
  const most = { minor: largest(buckets, "minor"), major: largest(buckets, "major") };
  const body = table.createTBody();
  for (const bucket of buckets) {
    const row = body.insertRow();
    row.append(element("th", "", `${nanoseconds(bucket.fromNs)} \u2013 ${nanoseconds(bucket.toNs)}`));
    for (const name of ["minor", "major"]) {
      const value = bucket[name];
      row.append(
        element("td", value > 0 ? "number" : "number zero", count(value)),
        barCell(value, most[name], name),
      );
    }
  }
  return table;
}

function largest(buckets, name) {
  return buckets.reduce((most, bucket) => Math.max(most, bucket[name]), 0);
}

/** One bar that is cut into shares. `parts`: [label, value, tint]. */
export function sharesBar(title, parts) {
  const total = parts.reduce((sum, [, value]) => sum + value, 0);
  const figure = element("div", "shares");
  figure.append(element("h3", "", title));
  const whole = element("div", "whole");
  const list = element("ul", "key");
  for (const [label, value, tint] of parts) {
    const share = total > 0 ? value / total : 0;
    const part = bar(share, tint);
    if (share === 0) part.style.display = "none";
    part.title = `${label}: ${count(value)}`;
    whole.append(part);
    const item = element("li");
    const dot = element("span", "dot");
    dot.style.background = `var(--${tint})`;
    item.append(dot, element("b", "", label), ` ${count(value)} (${percent(share)})`);
    list.append(item);
  }
  figure.append(whole, list);
  return figure;
}
