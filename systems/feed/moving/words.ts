/** As `zText` has it for what people write here. */
export const clean = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll("\r\n", "\n")
    // These cannot be shown.
    .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g, "")
    .normalize("NFC")
    .trim();

export function cut(text: string, chars_max: number, onCut: () => void): string {
  if (text.length <= chars_max) return text;
  onCut();
  return `${text
    .slice(0, chars_max - 1)
    .toWellFormed()
    .replace(/\ufffd$/, "")}…`;
}
