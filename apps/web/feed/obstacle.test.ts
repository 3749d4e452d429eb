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

  test("WEB73: a poll without a question, with one option, with two alike or beside files is named", () => {
    const poll = (...options: string[]) => ({ text: "Which?", poll: { options } });
    expect(obstacle({ ...poll("a", "b"), text: " " }, [])).toContain("question");
    expect(obstacle(poll("a", " ", ""), [])).toContain("two options");
    expect(obstacle(poll("a", "a "), [])).toContain("the same");
    expect(obstacle(poll("a", "x".repeat(101)), [])).toContain("100");
    expect(obstacle(poll("a", "b"), [file("image")])).toContain("not both");
    expect(obstacle({ text: "x", content_warning: "x".repeat(201) }, [])).toContain("200");
    expect(obstacle(poll("a", "", "b"), [])).toBeNull();
  });
});
