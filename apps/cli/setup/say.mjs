export const say = (line) => process.stderr.write(`folkhus: ${line}\n`);

/** `FOLKHUS_INSTALL=off` forbids everything that would be fetched or installed. */
export const mayInstall = () => (process.env.FOLKHUS_INSTALL ?? "on") !== "off";
