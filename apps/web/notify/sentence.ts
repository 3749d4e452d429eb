export { didWords, othersWords } from "#systems/notify/words-contract.ts";
