import { describe, expect, test } from "bun:test";
import path from "node:path";

import { THEME_COLORS } from "./page-html.ts";
import { HUES } from "./parts/hues.ts";

const css = await Bun.file(path.join(import.meta.dirname, "theme.css")).text();

function tokensOf(selector: string): Record<string, string> {
  const from = css.indexOf(`${selector} {`);
  const block = css.slice(from, css.indexOf("}", from));
  return Object.fromEntries(
    [...block.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})/g)].map(([, name, value]) => [name, value]),
  );
}

/** Relative luminance and contrast as WCAG 2.2 defines them. */
function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
function contrast(a: string, b: string): number {
  const [light, dark] = [luminance(a), luminance(b)].toSorted((x, y) => y - x) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

describe.each([
  ["light", tokensOf(":root")],
  ["dark", tokensOf(':root[data-theme="dark"]')],
] as const)("%s", (light, token) => {
  const grounds = ["birch", "surface", "raised", "sunken"];

  test.each(["ink", "ink-2", "ink-3", "accent-ink", "bad"])("WEB21: %s can be read on every ground", (ink) => {
    for (const ground of grounds)
      expect([ground, contrast(token[ink]!, token[ground]!) >= 4.5]).toEqual([ground, true]);
  });

  test("WEB21: words on colours can be read", () => {
    const pairs = [
      ["on-accent", "accent"],
      ["on-accent", "accent-hover"],
      ["accent-ink", "accent-tint"],
      ["ink", "accent-tint"],
      ["warn", "warn-tint"],
      ["good", "good-tint"],
      ["good", "raised"],
      ["birch", "ink"],
    ] as const;
    for (const [ink, ground] of pairs)
      expect([ink, ground, contrast(token[ink]!, token[ground]!) >= 4.5]).toEqual([ink, ground, true]);
  });

  test("WEB21: the lines of controls stand out from their ground", () => {
    for (const ground of ["surface", "raised", "birch"])
      expect(contrast(token["line-strong"]!, token[ground]!)).toBeGreaterThanOrEqual(3);
  });

  test("WEB3: the browser's frame has the colour of the page", () => {
    expect(token.birch).toBe(THEME_COLORS[light]);
  });
});

test("WEB21: initials can be read on every hue", () => {
  for (const hue of HUES) expect(contrast("#ffffff", hue)).toBeGreaterThanOrEqual(4.5);
});
