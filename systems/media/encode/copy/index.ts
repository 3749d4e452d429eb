/** The source's own picture and sound as rungs: its index, whether it can be used as it is, and where its segments lie. */
export { copyInit, copyRanges, copySegment } from "./cut.ts";
export { type Movie, type MovieTrack, readMovie } from "./movie.ts";
export { spanRanges } from "./need.ts";
export { copiedSegments, type CopyPlan, type PicturePlan, planPicture } from "./plan.ts";
export { planSound, type SoundPlan } from "./sound.ts";
export { type Because, bytesSource, type ByteSource, fileSource } from "./source.ts";
export { type Copied, withCopies } from "./apply.ts";
export { type PackedCopy, packPlan, unpackPlan } from "./pack.ts";
export { createCopier, createMovies, type Movies, planOf } from "./maker.ts";
