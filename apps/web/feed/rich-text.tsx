import { Link } from "@tanstack/react-router";
import { useMemo } from "react";

import { cx } from "../parts/class.ts";
import { piecesOf } from "./pieces.ts";

const LINK = "font-medium text-accent-ink underline-offset-3 hover:underline";

export function RichText({
  text,
  mentions,
  className,
}: {
  text: string;
  mentions: readonly { handle: string }[];
  className?: string;
}) {
  const pieces = useMemo(
    () => piecesOf(text, new Set(mentions.map((mention) => mention.handle.toLowerCase()))),
    [text, mentions],
  );
  return (
    <p dir="auto" className={cx("whitespace-pre-wrap", className)}>
      {pieces.map((piece, at) => {
        switch (piece.kind) {
          case "text":
            return piece.text;
          case "hashtag":
            return (
              <Link key={at} to="/tags/$tag" params={{ tag: piece.tag }} className={LINK}>
                {piece.text}
              </Link>
            );
          case "person":
            return (
              <Link key={at} to="/@{$handle}" params={{ handle: piece.handle }} className={LINK}>
                {piece.text}
              </Link>
            );
          case "link":
            return (
              <a
                key={at}
                href={piece.url}
                target="_blank"
                rel="noopener noreferrer nofollow ugc"
                title={piece.url}
                className={LINK}
              >
                {piece.text}
              </a>
            );
        }
      })}
    </p>
  );
}
