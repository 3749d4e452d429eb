/** Socket.IO 4.8 on Node with its defaults, but for polling, which nobody here needs; one room. */
import { createServer } from "node:http";
import { createRequire } from "node:module";

import { messageAt, onCommands } from "./commands.mjs";

const { Server } = createRequire(new URL("../peers/package.json", import.meta.url))("socket.io");
const http = createServer();
const io = new Server(http, { transports: ["websocket"] });
io.on("connection", (socket) => socket.join("room"));
http.listen(0, "127.0.0.1", () => onCommands(http.address().port, (n) => io.to("room").emit("message", messageAt(n))));
