/** Loaded together, when the first message that carries one of them is seen. */
export { default as MessageFilm } from "./message-film.tsx";
export { default as MessageLink } from "./message-link.tsx";
export { default as MessagePoll } from "./message-poll.tsx";
export { default as MessageSound } from "./message-sound.tsx";
export { default as VoiceRecorder } from "./voice-recorder.tsx";
