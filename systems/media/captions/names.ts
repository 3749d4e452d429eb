import { createHash } from "node:crypto";

const hashOf = (content: string) => createHash("sha256").update(content).digest("hex").slice(0, 16);

export const etagOf = hashOf;

/** Below the place of its video. The name says what is in it, so it never gets other words. */
export const fileOf = (language: string, content: string): string =>
  `captions/${language.toLowerCase()}-${hashOf(content)}.vtt`;

/** The list for HLS that goes with it. */
export const listOf = (file: string): string => file.replace(/\.vtt$/, ".m3u8");

export const filesOf = (file: string): string[] => [file, listOf(file)];
