/**
 * A text of a log as it may be shown: what a terminal obeys or what turns a line around is a mark. Whoever asks for a path has it
 * written in the log, and it must not write on the screen of who reads that.
 */
export const plain = (text: string): string =>
  text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\ufeff]/g, "�");
