export { messageAt, onCommands } from "./commands.mjs";
