/** Marks that may stand on one letter before something is put between them. The Stream-Safe Text Format of UAX #15 has the same number. */
export const MARKS_RUN_MAX = 30;
const LONG_RUN = /[\p{M}--[\u034f]]{30}(?=[\p{M}--[\u034f]])/gv;

/**
 * The text in which no more than `MARKS_RUN_MAX` marks follow each other: after so many an invisible joiner (U+034F) stands, as
 * UAX #15 has it. Normalising sorts the marks of a letter in time that grows with the square of their number: 10,000 of them
 * took 0.3 s. It is drawn the same, and a text that people write never has so many.
 */
export const streamSafe = (text: string): string => text.replace(LONG_RUN, "$&\u034f");
