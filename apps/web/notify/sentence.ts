export { didWords, othersWords } from "#systems/notify/contract.ts";
