/** Bun's own publish: one topic, no numbers, nobody asked, nothing to come back to. */
import { messageAt, onCommands } from "./commands.ts";

const server = Bun.serve({
  port: 0,
  hostname: "0.0.0.0",
  fetch: (request, self) => (self.upgrade(request) ? undefined : new Response("no", { status: 400 })),
  websocket: {
    open(socket) {
      socket.subscribe("room");
      socket.send("ready");
    },
    message() {},
  },
});
onCommands(server.port!, (n) => void server.publish("room", JSON.stringify(["message", messageAt(n)])));
