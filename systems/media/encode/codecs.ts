/** A codec that we take, and the decoders of ffmpeg that may be used for it: no other is ever opened on a stranger's file. */
interface Codec {
  name: string;
  decoders: string[];
}

const own = (...names: string[]): Codec[] => names.map((name) => ({ name, decoders: [name] }));

export const VIDEO_CODECS: readonly Codec[] = [
  ...own(
    "h264",
    "hevc",
    "mpeg4",
    "mpeg2video",
    "mpeg1video",
    "h263",
    "mjpeg",
    "prores",
    "dnxhd",
    "theora",
    "vc1",
    "wmv3",
  ),
  { name: "vp8", decoders: ["vp8", "libvpx"] },
  { name: "vp9", decoders: ["vp9", "libvpx-vp9"] },
  { name: "av1", decoders: ["libdav1d", "libaom-av1", "av1"] },
  { name: "msmpeg4v2", decoders: ["msmpeg4v2"] },
  { name: "msmpeg4v3", decoders: ["msmpeg4", "msmpeg4v3"] },
];

export const AUDIO_CODECS: readonly Codec[] = [
  ...own("aac", "vorbis", "flac", "alac", "ac3", "eac3", "wmav2", "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be"),
  ...own("pcm_s32le", "pcm_f32le", "pcm_u8", "pcm_mulaw", "pcm_alaw"),
  { name: "dts", decoders: ["dca"] },
  { name: "mp2", decoders: ["mp2", "mp2float"] },
  { name: "mp3", decoders: ["mp3float", "mp3"] },
  { name: "opus", decoders: ["opus", "libopus"] },
  { name: "amr_nb", decoders: ["amrnb", "libopencore_amrnb"] },
  { name: "amr_wb", decoders: ["amrwb", "libopencore_amrwb"] },
];

/**
 * Opened so that a file that has them can be described, never shown: ffprobe gives up on the whole file where a stream's
 * decoder is not allowed. Captions and cover pictures.
 */
const BESIDES = [
  "srt",
  "subrip",
  "mov_text",
  "ass",
  "ssa",
  "webvtt",
  "text",
  "dvbsub",
  "dvdsub",
  "pgssub",
  "cc_dec",
  "png",
  "bmp",
  "gif",
];

export const DECODERS: readonly string[] = [
  ...[...VIDEO_CODECS, ...AUDIO_CODECS].flatMap((codec) => codec.decoders),
  ...BESIDES,
];
