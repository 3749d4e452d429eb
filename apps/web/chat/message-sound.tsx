import { useEffect, useRef, useState } from "react";

import { type Message, voiceWords } from "#systems/chat/contract.ts";

import { refreshMessage } from "./conversations.ts";
import { SoundPlayer } from "./sound-player.tsx";

/** Asked so often while the house makes it and somebody looks. */
const MAKING_MS = 2_000;

/** A voice note in a message. */
export default function MessageSound({ message, sound }: { message: Message; sound: NonNullable<Message["sound"]> }) {
  const making = sound.status === "processing";
  const asked = useRef(false);
  const [lost, setLost] = useState(false);
  useEffect(() => {
    if (!making) return;
    const timer = setInterval(() => {
      // Asked again at the next turn.
      if (document.visibilityState === "visible") refreshMessage(message.id).catch(() => {});
    }, MAKING_MS);
    return () => clearInterval(timer);
  }, [making, message.id]);
  if (sound.status === "failed")
    return <p className="mt-1 text-sm text-ink-3 italic">A voice note that the house could not read.</p>;
  if (sound.url === null || sound.duration_ms === null)
    return (
      <p role="status" className="mt-1 text-sm text-ink-3">
        A voice note, in the making
      </p>
    );
  const again = () => {
    // Addresses end: with a new one it plays again. Once, or a broken file would be asked for without end.
    if (asked.current) return setLost(true);
    asked.current = true;
    refreshMessage(message.id).catch(() => setLost(true));
  };
  return (
    <div className="mt-1">
      <SoundPlayer
        url={sound.url}
        duration_ms={sound.duration_ms}
        waveform={sound.waveform}
        label={voiceWords(sound.duration_ms)}
        lost={again}
      />
      {lost && (
        <p role="alert" className="text-xs text-bad">
          This voice note did not come. Open the chat again to try once more.
        </p>
      )}
    </div>
  );
}
