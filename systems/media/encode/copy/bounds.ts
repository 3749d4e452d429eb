/** What a copied film may be, and what reading a stranger's index may cost. What is beyond is encoded instead, with the reason. */
import { VIDEO_DURATION_MS_MAX } from "../bounds.ts";

/** The index is held in memory while it is read: 24 h at 30 frames a second with sound take about 50 MB. */
export const MOOV_BYTES_MAX = 64 * 1024 * 1024;
/** Of one track: 24 h at 60 frames a second. */
export const SAMPLES_MAX = (VIDEO_DURATION_MS_MAX / 1000) * 60;
export const TRACKS_MAX = 64;
/** Boxes beside each other in the file itself, before its index is found. */
export const FILE_BOXES_MAX = 1_024;
/** Boxes that are looked at in one index. */
export const BOXES_MAX = 16_384;
export const EDITS_MAX = 16;
/** An `avcC` or an `esds`: both are a few dozen bytes in real files. */
export const CODEC_BYTES_MAX = 16 * 1024;
export const TIMESCALE_MAX = 10_000_000;
/** Offsets of samples are kept for each one in so many; from there it is counted on. */
export const OFFSETS_EVERY_SAMPLES = 256;

/** x264's usual distance of key frames is 250 pictures: 10.43 s at 23.976. */
export const COPIED_SEGMENT_S_MAX = 10.5;
export const COPIED_SEGMENT_BYTES_MAX = 48 * 1024 * 1024;
/** A source is copied up to so many times the cap that we would encode its size with; a peak, up to twice that. */
export const COPIED_RATE_FACTOR = 2.5;
export const COPIED_PEAK_FACTOR = 5;
export const COPIED_SIDE_PX_MAX = 4_096;
export const COPIED_PIXELS_MAX = 3_840 * 2_160;
export const COPIED_FPS_MAX = 60.5;
/** 52 for level 5.2: what browsers are sure to decode. */
export const COPIED_LEVEL_MAX = 52;
/** How much later than the sound the picture may begin: its first frame stands for so long. */
export const COPIED_PICTURE_LATE_S_MAX = 1;

export const COPIED_SOUND_BPS_MAX = 192_000;
/** How much earlier than the picture it may end: players go on without it when a film ends. */
export const COPIED_SOUND_TAIL_S_MAX = 1;
/** A hole that players step over; a longer one would make them wait. */
export const COPIED_SOUND_HOLE_S_MAX = 0.1;

/** Read at each cut to see what stands there; the rest of a long head by further small reads. */
export const HEAD_BYTES = 4 * 1024;
export const HEAD_UNITS_MAX = 64;
/** Key frames that are looked at in one film; 24 h of four-second segments are 21,600. */
export const HEADS_MAX = 50_000;

/** Two samples with less than this between them are read at once. */
export const READ_GAP_BYTES_MAX = 128 * 1024;
export const READ_BYTES_MAX = 8 * 1024 * 1024;

/** Indexes that are kept in memory: about thirty films of two hours. */
export const MOVIES_BYTES_MAX = 96 * 1024 * 1024;
export const MOVIES_MAX = 64;
