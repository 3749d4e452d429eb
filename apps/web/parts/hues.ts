/** Barn, moss, lake, ochre and dusk: white letters keep 4.5:1 on each. */
export const HUES = ["#8c2f25", "#4a6741", "#3b6180", "#8a5a17", "#6b4a78", "#2f6b66", "#9a4a2f", "#565a78"];

/** The same name always has the same hue. */
export function hueOf(name: string): string {
  let hash = 0;
  for (const char of name) hash = (hash * 31 + char.codePointAt(0)!) % 65_521;
  return HUES[hash % HUES.length]!;
}
