/** A ref for the field in which somebody will write next: it takes the caret when it appears. */
export const focusHere = (node: HTMLElement | null): void => node?.focus({ preventScroll: true });
