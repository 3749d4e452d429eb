import {
  CONTENT_WARNING_CHARS_MAX,
  POLL_OPTION_CHARS_MAX,
  POST_IMAGES_MAX,
  POST_TEXT_CHARS_MAX,
} from "#systems/feed/contract.ts";

interface DraftFile {
  kind: "video" | "image";
  stage: "uploading" | "making" | "ready" | "failed" | "needs_file";
}

interface Written {
  text: string;
  content_warning?: string | null;
  poll?: { options: readonly string[] } | null;
}

/** What keeps the draft from being posted, in words; null when nothing does. */
export function obstacle(one: Written, files: readonly DraftFile[]): string | null {
  if ([...one.text].length > POST_TEXT_CHARS_MAX) return `A post has at most ${POST_TEXT_CHARS_MAX} characters.`;
  if ([...(one.content_warning ?? "")].length > CONTENT_WARNING_CHARS_MAX)
    return `A warning has at most ${CONTENT_WARNING_CHARS_MAX} characters.`;
  if (one.poll) {
    if (files.length > 0) return "A post has a poll, or pictures or a video, not both.";
    if (one.text.trim() === "") return "Ask something: a poll needs a question.";
    const problem = pollObstacle(one.poll.options);
    if (problem !== null) return problem;
  }
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

function pollObstacle(options: readonly string[]): string | null {
  const told = options.map((option) => option.trim()).filter((option) => option !== "");
  if (told.length < 2) return "A poll has at least two options.";
  if (new Set(told).size < told.length) return "Two options of the poll are the same.";
  return told.some((option) => [...option].length > POLL_OPTION_CHARS_MAX)
    ? `An option has at most ${POLL_OPTION_CHARS_MAX} characters.`
    : null;
}
