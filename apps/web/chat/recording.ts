/** Sound from the microphone, as it is recorded. */
export interface Recording {
  /** How loud it is at this moment, 0 to 255. */
  level(): number;
  /** What was recorded; the microphone is let go of. */
  stop(): Promise<File>;
  /** Lets go of the microphone, and of what was recorded. */
  drop(): void;
}

/** What browsers record, the best first; Safari knows the second alone. */
const TYPES = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];
const PIECE_MS = 1_000;

/** @throws where the browser or its owner does not give the microphone; `whyNot` says it */
export async function record(): Promise<Recording> {
  const type = TYPES.find((one) => MediaRecorder.isTypeSupported(one));
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
  });
  const heard = new AudioContext();
  const letGo = () => {
    for (const track of stream.getTracks()) track.stop();
    heard.close().catch(() => {});
  };
  const analyser = heard.createAnalyser();
  heard.createMediaStreamSource(stream).connect(analyser);
  const wave = new Uint8Array(analyser.fftSize);
  const pieces: Blob[] = [];
  let recorder: MediaRecorder;
  try {
    recorder = new MediaRecorder(stream, {
      audioBitsPerSecond: 48_000,
      ...(type === undefined ? {} : { mimeType: type }),
    });
    recorder.ondataavailable = ({ data }) => void pieces.push(data);
    recorder.start(PIECE_MS);
  } catch (error) {
    letGo();
    throw error;
  }
  return {
    level() {
      analyser.getByteTimeDomainData(wave);
      return Math.min(255, 2 * wave.reduce((loudest, one) => Math.max(loudest, Math.abs(one - 128)), 0));
    },
    stop: () =>
      new Promise((resolve) => {
        const done = () => {
          letGo();
          const [media_type = "audio/webm"] = recorder.mimeType.split(";");
          const ending = { "audio/mp4": "m4a", "audio/ogg": "ogg" }[media_type] ?? "webm";
          resolve(new File(pieces, `voice-note.${ending}`, { type: media_type }));
        };
        // The browser may have ended it: somebody pulled the microphone out.
        if (recorder.state === "inactive") return done();
        recorder.onstop = done;
        recorder.stop();
      }),
    drop() {
      recorder.ondataavailable = null;
      if (recorder.state !== "inactive") recorder.stop();
      letGo();
    },
  };
}

/** What stood in the way, and what to do. */
export function whyNot(error: unknown): string {
  switch (error instanceof Error ? error.name : "") {
    case "NotAllowedError":
    case "SecurityError":
      return "The browser may not use the microphone. Allow it beside the address, then try again.";
    case "NotFoundError":
    case "OverconstrainedError":
      return "There is no microphone here. Plug one in, then try again.";
    case "NotReadableError":
    case "AbortError":
      return "The microphone cannot be used now; another program may have it.";
    default:
      return "This browser cannot record here. It takes a recent one, and an address that begins with https.";
  }
}

/** As many bars as are drawn, each as high as the loudest in it. */
export function barsOf(levels: readonly number[], bars: number): number[] {
  const drawn = new Array<number>(bars).fill(0);
  for (let i = 0; i < bars; i++) {
    const from = Math.floor((i * levels.length) / bars);
    const to = Math.max(from + 1, Math.floor(((i + 1) * levels.length) / bars));
    drawn[i] = Math.max(0, ...levels.slice(from, to));
  }
  return drawn;
}
