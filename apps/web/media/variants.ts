export interface Sized {
  url: string;
  width: number;
}

/** The smallest variant that is at least `width` wide, else the largest there is. */
export const bestVariant = <V extends Sized>(variants: readonly V[], width: number): V | undefined =>
  variants.find((variant) => variant.width >= width) ?? variants.at(-1);
