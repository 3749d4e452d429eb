import { describe, expect, test } from "bun:test";

import { POST_IMAGES_MAX, POST_TEXT_CHARS_MAX } from "#systems/feed/contract.ts";

import { obstacle } from "./obstacle.ts";

const file = (kind: "video" | "image", stage: "uploading" | "ready" | "failed" | "needs_file" = "ready") => ({
  kind,
  stage,
});
const many = (count: number) => Array.from({ length: count }, () => file("image"));

describe("obstacle", () => {
  test("WEB22: an empty draft, a text that is too long and files that do not go together are named", () => {
    expect(obstacle({ text: " \n" }, [])).toContain("Write something");
    expect(obstacle({ text: "x".repeat(POST_TEXT_CHARS_MAX + 1) }, [])).toContain(String(POST_TEXT_CHARS_MAX));
    expect(obstacle({ text: "" }, [file("video"), file("video")])).toContain("one video");
    expect(obstacle({ text: "" }, [file("video"), file("image")])).toContain("not both");
    expect(obstacle({ text: "" }, many(POST_IMAGES_MAX + 1))).toContain(String(POST_IMAGES_MAX));
    expect(obstacle({ text: "a" }, [file("image", "failed")])).toContain("needs you");
    expect(obstacle({ text: "a" }, [file("video", "needs_file")])).toContain("needs you");
  });

  test("WEB22: words alone, files alone, and files on their way are no obstacle; astral characters count once", () => {
    expect(obstacle({ text: "hej" }, [])).toBeNull();
    expect(obstacle({ text: "" }, [file("video", "uploading")])).toBeNull();
    expect(obstacle({ text: "" }, many(POST_IMAGES_MAX))).toBeNull();
    expect(obstacle({ text: "😀".repeat(POST_TEXT_CHARS_MAX) }, [])).toBeNull();
  });
});
