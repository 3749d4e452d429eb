import type { Json } from "#kernel/json.ts";
import type { Message } from "#systems/chat/contract.ts";

/**
 * A message with the sums that came over the line. Votes only grow while a poll is open, so of two the larger is the newer; hidden sums
 * are not told, so `null` says that they are to be asked for by who may see them. @returns the message itself where nothing is new
 */
export function withSums(message: Message, said: Json): Message | null {
  const { poll } = message;
  const told = said as { voters?: Json; votes?: Json } | null;
  if (!poll || told === null) return message;
  const { voters, votes } = told;
  if (typeof voters !== "number" || !Array.isArray(votes)) return poll.voters === null ? message : null;
  if (poll.voters === null || voters <= poll.voters || votes.length !== poll.options.length) return message;
  const options = poll.options.map((option, i) => ({ ...option, votes: Number(votes[i]) }));
  return { ...message, poll: { ...poll, voters, options } };
}
