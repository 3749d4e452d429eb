import { Link } from "@tanstack/react-router";
import { Check, Copy } from "lucide-react";
import { useState } from "react";

import { type Message, piecesOf } from "#systems/chat/contract.ts";
import { tokenize } from "#systems/feed/contract.ts";

import { shownLink } from "../feed/pieces.ts";
import { cx } from "../parts/class.ts";
import { sorry } from "../shell/toasts.ts";

const ONLY_EMOJI = /^(?:\p{RGI_Emoji}\s*){1,6}$/v;

/** A message's words: code, names, links and hashtags, cut by the same code as in the house. */
export function MessageBody({ message, me_handle }: { message: Message; me_handle: string }) {
  if (message.body === "") return null;
  const reached = new Set(message.mentions.map((one) => one.handle));
  const large = ONLY_EMOJI.test(message.body);
  return (
    <div dir="auto" className={cx("wrap-anywhere whitespace-pre-wrap", large ? "text-3xl" : "text-sm leading-6")}>
      {piecesOf(message.body).map((piece, at) => {
        switch (piece.kind) {
          case "block":
            return <CodeBlock key={at} code={piece.code} language={piece.language} />;
          case "code":
            return (
              <code key={at} className="rounded-md bg-sunken px-1.5 py-0.5 font-mono text-[0.85em]">
                {piece.code}
              </code>
            );
          case "mention":
            return reached.has(piece.handle) ? (
              <Link
                key={at}
                to="/@{$handle}"
                params={{ handle: piece.handle }}
                className={cx(
                  "-mx-0.5 rounded-md px-0.5 font-semibold",
                  piece.handle === me_handle ? "bg-warn-tint text-warn" : "bg-accent-tint text-accent-ink",
                )}
              >
                {piece.text}
              </Link>
            ) : (
              <span key={at}>{piece.text}</span>
            );
          case "mention_all":
            return message.mentions_all === null ? (
              <span key={at}>{piece.text}</span>
            ) : (
              <strong key={at} className="-mx-0.5 rounded-md bg-warn-tint px-0.5 font-semibold text-warn">
                {piece.text}
              </strong>
            );
          case "text":
            return <Words key={at} text={piece.text} />;
        }
      })}
    </div>
  );
}

function Words({ text }: { text: string }) {
  return tokenize(text).map((token, at) =>
    token.kind === "link" ? (
      <a
        key={at}
        href={token.url}
        target="_blank"
        rel="noreferrer nofollow ugc"
        className="text-accent-ink underline underline-offset-2"
      >
        {shownLink(token.url)}
      </a>
    ) : token.kind === "hashtag" ? (
      <Link key={at} to="/tags/$tag" params={{ tag: token.tag }} className="text-accent-ink">
        {token.text}
      </Link>
    ) : (
      <Stressed key={at} text={token.text} />
    ),
  );
}

const STRESS = /(\*\*[^*\n]+\*\*|~~[^~\n]+~~)/;

/** Two stars make words strong, two waves strike them out. */
function Stressed({ text }: { text: string }) {
  return text
    .split(STRESS)
    .map((part, at) =>
      at % 2 === 0 ? (
        part
      ) : part.startsWith("*") ? (
        <strong key={at}>{part.slice(2, -2)}</strong>
      ) : (
        <s key={at}>{part.slice(2, -2)}</s>
      ),
    );
}

function CodeBlock({ code, language }: { code: string; language: string }) {
  const [copied, setCopied] = useState(false);
  const copy = () => {
    navigator.clipboard.writeText(code).then(() => setCopied(true), sorry);
  };
  return (
    <div className="group/code relative my-1 max-w-full">
      <pre
        // A long line is scrolled to with the keys too.
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
        role="region"
        aria-label={language === "" ? "Code" : `Code in ${language}`}
        className="overflow-x-auto rounded-xl border border-line bg-sunken px-3.5 py-2.5 font-mono text-xs leading-5 whitespace-pre"
      >
        {code}
      </pre>
      <button
        type="button"
        onClick={copy}
        aria-label={copied ? "Copied" : "Copy the code"}
        className="absolute top-1.5 right-1.5 grid size-8 place-items-center rounded-lg bg-surface text-ink-3 opacity-0 group-focus-within/code:opacity-100 group-hover/code:opacity-100 hover:text-ink"
      >
        {copied ? <Check className="size-4" /> : <Copy className="size-4" />}
      </button>
    </div>
  );
}
