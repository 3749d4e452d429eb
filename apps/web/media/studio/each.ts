/** So many calls at a time: a hundred films are a few seconds, and the house's limiter is not met. */
export const AT_ONCE_MAX = 3;

/** Does the same to many, and goes on where one refuses. @returns those it was done to, and the first refusal */
export async function forEach<T>(all: readonly T[], work: (one: T) => Promise<unknown>) {
  const queue = [...all];
  const done: T[] = [];
  let refusal: unknown = null;
  const worker = async () => {
    for (let one = queue.shift(); one !== undefined; one = queue.shift()) {
      try {
        await work(one);
        done.push(one);
      } catch (error) {
        refusal ??= error;
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE_MAX }, worker));
  return { done, refusal };
}
