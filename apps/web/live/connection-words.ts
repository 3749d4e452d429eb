import type { LineState } from "./line.ts";

/**
 * What stands above a conversation while the line is not open; null while all is well.
 * @param beside what waits too and does not go by the line
 */
export function connectionWords({ connection, unsent: by_line, tries }: LineState, beside = 0): string | null {
  const unsent = by_line + beside;
  const waiting =
    unsent === 0
      ? ""
      : unsent === 1
        ? " 1 message waits here and goes out then."
        : ` ${unsent} messages wait here and go out then.`;
  switch (connection) {
    case "open":
    case "stopped":
      return null;
    case "connecting":
    case "waiting":
      // The first try takes a moment, and nothing is worth saying yet.
      return tries < 2 && unsent === 0
        ? null
        : `Reconnecting.${waiting || " What others write comes when the line is back."}`;
    case "signed_out":
      return `You are signed out.${unsent === 0 ? " Sign in to go on." : ` Sign in, and ${unsent === 1 ? "the message that waits goes" : `the ${unsent} messages that wait go`} out.`}`;
    case "shut_out":
      return "This account may not use the line at present.";
  }
}
