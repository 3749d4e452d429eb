import { describe, expect, test } from "bun:test";

import fc from "fast-check";

import { CUE_LINES_MAX, CUES_MAX } from "./bounds.ts";
import { cueSettings, cueText } from "./cue-text.ts";
import { BrokenCaptions, type Cue, parseCaptions } from "./parse.ts";
import { asSegment, writeWebvtt } from "./write.ts";

const brokenAt = (text: string): [number, string] => {
  try {
    parseCaptions(text);
  } catch (error) {
    if (error instanceof BrokenCaptions) return [error.line, error.detail];
    throw error;
  }
  throw new Error("this was taken");
};

describe("MD110: what is not right is refused with its line", () => {
  test.each([
    ["", 1, "no cue"],
    ["hello", 1, "here a cue should begin"],
    ["WEBVTT", 1, "no cue"],
    ["WEBVTT\n\n00:01.000 --> 00:00.000\nhi", 3, "ends before it begins"],
    ["WEBVTT\n\n00:01.000 --> 00:01.000\nhi", 3, "ends before it begins"],
    ["WEBVTT\n\n00:61.000 --> 01:00.000\nhi", 3, "is not a time"],
    ["WEBVTT\n\n00:01,000 --> 00:02,000\nhi", 3, "is not a time"],
    ["WEBVTT\n\n00:01.00 --> 00:02.000\nhi", 3, "is not a time"],
    ["WEBVTT\n\n00:01.000 --> \nhi", 3, "is not a time"],
    ["WEBVTT\n\nname\nno times", 3, "here a cue should begin"],
    ["1\n00:00:01,000 --> 00:00:02,000\nhi\n\n2\n00:00:0x,000 --> 00:00:04,000\nho", 6, "is not a time"],
    ["1\n25:00:01,000 --> 25:00:02,000\nhi", 2, "24 hours"],
    [`WEBVTT\n\n00:01.000 --> 00:02.000\n${"a\n".repeat(CUE_LINES_MAX + 1)}`, 4 + CUE_LINES_MAX, "at most 12 lines"],
    [`WEBVTT\n\n00:01.000 --> 00:02.000\n${"a".repeat(2_001)}`, 4, "2000 characters"],
    [`WEBVTT\n\n00:01.000 --> 00:02.000\n${"<".repeat(501)}`, 4, "2000 characters"],
  ])("%#", (text, line, detail) => {
    const [at, said] = brokenAt(text);
    expect(said).toContain(detail);
    expect(at).toBe(line);
  });

  test("more cues than the bound", () => {
    const cue = "00:01.000 --> 00:02.000\na\n\n";
    expect(brokenAt(`WEBVTT\n\n${cue.repeat(CUES_MAX + 1)}`)[1]).toContain("more than");
    expect(parseCaptions(`WEBVTT\n\n${cue.repeat(CUES_MAX)}`)).toHaveLength(CUES_MAX);
  });

  test("of what a program wrote, only the broken cues are left out", () => {
    const text = "WEBVTT\n\n00:03.000 --> 00:02.000\nno\n\nrubbish\n\n00:03.000 --> 00:04.000\nyes\n";
    expect(parseCaptions(text, "skip").map((cue) => cue.text)).toEqual(["yes"]);
  });
});

describe("MD111: nothing is kept but cues, and of them only what WebVTT allows", () => {
  test("WebVTT with all that it may have", () => {
    const cues = parseCaptions(
      [
        "\uFEFFWEBVTT - a title",
        "Kind: captions",
        "",
        "STYLE",
        "::cue { background: url(https://else.where/x) }",
        "",
        "REGION",
        "id:fred width:40%",
        "",
        "NOTE nothing",
        "to see",
        "",
        "second",
        "00:04.000 --> 00:05.500 region:fred line:0 align:start onload:x",
        "<v.loud.red Mary & Co>Hello <i>there</i>",
        "& <script>alert(1)</script> a --> b",
        "",
        "00:01.000 --> 01:00:02.000",
        "<b><i>open",
        "",
      ].join("\r\n"),
    );
    expect(cues).toEqual([
      { start_ms: 1_000, end_ms: 3_602_000, text: "<b><i>open</i></b>", settings: "" },
      {
        start_ms: 4_000,
        end_ms: 5_500,
        text: "<v.red Mary &amp; Co>Hello <i>there</i>\n&amp; &lt;script&gt;alert(1)&lt;/script&gt; a --&gt; b</v>",
        settings: "line:0 align:start",
      },
    ]);
  });

  test("SubRip", () => {
    const cues = parseCaptions(
      '1\r\n00:00:01,000 --> 00:00:02,000 X1:1 X2:2\r\n{\\an8}<font color="red"><i>Up</i></font>\r\n\r\n2\r\n00:00:02.000 --> 0:00:03,000\r\n\r\n',
    );
    expect(cues).toEqual([{ start_ms: 1_000, end_ms: 2_000, text: "<i>Up</i>", settings: "line:0" }]);
  });

  test.each([
    ["a < b > c", "a &lt; b &gt; c"],
    ["<img src=x onerror=alert(1)>", "&lt;img src=x onerror=alert(1)&gt;"],
    ["<c.evil.red.bg_blue>x</c>", "<c.red.bg_blue>x</c>"],
    ["<i>a<b>b</i>c</b>", "<i>a<b>b</b></i>c"],
    ["</i>a", "a"],
    ["<v>nobody", "nobody"],
    ["<lang sv>hej</lang> <lang 'x'>y", "<lang sv>hej</lang> y"],
    ["<00:01.000>a<1:00>b", "<00:01.000>a&lt;1:00&gt;b"],
    ["&amp; &copy; &#60; &lrm;", "&amp; &amp;copy; &amp;#60; &lrm;"],
    ["a\u0000\u0007\tb\n\n c ", "a b\nc"],
  ])("%j", (raw, kept) => {
    expect(cueText(raw)).toBe(kept);
  });

  test("settings are those of WebVTT, once each", () => {
    expect(cueSettings("line:-1 line:3 position:10%,center size:50% vertical:rl align:middle region:a line:1e9")).toBe(
      "line:-1 position:10%,center size:50% vertical:rl",
    );
  });

  const chars = fc.constantFrom(..."<>&/;.cibuv \n-:01amplt\u0000é");
  test("any text comes out as WebVTT that reads back as itself", () => {
    fc.assert(
      fc.property(fc.array(chars, { maxLength: 200 }), (given) => {
        const text = cueText(given.join(""));
        expect(cueText(text)).toBe(text);
        expect(text).not.toContain("-->");
        expect(text.replaceAll(/<\/?(?:c|i|b|u|v|ruby|rt|lang)[^<>]*>|<[\d:.]+>/g, "")).not.toMatch(/[<>]/);
      }),
      { numRuns: 2_000 },
    );
  });

  test("any file is read or refused, and what was read is written and read the same", () => {
    const piece = fc.constantFrom(
      "WEBVTT\n",
      "\n",
      "\r\n",
      "00:01.000 --> 00:02.000",
      "00:00:01,000 --> 00:00:02,000",
      "NOTE",
      "a",
      "<i>",
      "-->",
      "1",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (given) => {
        let cues: Cue[];
        try {
          cues = parseCaptions(given.join(""));
        } catch (error) {
          expect(error).toBeInstanceOf(BrokenCaptions);
          return;
        }
        expect(parseCaptions(writeWebvtt(cues))).toEqual(cues);
      }),
      { numRuns: 2_000 },
    );
  });

  test("a megabyte of the worst is read in the time of a test", () => {
    for (const bad of ["<", "&", "<i>", "</i>", "<v ", "{\\", "-->"]) {
      const line = bad.repeat(Math.floor(1_999 / bad.length));
      const text = `WEBVTT\n\n${`00:01.000 --> 00:02.000\n${line}\n\n`.repeat(500)}`;
      expect(parseCaptions(text, "skip").length).toBeLessThanOrEqual(500);
    }
  });
});

test("MD114: a segment of HLS has the film's clock, and reads the same", () => {
  const text = writeWebvtt([{ start_ms: 0, end_ms: 90_061_001 % 86_400_000, text: "a", settings: "" }]);
  expect(text).toBe("WEBVTT\n\n00:00:00.000 --> 01:01:01.001\na\n");
  expect(asSegment(text)).toStartWith("WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n\n");
  expect(parseCaptions(asSegment(text))).toEqual(parseCaptions(text));
});
