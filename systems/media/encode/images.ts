import { open, stat } from "node:fs/promises";

import { z } from "zod";

import type { Sandbox, SandboxResult } from "#ports/sandbox/index.ts";

import {
  IMAGE_ASPECT_MAX,
  IMAGE_BYTES_MAX,
  IMAGE_MEMORY_BYTES_MAX,
  IMAGE_PIXELS_MAX,
  IMAGE_SIDE_PX_MAX,
  IMAGE_WALL_MS_MAX,
} from "./bounds.ts";
import { imageHead } from "./image-head.ts";
import { MediaRefusal, saysDiskFull } from "./tools.ts";

export const IMAGE_WIDTHS_PX = [320, 640, 1280, 2048] as const;

export interface ImageVariant {
  width: number;
  height: number;
  /** In the folder that was given; WebP. */
  file: string;
}

export interface MadeImage {
  /** As seen, after orientation. */
  width: number;
  height: number;
  format: string;
  /** Smallest first; at least one; none wider than the source. */
  variants: ImageVariant[];
  /** A `data:` URL of some hundred bytes to show while it loads. */
  placeholder: string;
}

const CHILD = `${import.meta.dir}/images-child.ts`;
const FORMATS = "Send a JPEG, PNG, WebP, GIF or BMP.";

const zAnswer = z.union([
  z.object({ refused: z.string(), said: z.string() }),
  z.object({
    width: z.int().positive(),
    height: z.int().positive(),
    format: z.string(),
    placeholder: z.string().max(4096),
    variants: z
      .array(
        z.object({
          width: z.int().positive(),
          height: z.int().positive(),
          file: z.string().regex(/^[0-9]{1,5}\.webp$/),
        }),
      )
      .min(1),
  }),
]);

/**
 * Makes a picture's sizes, in the sandbox: turned as the camera was held, with nothing of its EXIF, never enlarged. Of what
 * moves, the first frame.
 * @param folder an empty folder; the variants are in it afterwards
 * @throws MediaRefusal with a sentence for the sender
 */
export async function makeImage(
  needs: { sandbox: Sandbox },
  path: string,
  folder: string,
  options: { signal?: AbortSignal; nice?: number } = {},
): Promise<MadeImage> {
  await checkHead(path);
  const result = await needs.sandbox.run({
    argv: [process.execPath, CHILD, path, folder, IMAGE_WIDTHS_PX.join(","), String(IMAGE_PIXELS_MAX)],
    read_paths: [process.execPath, CHILD, path],
    write_folder: folder,
    limits: {
      wall_ms_max: IMAGE_WALL_MS_MAX,
      cpu_s_max: 60,
      memory_bytes_max: IMAGE_MEMORY_BYTES_MAX,
      processes_max: 64,
      file_bytes_max: IMAGE_BYTES_MAX,
      output_bytes_max: 64 * 1024,
    },
    ...options,
  });
  const answer = answerOf(result);
  if ("refused" in answer) throw refusalOf(answer.refused);
  return answer;
}

/** What can be told from the first and last bytes, before anything decodes it. */
async function checkHead(path: string): Promise<void> {
  const { size } = await stat(path);
  if (size === 0) throw new MediaRefusal("image.empty", "The file is empty. Send it again.");
  if (size > IMAGE_BYTES_MAX)
    throw new MediaRefusal("image.too_large", `A picture may have up to ${IMAGE_BYTES_MAX / 1024 / 1024} MB.`);
  await using file = await open(path);
  const { buffer } = await file.read({ buffer: Buffer.alloc(size), position: 0 });
  const head = imageHead(buffer);
  if (!head) throw new MediaRefusal("image.not_image", `This is not a picture that we can read. ${FORMATS}`);
  if (head.kind === "other")
    throw new MediaRefusal("image.format_refused", `We do not take ${head.name} pictures. ${FORMATS}`);
  if (!head.whole) throw new MediaRefusal("image.truncated", "The end of this picture is missing. Send it again.");
  if (!head.width || !head.height) return;
  const [short, long] = [Math.min(head.width, head.height), Math.max(head.width, head.height)];
  if (long > IMAGE_SIDE_PX_MAX || head.width * head.height > IMAGE_PIXELS_MAX)
    throw tooManyPixels(head.width, head.height);
  if (long > IMAGE_ASPECT_MAX * short) {
    throw new MediaRefusal(
      "image.size_refused",
      `This picture is ${head.width}×${head.height} pixels, which is too long and thin to show.`,
    );
  }
}

function answerOf(result: SandboxResult): z.output<typeof zAnswer> {
  if (result.ended === "aborted")
    throw new MediaRefusal("media.aborted", "Making this picture's sizes was stopped.", false);
  if (result.ended === "wall_ms_max" || result.ended === "cpu_s_max" || result.ended === "memory_bytes_max") {
    throw new MediaRefusal(
      "image.too_heavy",
      "This picture takes more time or memory than one file may take. Send a smaller one.",
    );
  }
  if (saysDiskFull(result.stderr))
    throw new MediaRefusal("media.no_space", "There is no space left to make this picture's sizes.", false);
  let raw: unknown = null;
  try {
    raw = JSON.parse(new TextDecoder().decode(result.stdout));
  } catch {
    // It died before it could answer: the parse below says so.
  }
  const parsed = zAnswer.safeParse(raw);
  if (parsed.success) return parsed.data;
  throw new MediaRefusal(
    "image.decoder_died",
    "The program that reads pictures was stopped by this one. Send another.",
    result.ended !== "killed",
  );
}

function refusalOf(code: string): MediaRefusal {
  switch (code) {
    case "ERR_IMAGE_FORMAT_UNSUPPORTED":
    case "ERR_IMAGE_UNKNOWN_FORMAT":
      return new MediaRefusal("image.not_image", `This is not a picture that we can read. ${FORMATS}`);
    case "ERR_IMAGE_TOO_MANY_PIXELS":
      return tooManyPixels();
    default:
      return new MediaRefusal("image.broken", "This picture is damaged and cannot be read. Send it again.");
  }
}

const tooManyPixels = (width?: number, height?: number) =>
  new MediaRefusal(
    "image.size_refused",
    `This picture ${width ? `is ${width}×${height} pixels` : "has too many pixels"}. We take up to ${IMAGE_PIXELS_MAX / 1e6} megapixels and ${IMAGE_SIDE_PX_MAX} pixels a side.`,
  );
