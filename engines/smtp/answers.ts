import { Throttled, Transient } from "#kernel/errors.ts";
import { MailRefused, replyLine } from "#ports/mail/index.ts";

/** What nodemailer hangs on an error, as far as it is looked at. */
interface Failure {
  message: string;
  code?: string;
  command?: string;
  response?: string;
  responseCode?: number;
}

/**
 * What a failure means for the letter. Only a server that was asked for this recipient, or was handed this letter, can refuse
 * it for good (RFC 5321, 4.2.1: 5yz). Whatever comes before (the line, the seal, the sign-in, the sender) is between the
 * house and its server: its keepers mend it, and the letters wait.
 */
export function meaningOf(error: unknown): Error {
  const { message, code, command = "", response, responseCode = 0 } = error as Failure;
  const reply = response ?? message;
  // 503: commands in the wrong order, which a new connection mends. 521, 421: this server takes no mail at all now.
  const final = responseCode >= 500 && responseCode !== 503 && responseCode !== 521;
  if (final && command.startsWith("RCPT TO"))
    return new MailRefused(isOfAddress(responseCode, reply) ? "address" : "letter", reply);
  if (final && command.startsWith("DATA")) return new MailRefused("letter", reply);
  // Said without asking the server: it told its bound, or cannot take letters beyond ASCII.
  if (code === "EMESSAGE" && responseCode === 0) return new MailRefused("letter", reply);
  const place = WHERE[code ?? ""] ?? "The mail server failed";
  const words = `${place}: ${replyLine(reply)}`;
  // It is there and took the line; what it puts off is this letter (a grey list, a full mailbox), or all from this sender.
  const is_there = (code === "EENVELOPE" || code === "EMESSAGE") && responseCode !== 421 && responseCode !== 521;
  return is_there ? new Throttled(words) : new Transient(words);
}

const WHERE: Record<string, string> = {
  EAUTH: "The mail server does not let the house sign in",
  ENOAUTH: "The mail server wants the house to sign in",
  ETLS: "The line to the mail server cannot be sealed",
  EDNS: "The mail server's name is not known",
  ECONNECTION: "The mail server is away",
  ESOCKET: "The mail server is away",
  ETIMEDOUT: "The mail server is too slow",
  EABORT: "The mail server is too slow",
  EPROTOCOL: "The mail server does not speak SMTP",
  EENVELOPE: "The mail server put it off",
  EMESSAGE: "The mail server put it off",
};

/** RFC 3463: 5.1.x is the address (but for 7 and 8, the sender's), 5.2.1 a mailbox that is shut. 5.7.x is a policy. */
function isOfAddress(code: number, reply: string): boolean {
  const enhanced = /^5\d\d[ -]5\.(\d{1,3})\.(\d{1,3})\b/.exec(reply);
  if (enhanced) {
    const [, subject, detail] = enhanced;
    return (subject === "1" && detail !== "7" && detail !== "8") || (subject === "2" && detail === "1");
  }
  // Without it a server that will not pass on anything looks like one that does not know anybody.
  return (
    (code === 550 || code === 551 || code === 553 || code === 556) && !/relay|denied|block|spam|policy/i.test(reply)
  );
}
