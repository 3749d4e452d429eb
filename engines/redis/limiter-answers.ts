import { RedisAway } from "./script.ts";

/** 1 or 0, wait, the claim to show, what is left under it, ms until all is there, then for each claim what was borrowed. */
export type Numbers = number[];

/** Redis was emptied, or is another one, since its epoch was read. */
export class RedisForgot extends Error {
  override readonly name = "RedisForgot";
}

/** Numbers of an answer before what was borrowed. */
export const HEAD = 5;

/** A lie would let everybody through, or nobody. @throws RedisAway, RedisForgot */
export function believed(answer: unknown, decides: boolean, claims: number): Numbers {
  const numbers = numbersOf(answer);
  if (numbers.length < (decides ? HEAD : 1) || numbers[0]! > 1) throw wrong();
  if (decides && !(numbers[2]! >= 1 && numbers[2]! <= claims)) throw wrong();
  return numbers;
}

/** Of many requests, one after the other. @throws RedisAway, RedisForgot */
export function believedMany(answer: unknown, asked: { claims: unknown[]; more: unknown }[]): Numbers[] {
  const numbers = numbersOf(answer);
  const answers: Numbers[] = [];
  let from = 0;
  for (const { claims, more } of asked) {
    const to = from + HEAD + (more ? claims.length : 0);
    const allowed = numbers[from]!;
    const shown = numbers[from + 2]!;
    if (to > numbers.length || allowed > 1 || shown < 1 || shown > claims.length) throw wrong();
    answers.push(numbers.slice(from, to));
    from = to;
  }
  if (from !== numbers.length) throw wrong();
  return answers;
}

function numbersOf(answer: unknown): Numbers {
  if (!Array.isArray(answer)) throw new RedisAway("it answered what it was not asked");
  if (Number(answer[0]) === -1) throw new RedisForgot("it has forgotten what it held");
  for (let i = 0; i < answer.length; i++) {
    // Some clients give whole numbers as text.
    const n = Number(answer[i]);
    if (!Number.isSafeInteger(n) || n < 0) throw wrong();
    answer[i] = n;
  }
  return answer as Numbers;
}

const wrong = () => new RedisAway("it answered what cannot be");
