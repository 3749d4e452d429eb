/**
 * The line's frames are in PROTOCOL.md; it has no routes of HTTP. What the page and the server both rest on is here.
 */

/** Where the line is opened, as a WebSocket. */
export const LINE_PATH = "/v1/socket";
export const LINE_VERSION = 1;

/** By name, as every system has its routes. */
export const realtimeRoutes = {};
