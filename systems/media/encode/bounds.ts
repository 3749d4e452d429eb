/** What we take to play, and what one command may cost. Names with their units; reached bounds are refusals with a sentence. */

export const VIDEO_DURATION_MS_MAX = 24 * 60 * 60 * 1000;
export const VIDEO_DURATION_MS_MIN = 40;
export const VIDEO_SIDE_PX_MIN = 16;
export const VIDEO_SIDE_PX_MAX = 8_192;
/** 8K UHD and its portrait. */
export const VIDEO_PIXELS_MAX = 7_680 * 4_320;
/** Longer side to shorter: a 1×100000 picture is a weapon, a 10:1 banner is taste. */
export const VIDEO_ASPECT_MAX = 10;
export const STREAMS_MAX = 64;
export const AUDIO_CHANNELS_MAX = 16;
/** Sound tracks that are kept; a film with more languages keeps the first. */
export const SOUNDS_MAX = 8;
export const LANGUAGE_CHARS_MAX = 35;
export const SOUND_TITLE_CHARS_MAX = 80;

export const IMAGE_PIXELS_MAX = 100_000_000;
/** WebP goes no further. */
export const IMAGE_SIDE_PX_MAX = 16_383;
export const IMAGE_ASPECT_MAX = 50;
export const IMAGE_BYTES_MAX = 50 * 1024 * 1024;

/** ffmpeg's work threads by command: beyond eight the ladder gains little and memory grows. */
export const THREADS_MAX = 8;
export const PROBE_WALL_MS_MAX = 20_000;
/** Reading a file without an index from end to end, for its length. */
export const SCAN_WALL_MS_MAX = 120_000;
export const PROBE_MEMORY_BYTES_MAX = 1024 * 1024 * 1024;
export const ENCODE_MEMORY_BYTES_MAX = 4 * 1024 * 1024 * 1024;
/** A ladder that makes no progress for so long hangs. */
export const STALL_MS_MAX = 60_000;
/** One second of film may take so many seconds of CPU for the whole ladder; more is an attack or a broken file. */
export const CPU_S_PER_S_MAX = 120;
export const POSTER_WALL_MS_MAX = 60_000;
export const IMAGE_WALL_MS_MAX = 30_000;
export const IMAGE_MEMORY_BYTES_MAX = 1024 * 1024 * 1024;
/** Reading a whole film for its key frames: a day of it, from a slow disk. */
export const STORYBOARD_WALL_MS_MAX = 30 * 60_000;
/** Tracks of words that are read from a file. */
export const TEXT_TRACKS_MAX = 16;
/** As a program writes it; what is kept has a bound of its own. */
export const TEXT_BYTES_MAX = 4 * 1024 * 1024;
export const TEXTS_WALL_MS_MAX = 10 * 60_000;
/** Of a file's own; fewer are kept. */
export const CHAPTERS_READ_MAX = 1_000;
/** Three short looks at a film, nothing encoded. */
export const STUDY_WALL_MS_MAX = 30_000;
/** Sound alone: a voice note, not a concert. */
export const SOUND_DURATION_MS_MAX = 15 * 60_000;
export const SOUND_DURATION_MS_MIN = 100;
/** Bars that a waveform is drawn of. */
export const SOUND_PEAKS = 80;
/** Fifteen minutes are decoded and encoded in 10 s on one core. */
export const SOUND_WALL_MS_MAX = 120_000;
export const SOUND_MEMORY_BYTES_MAX = 1024 * 1024 * 1024;
/** What peaks are read from is 14.4 MB at the most, what is played 5.4 MB. */
export const SOUND_FILE_BYTES_MAX = 20 * 1024 * 1024;
