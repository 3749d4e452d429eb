import { type Shortcut, useShortcuts } from "../../shell/keyboard.ts";
import { prefer, preferences } from "../preferences.ts";
import { seekBy, seekTo, stepSpeed, stepVolume, toggleFull, toggleMute, togglePlay } from "./acts.ts";

const GROUP = "In the player";
const STEP_S = 10;
const ARROW_S = 5;
const VOLUME_STEP = 0.1;

export interface KeyNeeds {
  video: HTMLVideoElement | null;
  root: HTMLElement | null;
  /** Beside the page of the video only a few keys are the player's. */
  onPage: boolean;
  /** @returns whether there are any now */
  toggleCaptions: () => boolean;
  /** Says what a key did, as nothing else shows it. */
  said: (words: string) => void;
  toCorner: () => void;
  toPage: () => void;
  stop: () => void;
}

export function usePlayerKeys({ video, root, onPage, said, toggleCaptions, toCorner, toPage, stop }: KeyNeeds) {
  const key = (keys: string, label: string, run: (node: HTMLVideoElement) => void): Shortcut => ({
    keys,
    label,
    group: GROUP,
    run: () => {
      if (video) run(video);
    },
  });
  const percent = (volume: number) => said(`${Math.round(volume * 100)} %`);
  const here = () => [
    key(" ", "Play or pause", togglePlay),
    key("k", "Play or pause", togglePlay),
    key("j", "10 seconds back", (node) => seekBy(node, -STEP_S)),
    key("l", "10 seconds on", (node) => seekBy(node, STEP_S)),
    key("ArrowLeft", "5 seconds back", (node) => seekBy(node, -ARROW_S)),
    key("ArrowRight", "5 seconds on", (node) => seekBy(node, ARROW_S)),
    key("ArrowUp", "Louder", () => percent(stepVolume(VOLUME_STEP))),
    key("ArrowDown", "Softer", () => percent(stepVolume(-VOLUME_STEP))),
    key("m", "Sound on or off", (node) => {
      toggleMute(node);
      said(node.muted ? "Sound off" : "Sound on");
    }),
    key("c", "Captions", () => {
      said(toggleCaptions() ? "Captions on" : "Captions off");
    }),
    key("<", "Slower", () => said(`${stepSpeed(-1)}×`)),
    key(">", "Faster", () => said(`${stepSpeed(1)}×`)),
    key("f", "Full screen", (node) => root && void toggleFull(root, node).catch(() => {})),
    key("t", "Wide picture", () => prefer({ theatre: !preferences().theatre })),
    key("i", "Into the corner", toCorner),
    ...Array.from({ length: 10 }, (_none, tenth) =>
      key(String(tenth), `To ${tenth * 10} %`, (node) => seekTo(node, (node.duration || 0) * (tenth / 10))),
    ),
  ];
  useShortcuts(
    onPage ? here() : [key("i", "Back to the video", toPage), key("Escape", "Close the video in the corner", stop)],
  );
}
