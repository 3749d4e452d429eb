export const LIMIT_KEY_LENGTH_MAX = 256;
export const LIMIT_CLAIMS_MAX = 16;
export const LIMIT_BURST_TOKENS_MAX = 1_000_000_000;
