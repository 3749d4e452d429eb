export { type Poll, type PollAsked, zPoll, zPollAsked } from "#kernel/polls.ts";
