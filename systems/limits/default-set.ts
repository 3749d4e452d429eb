import { type RuleSet, zRuleSet } from "./rules-contract.ts";

/** The rules of a house where nobody changed anything. A page load is about 10 requests, so these stop floods and not people. */
export const DEFAULT_RULE_SET: RuleSet = zRuleSet.parse({
  rules: [
    {
      id: "address",
      level: "address",
      summary: "Whoever comes without a good credential, by address.",
      limit: { kind: "bucket", burst_tokens: 3_000, tokens_per_s: 300 },
    },
    {
      id: "person",
      level: "person",
      summary: "All that one person does, by whatever credential.",
      limit: { kind: "bucket", burst_tokens: 1_500, tokens_per_s: 150 },
      tiers: {
        pro: { kind: "bucket", burst_tokens: 3_000, tokens_per_s: 300 },
        enterprise: { kind: "bucket", burst_tokens: 15_000, tokens_per_s: 1_500 },
      },
    },
    {
      id: "token",
      level: "token",
      summary: "One token of a person.",
      limit: { kind: "bucket", burst_tokens: 1_500, tokens_per_s: 150 },
      tiers: {
        pro: { kind: "bucket", burst_tokens: 3_000, tokens_per_s: 300 },
        enterprise: { kind: "bucket", burst_tokens: 15_000, tokens_per_s: 1_500 },
      },
    },
  ],
});
