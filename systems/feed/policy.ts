import { forbidden, Problem } from "#kernel/errors.ts";
import type { SpaceId } from "#kernel/ids.ts";
import type { Audience } from "#kernel/wire.ts";
import type { Decision } from "#systems/people/index.ts";

/** Rules of form, pure: what a post may be, whoever writes it. Who may see and do what is people's `may`. */

/** @throws Problem 422 that says what to change */
export function checkContent(post: { text: string; has_video: boolean; images: number; has_poll?: boolean }): void {
  if (post.has_video && post.images > 0) {
    throw new Problem(422, "post.video_and_images", "A post has one video or up to ten pictures, not both.");
  }
  if (post.has_poll && (post.has_video || post.images > 0)) {
    throw new Problem(422, "post.poll_and_media", "A post has a poll, or pictures or a video, not both.");
  }
  if (post.text === "" && !post.has_video && post.images === 0) {
    throw new Problem(422, "post.empty", "Write something, or add a picture or a video.");
  }
}

/** @throws Problem 422 */
export function checkAudience(audience: Audience, space_id: SpaceId | null): void {
  if (audience === "space" && space_id === null) {
    throw new Problem(422, "post.space_required", "Say in which space: the audience `space` needs a `space_id`.");
  }
  if (space_id !== null && audience !== "space" && audience !== "public") {
    throw new Problem(
      422,
      "post.space_unwanted",
      "In a space, a post is for the space or for everyone. Leave `space_id` out for other audiences.",
    );
  }
}

/** @throws Problem 403 with the reason */
export function must(decision: Decision, code: string): void {
  if (!decision.ok) throw forbidden(decision.because.sentence, code);
}

/**
 * `If-Match` as RFC 9110 has it, against versions as we give them.
 * @throws Problem 412 `post.changed`
 */
export function checkVersion(if_match: string | null, version: number): void {
  if (if_match === null || if_match.trim() === "*") return;
  const wanted = if_match.split(",").map((tag) => tag.trim());
  if (wanted.includes(`"${version}"`)) return;
  throw new Problem(412, "post.changed", "The post was changed meanwhile. Read it again and decide anew.");
}

export const etagOf = (version: number): string => `"${version}"`;
