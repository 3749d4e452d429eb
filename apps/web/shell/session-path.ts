/** Where to go after signing in: only ever a path of this house. */
export const safePath = (path: unknown): string =>
  typeof path === "string" && /^\/(?![/\\])/.test(path) && !/[\u0000-\u001f]/.test(path) ? path : "/";
