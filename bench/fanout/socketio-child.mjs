/** Socket.IO 4.8 on Node with its defaults, but for polling, which nobody here needs; who has no token is refused; one room. */
import { createServer } from "node:http";
import { createRequire } from "node:module";

import { messageAt, onCommands } from "./commands.mjs";

const { Server } = createRequire(new URL("../peers/package.json", import.meta.url))("socket.io");
const http = createServer();
const io = new Server(http, { transports: ["websocket"] });
io.use((socket, next) => {
  const person = /^t(\d+)$/.exec(socket.handshake.auth.token);
  if (!person) return next(new Error("no token"));
  socket.data.person_id = person[1];
  next();
});
io.on("connection", (socket) => socket.join("room"));
http.listen(0, "0.0.0.0", 4_096, () =>
  onCommands(http.address().port, (n) => io.to("room").emit("message", messageAt(n))),
);
