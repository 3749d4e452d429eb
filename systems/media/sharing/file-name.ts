const NAME_CHARS_MAX = 100;

const ENDINGS: Record<string, string> = {
  "video/mp4": "mp4",
  "video/quicktime": "mov",
  "video/webm": "webm",
  "video/x-matroska": "mkv",
  "video/x-msvideo": "avi",
  "video/mpeg": "mpg",
  "video/mp2t": "ts",
  "video/3gpp": "3gp",
  "video/ogg": "ogv",
};
/** Names that Windows keeps for itself. */
const RESERVED = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

/** A name for a file on somebody's disk: of the title, and of nothing that any system takes for more than a name. */
export function fileNameOf(title: string, media_type: string): string {
  const ending = ENDINGS[media_type] ?? "bin";
  const plain = title
    .toWellFormed()
    .normalize("NFC")
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, "")
    .replaceAll(/[/\\:*?"<>|%;]+/g, " ")
    .replaceAll(/\s+/g, " ")
    .replaceAll(/^[. ]+|[. ]+$/g, "");
  const cut = [...plain]
    .slice(0, NAME_CHARS_MAX)
    .join("")
    .replace(/[. ]+$/, "");
  const name = cut === "" || RESERVED.test(cut) ? `video ${cut}`.trim() : cut;
  return `${name}.${ending}`;
}
