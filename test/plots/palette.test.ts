import assert from "node:assert/strict";
import { test } from "node:test";
import { style } from "../../plots/assets.ts";

type Triple = [number, number, number];

/** The custom properties of the first and of the dark block of the theme. */
function schemes(): Record<"light" | "dark", Map<string, string>> {
  const [light = "", dark = ""] = style("theme").split("@media screen and (prefers-color-scheme: dark)");
  const read = (text: string) =>
    new Map(
      [...text.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name = "", value = ""]) => [name, value]),
    );
  return { light: read(light), dark: read(dark) };
}

function linear(colour: string): Triple {
  const channel = (at: number) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return [channel(1), channel(3), channel(5)];
}

/** WCAG 2.2, "relative luminance" and "contrast ratio". */
function contrast(a: string, b: string): number {
  const luminance = ([r, g, b]: Triple) => 0.2126 * r + 0.7152 * g + 0.0722 * b;
  const [low = 0, high = 0] = [luminance(linear(a)), luminance(linear(b))].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

const dot = ([a, b, c]: Triple, [x, y, z]: Triple) => a * x + b * y + c * z;

/** Machado, Oliveira, Fernandes 2009: how linear RGB looks without one kind of cone. */
const SIGHT: Record<string, [Triple, Triple, Triple]> = {
  all: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
};

/** CIE L*a*b* (D65), in which distances are about what the eye tells apart. */
function lab(colour: string, sight: [Triple, Triple, Triple]): Triple {
  const rgb = sight.map((row) => Math.min(1, Math.max(0, dot(row, linear(colour))))) as Triple;
  const f = (t: number) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
  const x = f(dot([0.4124, 0.3576, 0.1805], rgb) / 0.95047);
  const y = f(dot([0.2126, 0.7152, 0.0722], rgb));
  const z = f(dot([0.0193, 0.1192, 0.9505], rgb) / 1.08883);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

function distance(a: string, b: string, sight: [Triple, Triple, Triple]): number {
  const [p, q] = [lab(a, sight), lab(b, sight)];
  return Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]);
}

for (const [scheme, colours] of Object.entries(schemes())) {
  const of = (name: string) => {
    const value = colours.get(name);
    assert.ok(value, `--${name} is missing in the ${scheme} scheme`);
    return value;
  };

  test(`lines stand out from the paper 3:1 (${scheme})`, () => {
    for (const name of [...colours.keys()].filter((key) => /^(minor|major|rss|others|line-\d)$/.test(key))) {
      assert.ok(contrast(of(name), of("paper")) >= 3, name);
    }
  });

  test(`text stands out from what it is written on 4.5:1 (${scheme})`, () => {
    for (const name of ["text", "muted", "minor-text", "major-text", "rss-text", "error", "warn", "ok"]) {
      assert.ok(contrast(of(name), of("paper")) >= 4.5, name);
    }
    assert.ok(contrast(of("error"), of("error-paper")) >= 4.5);
    assert.ok(contrast(of("warn"), of("warn-paper")) >= 4.5);
    assert.ok(contrast(of("muted"), of("page")) >= 4.5);
  });

  test(`lines of one dash can be told apart without red or green cones (${scheme})`, () => {
    const groups = [
      ["minor", "major", "rss"],
      ["line-1", "line-2", "line-3", "line-4"],
      ["line-5", "line-6", "line-7", "line-8"],
    ];
    for (const [name, sight] of Object.entries(SIGHT)) {
      for (const group of groups) {
        for (const a of group) {
          for (const b of group) {
            if (a < b) assert.ok(distance(of(a), of(b), sight) >= 10, `${a} and ${b} with ${name}`);
          }
        }
      }
    }
  });
}
