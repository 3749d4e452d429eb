import { POST_IMAGES_MAX, POST_TEXT_CHARS_MAX } from "#systems/feed/contract.ts";

interface DraftFile {
  kind: "video" | "image";
  stage: "uploading" | "making" | "ready" | "failed" | "needs_file";
}

/** What keeps the draft from being posted, in words; null when nothing does. */
export function obstacle(one: { text: string }, files: readonly DraftFile[]): string | null {
  if ([...one.text].length > POST_TEXT_CHARS_MAX) return `A post has at most ${POST_TEXT_CHARS_MAX} characters.`;
  const videos = files.filter((file) => file.kind === "video").length;
  const images = files.length - videos;
  if (videos > 1) return "A post has one video. Take the others out.";
  if (videos > 0 && images > 0) return "A post has pictures or a video, not both.";
  if (images > POST_IMAGES_MAX) return `A post has at most ${POST_IMAGES_MAX} pictures.`;
  if (files.some((file) => file.stage === "failed" || file.stage === "needs_file"))
    return "One of the files needs you: try it again or take it out.";
  if (one.text.trim() === "" && files.length === 0) return "Write something, or add a picture or a video.";
  return null;
}
